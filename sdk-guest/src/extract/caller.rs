//! `Caller`: who asks.

use super::FromRequest;
use crate::{CallerKind, Problem, Request, Result};

/// Who calls. The host has authenticated it and checked the route's `callers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What kind of principal.
    pub kind: CallerKind,
    /// The account's id; empty unless signed in.
    pub id: String,
    /// The account's address, when known.
    pub email: Option<String>,
    /// The account's role; empty unless signed in.
    pub role: String,
    /// The browser's session, also after sign-in.
    pub session: Option<String>,
}

impl Caller {
    /// The account's id.
    ///
    /// # Errors
    /// 401 when nobody is signed in.
    pub fn user(&self) -> Result<&str> {
        if self.id.is_empty() {
            Err(Problem::unauthorized())
        } else {
            Ok(&self.id)
        }
    }

    /// Whether this account has the role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.role == role
    }

    /// Whether this account runs the tenant.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    /// Whether this account sells.
    #[must_use]
    pub fn is_vendor(&self) -> bool {
        self.has_role("vendor")
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.kind == CallerKind::User
    }
}

impl FromRequest for Caller {
    fn from_request(request: &Request) -> Result<Self> {
        let caller = request.caller.clone();
        Ok(Self {
            kind: caller.kind,
            id: caller.id,
            email: caller.email,
            role: caller.role,
            session: caller.session,
        })
    }
}

/// Somebody with a basket: an account, or a browser's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shopper {
    account: Option<String>,
    session: Option<String>,
}

impl Shopper {
    /// Whoever another plugin says: an account, a browser's session, or both.
    #[must_use]
    pub const fn new(account: Option<String>, session: Option<String>) -> Self {
        Self { account, session }
    }

    /// A key of its own for documents: `u:<account>` or `s:<session>`.
    #[must_use]
    pub fn id(&self) -> String {
        match (&self.account, &self.session) {
            (Some(account), _) => format!("u:{account}"),
            (None, Some(session)) => format!("s:{session}"),
            (None, None) => String::new(),
        }
    }

    /// The account, if signed in.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The browser's session, also after sign-in: what was collected before belongs to the same person.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

impl FromRequest for Shopper {
    fn from_request(request: &Request) -> Result<Self> {
        let caller = &request.caller;
        let account = (!caller.id.is_empty()).then(|| caller.id.clone());
        if account.is_none() && caller.session.is_none() {
            return Err(Problem::unauthorized());
        }
        Ok(Self {
            account,
            session: caller.session.clone(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn an_account_is_who_it_is() {
        let request = Host::new()
            .request("any")
            .account("a1", "vendor")
            .session("s1")
            .build();
        let caller = Caller::from_request(&request).unwrap();
        assert_eq!(caller.user().unwrap(), "a1");
        assert!(caller.is_signed_in() && caller.is_vendor() && !caller.is_admin());
        assert_eq!(Shopper::from_request(&request).unwrap().id(), "u:a1");
    }

    #[test]
    fn a_session_shops_but_is_nobody() {
        let request = Host::new().request("any").session("s1").build();
        assert_eq!(
            Caller::from_request(&request)
                .unwrap()
                .user()
                .unwrap_err()
                .status,
            401
        );
        let shopper = Shopper::from_request(&request).unwrap();
        assert_eq!((shopper.id().as_str(), shopper.account()), ("s:s1", None));
    }

    #[test]
    fn nobody_does_not_shop() {
        let request = Host::new().request("any").build();
        assert!(!Caller::from_request(&request).unwrap().is_signed_in());
        assert_eq!(Shopper::from_request(&request).unwrap_err().status, 401);
    }
}
