//! Beginning a session, and what a client goes on with.

use stoa_kernel::call::Request;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{self, Credential};

use super::filters::equal;
use super::view::{self, SignedIn, User};
use super::{Accounts, tenant, token};
use crate::platform::{Unit, unavailable};
use crate::records::{Account, Bound, Session};
use crate::{news, people};

/// Sessions of one account: more than anybody has devices. The oldest makes room.
const SESSIONS_MAX: usize = 50;

/// Characters of a browser's name that are kept.
const USER_AGENT_CHARS_MAX: usize = 256;

/// How the access token is sent (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

/// Where a request comes from, for the list of sessions.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    pub(super) user_agent: Option<String>,
    pub(super) address: Option<String>,
}

impl Origin {
    /// Of a request.
    pub(super) fn of(request: &Request) -> Self {
        let mut headers = request.headers.iter();
        let user_agent = headers.find(|(name, _)| name == "user-agent");
        Self {
            user_agent: user_agent
                .map(|(_, value)| value.chars().take(USER_AGENT_CHARS_MAX).collect()),
            address: request.address.map(|address| address.to_string()),
        }
    }
}

impl Accounts {
    /// Signs an account in that has shown who it is, within the caller's unit of work: for sign-ins elsewhere.
    ///
    /// # Errors
    /// 401 for an account that is gone or suspended.
    pub async fn sign_in(
        &self,
        unit: &Unit,
        account: &str,
        request: &Request,
    ) -> Result<SignedIn, Problem> {
        let record: Option<Account> = unit.get(account).await?;
        let record = record
            .filter(|record| !record.suspended)
            .ok_or_else(refused)?;
        enter(self, unit, account, record, None, &Origin::of(request)).await
    }
}

/// Begins a session where the sign-in leads to, and remembers that as the account's home.
pub(super) async fn enter(
    service: &Accounts,
    unit: &Unit,
    id: &str,
    mut account: Account,
    wanted: Option<&str>,
    origin: &Origin,
) -> Result<SignedIn, Problem> {
    let tenant = tenant::of_sign_in(service, unit, id, &account, wanted).await?;
    let default = &service.config.default_tenant;
    match &tenant {
        Some(tenant) if account.home.as_ref() != Some(tenant) => {
            people::move_out(unit, default, id, &mut account, tenant).await?;
            unit.put(id, &account).await.map_err(unavailable)?;
        }
        None if account.home.is_some() && account.appointed.is_none() => {
            people::stay(unit, default, id, &mut account).await?;
            unit.put(id, &account).await.map_err(unavailable)?;
        }
        _ => {}
    }
    let works = tenant.as_ref().unwrap_or(default);
    news::logged_in(&service.platform, unit, works, id, &account)?;
    begin(service, unit, id, &account, tenant, origin).await
}

/// Begins a session.
pub(super) async fn begin(
    service: &Accounts,
    unit: &Unit,
    id: &str,
    account: &Account,
    tenant: Option<TenantId>,
    origin: &Origin,
) -> Result<SignedIn, Problem> {
    make_room(unit, id).await?;
    let (platform, now) = (&service.platform, service.platform.now());
    let family = token::fresh(platform.random());
    let refresh = next_token(service, &family);
    let user = view::user(service, unit, id, account, tenant.as_ref()).await?;
    let session = Session {
        account: id.to_owned(),
        tenant,
        epoch: account.epoch,
        family: token::stored(&family),
        token: token::stored(&refresh),
        before: None,
        user_agent: origin.user_agent.clone(),
        address: origin.address.clone(),
        created_at: now,
        used_at: now,
        ends_at: ends_at(service, now, now),
    };
    let session_id = platform.fresh_id();
    let created = unit.create(&session_id, &session).await;
    created.map_err(unavailable)?;
    issue(service, user, &session_id, Some(refresh))
}

/// A refresh token of a family: its name, a dot, and 256 bits.
pub(super) fn next_token(service: &Accounts, family: &str) -> String {
    format!("{family}.{}", token::fresh(service.platform.random()))
}

/// When a session ends that began then and is refreshed now.
pub(super) fn ends_at(service: &Accounts, created_at: Millis, now: Millis) -> Millis {
    let lifetimes = service.config.sessions;
    let at_last = created_at.saturating_add(lifetimes.absolute_ms);
    now.saturating_add(lifetimes.idle_ms).min(at_last)
}

/// The answer with a fresh access token of a session.
pub(super) fn issue(
    service: &Accounts,
    user: User,
    session: &str,
    refresh_token: Option<String>,
) -> Result<SignedIn, Problem> {
    let organization = user.organization.clone();
    let tenant = organization
        .as_ref()
        .and_then(|organization| TenantId::parse(&organization.id).ok());
    let account = identity::Account {
        id: user.id.clone(),
        email: user.email.clone(),
        role: user.role,
        tenant,
        operator: false,
        credential: Credential::Session(session.into()),
    };
    let issued = service.tokens.issue(&account);
    let (token, expires_in) = issued.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(SignedIn {
        user,
        organization,
        access_token: token.clone(),
        token,
        refresh_token,
        token_type: TOKEN_TYPE,
        expires_in,
    })
}

/// 401 for whatever is wrong with a sign-in: which part it was is nobody's business.
pub(super) fn refused() -> Problem {
    Problem::new(
        401,
        "invalid-credentials",
        "Address and password or code do not belong together.",
    )
}

/// Makes room for one more session.
async fn make_room(unit: &Unit, account: &str) -> Result<(), Problem> {
    let known: Option<Bound> = unit.get(account).await?;
    let sessions = match known.map(|known| known.sessions_at_most) {
        Some(at_most) if at_most < SESSIONS_MAX => at_most,
        _ => end_the_oldest(unit, account).await?,
    };
    let bound = Bound {
        sessions_at_most: sessions + 1,
    };
    unit.put(account, &bound).await.map_err(unavailable)
}

/// Ends the oldest sessions until one more fits, and answers how many are left.
async fn end_the_oldest(unit: &Unit, account: &str) -> Result<usize, Problem> {
    let mut sessions = of(unit, account).await?;
    // Ids are ULIDs: the oldest come first.
    sessions.sort();
    let surplus = (sessions.len() + 1).saturating_sub(SESSIONS_MAX);
    for session in sessions.drain(..surplus) {
        unit.delete::<Session>(&session).await?;
    }
    Ok(sessions.len())
}

/// The ids of an account's sessions.
pub(super) async fn of(unit: &Unit, account: &str) -> Result<Vec<String>, Problem> {
    let sessions = unit.all::<Session>(equal(&[("account", account)])?).await?;
    Ok(sessions.into_iter().map(|session| session.id).collect())
}

/// Ends all sessions of an account but `kept`, those included that begin at this moment: the account's new
/// epoch, which the caller writes, is none of theirs.
pub(super) async fn end_all(
    unit: &Unit,
    id: &str,
    account: &mut Account,
    kept: Option<&str>,
) -> Result<(), Problem> {
    account.epoch = account.epoch.wrapping_add(1);
    for session in of(unit, id).await? {
        if Some(session.as_str()) != kept {
            unit.delete::<Session>(&session).await?;
        }
    }
    if let Some(kept) = kept
        && let Some(mut session) = unit.get::<Session>(kept).await?
    {
        session.epoch = account.epoch;
        unit.put(kept, &session).await.map_err(unavailable)?;
    }
    Ok(())
}
