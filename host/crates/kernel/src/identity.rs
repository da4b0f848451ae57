//! Who calls, after authentication.

use crate::id::TenantId;
pub use stoa_wit::{Caller, Role};

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
    /// Whether this principal is one of `callers`.
    ///
    /// # Errors
    /// [`Denied`], saying whether signing in could help.
    pub fn may_call<'a>(
        &self,
        callers: impl IntoIterator<Item = &'a Caller> + Clone,
    ) -> Result<(), Denied> {
        let admitted = callers
            .into_iter()
            .any(|caller| match (&self.account, caller) {
                (_, Caller::Public) => true,
                (Some(account), caller) => caller.admits(account.role),
                (None, Caller::Session) => self.session.is_some(),
                (None, _) => false,
            });
        match (admitted, &self.account) {
            (true, _) => Ok(()),
            (false, None) => Err(Denied::Unauthenticated),
            (false, Some(_)) => Err(Denied::Forbidden),
        }
    }
}

/// Reads and issues access tokens.
pub trait Tokens: Send + Sync + 'static {
    /// The account that a bearer token speaks for.
    ///
    /// # Errors
    /// [`InvalidToken`] for anything but a token that this host issued and that is still good.
    fn verify(&self, token: &str) -> Result<Account, InvalidToken>;

    /// A token for an account, and the seconds it lives.
    ///
    /// # Errors
    /// [`InvalidToken`] when the key can't sign.
    fn issue(&self, account: &Account) -> Result<(String, u32), InvalidToken>;
}

/// The token is not good; why is for the log only.
#[derive(Debug, thiserror::Error)]
#[error("invalid token: {0}")]
pub struct InvalidToken(pub String);
