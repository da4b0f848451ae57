//! Who calls, after authentication.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use crate::id::TenantId;
use crate::store::StoreError;
pub use stoa_wit::{Caller, Role};
use stoa_wit::{Method, Route};

/// A signed-in account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id, at most 128 bytes.
    pub id: String,
    /// Its address, when known.
    pub email: Option<String>,
    /// Its role in the request's tenant.
    pub role: Role,
    /// The organisation that the token names.
    pub tenant: Option<TenantId>,
    /// Whether it runs the platform. Operators stand outside of organisations; their role says nothing of it.
    pub operator: bool,
    /// What speaks for it.
    pub credential: Credential,
}

/// What speaks for an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credential {
    /// A token that no session stands behind: issued for development.
    #[default]
    Development,
    /// An access token of this session.
    Session(Arc<str>),
    /// A machine's key, good for its scopes alone.
    Key {
        /// The key's id.
        id: Arc<str>,
        /// What it is good for.
        scopes: Arc<Scopes>,
    },
}

/// What an API key is good for: words such as `catalog:read`, `cart:write`, `*:read`, of a plugin or service
/// and what may be done with it. `write` covers `read`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

/// The text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `<plugin>:read` or `<plugin>:write`, with `*` for every plugin")]
pub struct InvalidScope;

impl Scopes {
    /// Checks words.
    ///
    /// # Errors
    /// [`InvalidScope`] when one of them is none.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidScope> {
        let is_scope = |word: &&str| {
            word.split_once(':').is_some_and(|(plugin, access)| {
                let is_name = plugin == "*" || stoa_wit::is_plugin_name(plugin);
                is_name && matches!(access, "read" | "write")
            })
        };
        let checked = words.into_iter().map(|word| {
            Some(word)
                .filter(is_scope)
                .map(str::to_owned)
                .ok_or(InvalidScope)
        });
        checked.collect::<Result<_, _>>().map(Self)
    }

    /// The words, sorted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a route of `plugin` may be called; `reads` says that it only reads.
    #[must_use]
    pub fn admit(&self, plugin: &str, reads: bool) -> bool {
        let accesses: &[&str] = if reads {
            &["read", "write"]
        } else {
            &["write"]
        };
        [plugin, "*"].iter().any(|name| {
            accesses
                .iter()
                .any(|access| self.0.contains(&format!("{name}:{access}")))
        })
    }
}

/// Who stands behind a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// The account, when signed in.
    pub account: Option<Account>,
    /// The browser's session, when it sent one or the host issued one.
    pub session: Option<String>,
}

/// Why a principal may not call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Nobody is signed in, and somebody has to be.
    Unauthenticated,
    /// Signed in, but not as one of those who may.
    Forbidden,
}

impl Principal {
    /// Whether this principal may call a route of `plugin`: its role is one of the route's callers, and an
    /// API key's scopes cover the plugin.
    ///
    /// # Errors
    /// [`Denied`], saying whether signing in could help.
    pub fn may_call(&self, plugin: &str, route: &Route) -> Result<(), Denied> {
        let is_admitted = |caller: &Caller| match (&self.account, caller) {
            (_, Caller::Public) => true,
            (Some(account), Caller::Operator) => account.operator,
            (Some(account), caller) => caller.admits(account.role),
            (None, Caller::Session) => self.session.is_some(),
            (None, _) => false,
        };
        match &self.account {
            None if route.callers.iter().any(is_admitted) => Ok(()),
            None => Err(Denied::Unauthenticated),
            Some(account) => {
                let reads = route.method == Method::Get;
                let covered = match &account.credential {
                    Credential::Key { scopes, .. } => scopes.admit(plugin, reads),
                    Credential::Development | Credential::Session(_) => true,
                };
                if covered && route.callers.iter().any(is_admitted) {
                    Ok(())
                } else {
                    Err(Denied::Forbidden)
                }
            }
        }
    }
}

/// Finds out who calls.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The account that a bearer credential (an access token or an API key) speaks for at this moment:
    /// a session that ended, a role that changed, a membership that was taken count at once.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    async fn authenticate(&self, bearer: &str) -> Result<Account, AuthenticationError>;

    /// As [`Authenticator::authenticate`], but an access token may have expired as long as its session goes on: for
    /// [`stoa_wit::Bearer::Lapsed`] alone.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    async fn authenticate_lapsed(&self, bearer: &str) -> Result<Account, AuthenticationError>;

    /// The account of an earlier answer as it is at this moment, as long as what spoke for it (a session, a key) still
    /// does: for connections that outlive their access token.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    async fn renew(&self, account: &Account) -> Result<Account, AuthenticationError>;

    /// A ticket that speaks for the account once, for clients that can send no header, and the seconds it is good for.
    ///
    /// # Errors
    /// When the store can't keep it.
    async fn issue_ticket(&self, account: &Account) -> Result<(String, u32), StoreError>;

    /// The account that a ticket speaks for at this moment. Of several who present it one succeeds.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    async fn redeem_ticket(&self, ticket: &str) -> Result<Account, AuthenticationError>;

    /// An access token without a session, and the seconds it lives: for development and demo data.
    ///
    /// # Errors
    /// [`InvalidToken`] when the key can't sign.
    fn issue_development(&self, account: &Account) -> Result<(String, u32), InvalidToken>;

    /// Whether an organisation has this tenant id: strangers may name no other.
    ///
    /// # Errors
    /// When the store can't tell.
    async fn has_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError>;
}

/// Why nobody was found.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The credential is not good.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// Whether it is good can't be found out.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// The credential is not good; why is for the log only.
#[derive(Debug, thiserror::Error)]
#[error("invalid token: {0}")]
pub struct InvalidToken(pub String);
