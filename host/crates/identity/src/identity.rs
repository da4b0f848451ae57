//! Who calls at this moment: a good signature is where it begins, and what the store says now is what counts.

mod keys;
mod tickets;

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{
    Account, AuthenticationError, Authenticator, Credential, InvalidToken, Role,
};
use stoa_kernel::store::{Basis, StoreError};

use crate::accounts::apikey;
use crate::platform::{Platform, Unit};
use crate::records::{self, Membership, Organization, Session};
use crate::tokens::JwtTokens;

/// Sessions whose callers are remembered together with what that rests on, some 500 bytes each: reading session,
/// account and membership anew would cost each request several times what asking does whether they have changed.
const REMEMBERED_MAX: usize = 4_096;

/// Keys whose last use this host has noted within the hour.
const NOTED_MAX: usize = 1_024;

/// What the operator says.
#[derive(Debug, Clone)]
pub struct IdentityConfig {
    /// Where accounts are that work in no organisation.
    pub default_tenant: TenantId,
    /// Whether tokens are good that no session stands behind. Never where strangers call.
    pub development_tokens: bool,
}

/// Finds out who calls.
pub struct Identity {
    platform: Platform,
    tokens: Arc<JwtTokens>,
    config: IdentityConfig,
    remembered: Cache<Arc<str>, Arc<Remembered>>,
    noted: Arc<Cache<Box<str>, Millis>>,
}

/// Who a session's token speaks for, as long as nothing has changed.
struct Remembered {
    account: Account,
    basis: Arc<dyn Basis>,
}

impl Identity {
    /// Over the platform's database.
    #[must_use]
    pub fn new(platform: Platform, tokens: Arc<JwtTokens>, config: IdentityConfig) -> Self {
        Self {
            platform,
            tokens,
            config,
            remembered: Cache::new(REMEMBERED_MAX),
            noted: Arc::new(Cache::new(NOTED_MAX)),
        }
    }

    async fn speaks_for(
        &self,
        bearer: &str,
        verify: fn(&JwtTokens, &str) -> Result<Account, InvalidToken>,
    ) -> Result<Account, AuthenticationError> {
        if bearer.starts_with(apikey::PREFIX) {
            return self.by_key(bearer).await;
        }
        let token = verify(&self.tokens, bearer)?;
        match &token.credential {
            Credential::Session(session) => {
                let session = Arc::clone(session);
                self.by_session(&token.id, &session).await
            }
            Credential::Development if self.config.development_tokens => Ok(token),
            Credential::Development | Credential::Key { .. } => {
                Err(refused("no session stands behind it"))
            }
        }
    }

    async fn by_session(&self, of: &str, id: &Arc<str>) -> Result<Account, AuthenticationError> {
        if let Some(known) = self.remembered.get(id)
            && known.account.id == of
            && known.basis.holds()
        {
            return Ok(known.account.clone());
        }
        let unit = self.platform.unit().await?;
        let session: Option<Session> = read(&unit, id).await?;
        let session = session
            .filter(|session| session.account == of && session.ends_at > self.platform.now())
            .ok_or_else(|| refused("its session has ended"))?;
        let account = self.account(&unit, &session.account).await?;
        if session.epoch != account.epoch {
            return Err(refused("its session was ended with all others"));
        }
        let (tenant, role) = self
            .place(&unit, &session.account, session.tenant.as_ref())
            .await?;
        let account = Account {
            id: of.to_owned(),
            email: Some(account.email),
            role,
            tenant: Some(tenant),
            operator: account.operator,
            credential: Credential::Session(Arc::clone(id)),
        };
        if let Some(basis) = unit.basis() {
            let account = account.clone();
            let remembered = Remembered { account, basis };
            self.remembered.insert(Arc::clone(id), Arc::new(remembered));
        }
        Ok(account)
    }

    /// The account, if anything may speak for it.
    async fn account(
        &self,
        unit: &Unit,
        id: &str,
    ) -> Result<records::Account, AuthenticationError> {
        let account: Option<records::Account> = read(unit, id).await?;
        account
            .filter(|account| !account.suspended)
            .ok_or_else(|| refused("its account is gone or suspended"))
    }

    async fn place(
        &self,
        unit: &Unit,
        account: &str,
        tenant: Option<&TenantId>,
    ) -> Result<(TenantId, Role), AuthenticationError> {
        let tenant = tenant.unwrap_or(&self.config.default_tenant);
        let role = role_in(unit, tenant, account, &self.config.default_tenant).await;
        let role = role.map_err(unavailable)?;
        let role = role.ok_or_else(|| refused("the membership is gone or suspended"))?;
        Ok((tenant.clone(), role))
    }
}

#[async_trait]
impl Authenticator for Identity {
    async fn authenticate(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        self.speaks_for(bearer, JwtTokens::verify).await
    }

    async fn authenticate_lapsed(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        self.speaks_for(bearer, JwtTokens::verify_lapsed).await
    }

    async fn renew(&self, account: &Account) -> Result<Account, AuthenticationError> {
        self.of_bearer(tickets::bearer(account)).await
    }

    async fn issue_ticket(&self, account: &Account) -> Result<(String, u32), StoreError> {
        self.keep_ticket(account).await
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Account, AuthenticationError> {
        self.take_ticket(ticket).await
    }

    fn issue_development(&self, account: &Account) -> Result<(String, u32), InvalidToken> {
        self.tokens.issue(account)
    }

    async fn has_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let unit = self.platform.unit().await?;
        let organization: Result<Option<Organization>, _> = unit.get(tenant.as_str()).await;
        let organization = organization.map_err(|problem| unreadable(&problem))?;
        Ok(organization.is_some())
    }
}

/// What an account is in a tenant; none when it has no place there, or is suspended there. In the default tenant everybody is a user
/// at least: who signs up without an organisation is nowhere else.
///
/// # Errors
/// When the store can't tell.
pub(crate) async fn role_in(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    default: &TenantId,
) -> Result<Option<Role>, Problem> {
    let membership: Option<Membership> = unit.get(&Membership::id(tenant, account)).await?;
    let everybody = (tenant == default).then_some(Role::User);
    match membership {
        Some(membership) if membership.suspended => Ok(None),
        Some(membership) => Ok(Some(membership.role)),
        None => Ok(everybody),
    }
}

async fn read<R: records::Record>(unit: &Unit, id: &str) -> Result<Option<R>, AuthenticationError> {
    unit.get(id).await.map_err(unavailable)
}

fn refused(why: &str) -> AuthenticationError {
    AuthenticationError::Invalid(InvalidToken(why.to_owned()))
}

fn unavailable(problem: Problem) -> AuthenticationError {
    AuthenticationError::Unavailable(unreadable(&problem))
}

/// What of a problem matters to whoever asked the store.
pub(crate) fn unreadable(problem: &Problem) -> StoreError {
    let reason = problem.internal.as_ref().unwrap_or(&problem.detail);
    StoreError::Unavailable(reason.clone())
}
