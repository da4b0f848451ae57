//! Which account here belongs to somebody who signed in elsewhere.

use stoa_kernel::error::Problem;

use super::provider::ExternalIdentity;
use crate::platform::Stored;
use crate::records::{Account, External};

/// What becomes of a sign-in elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// They have signed in to this account before.
    SignIn(String),
    /// The account has the same address, and both sides know that it is theirs: join the two.
    Join(String),
    /// Nobody here has that address: make an account.
    Create,
    /// An account has the same address, and nobody knows whether it is the same person's.
    RefuseLink,
    /// There is no address, or it may be somebody else's: an account with it would be taken from its owner.
    RefuseAddress,
}

/// Decides by issuer and subject. An address leads to an account only where both sides have verified it:
/// elsewhere, whoever got hold of the address, or registered it first, would get hold of the account.
#[must_use]
pub fn decide(
    external: Option<&External>,
    same_address: Option<&Stored<Account>>,
    identity: &ExternalIdentity,
) -> Link {
    match (external, same_address) {
        (Some(external), _) => Link::SignIn(external.account.clone()),
        (None, Some(account)) if identity.email_verified && account.record.verified => {
            Link::Join(account.id.clone())
        }
        (None, Some(_)) => Link::RefuseLink,
        (None, None) if identity.email_verified && identity.email.is_some() => Link::Create,
        (None, None) => Link::RefuseAddress,
    }
}

/// What somebody is told whose sign-in was refused by [`Link::RefuseLink`].
pub(super) fn not_linked() -> Problem {
    Problem::new(
        409,
        "sign-in-not-linked",
        "There is an account with this address. Sign in to it with its password and verify the address first.",
    )
}

/// What somebody is told whose sign-in was refused by [`Link::RefuseAddress`].
pub(super) fn no_address() -> Problem {
    Problem::new(
        409,
        "address-not-verified",
        "The provider tells no address that it has verified. Verify it there first, or register here.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(email: Option<&str>, email_verified: bool) -> ExternalIdentity {
        ExternalIdentity {
            issuer: "https://provider.example".into(),
            subject: "1".into(),
            email: email.map(str::to_owned),
            email_verified,
            name: None,
            return_to: None,
        }
    }

    fn account(verified: bool) -> Stored<Account> {
        Stored {
            id: "of-address".into(),
            record: Account {
                verified,
                ..Account::new("ada@example.com", "Ada", 0)
            },
        }
    }

    fn external() -> External {
        External {
            issuer: "https://provider.example".into(),
            subject: "1".into(),
            account: "of-subject".into(),
            created_at: 0,
        }
    }

    #[test]
    fn who_was_here_before_is_found_by_subject_whatever_the_address_says() {
        for same_address in [None, Some(account(true)), Some(account(false))] {
            for (email, verified) in [(None, false), (Some("ada@example.com"), true)] {
                let identity = identity(email, verified);
                let link = decide(Some(&external()), same_address.as_ref(), &identity);
                assert_eq!(link, Link::SignIn("of-subject".into()));
            }
        }
    }

    #[test]
    fn an_address_joins_only_where_both_sides_have_verified_it() {
        for (there, here, expected) in [
            (true, true, Link::Join("of-address".into())),
            (true, false, Link::RefuseLink),
            (false, true, Link::RefuseLink),
            (false, false, Link::RefuseLink),
        ] {
            let identity = identity(Some("ada@example.com"), there);
            let link = decide(None, Some(&account(here)), &identity);
            assert_eq!(link, expected, "{there} {here}");
        }
    }

    #[test]
    fn an_account_is_made_only_for_an_address_that_is_theirs() {
        for (email, verified, expected) in [
            (Some("ada@example.com"), true, Link::Create),
            (Some("ada@example.com"), false, Link::RefuseAddress),
            (None, true, Link::RefuseAddress),
        ] {
            assert_eq!(decide(None, None, &identity(email, verified)), expected);
        }
    }
}
