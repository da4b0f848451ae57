//! Somebody new: what they may be called, and how they become an account.

use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;

use super::address::address;
use super::{Accounts, lookup};
use crate::news;
use crate::passwords;
use crate::platform::{Unit, unavailable};
use crate::records::Account;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 100;

/// A name as a whole, and which part of it is the family's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) whole: String,
    pub(crate) last: Option<String>,
}

/// The ways in which a request may tell a name.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Told<'r> {
    pub(crate) name: Option<&'r str>,
    pub(crate) first: Option<&'r str>,
    pub(crate) last: Option<&'r str>,
}

impl Told<'_> {
    /// The name that was told; none if nothing was.
    pub(crate) fn name(self) -> Result<Option<Name>, Problem> {
        let last = self.last.map(|last| part("lastName", last)).transpose()?;
        let first = self
            .first
            .map(|first| part("firstName", first))
            .transpose()?;
        let name = self.name.map(|name| part("name", name)).transpose()?;
        Ok(match (name, first, last) {
            (Some(whole), _, last) => {
                let last = last.filter(|last| whole.ends_with(last.as_str()));
                Some(Name { whole, last })
            }
            (None, Some(first), Some(last)) => Some(Name {
                whole: format!("{first} {last}"),
                last: Some(last),
            }),
            (None, Some(first), None) => Some(Name {
                whole: first,
                last: None,
            }),
            (None, None, Some(_)) => {
                return Err(Problem::invalid("firstName", "Give the first name, too."));
            }
            (None, None, None) => None,
        })
    }

    /// The same where a name is needed.
    pub(crate) fn needed(self) -> Result<Name, Problem> {
        let missing = || Problem::invalid("name", "Give a name, or firstName and lastName.");
        self.name()?.ok_or_else(missing)
    }
}

fn part(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let detail = format!("A name has 1 to {NAME_CHARS_MAX} characters.");
    Err(Problem::invalid(field, detail))
}

/// First and last name of an account; the last word is the family's where they did not say.
pub(crate) fn parts(account: &Account) -> (String, String) {
    let told = account.last_name.as_deref();
    let told = told.and_then(|last| Some((account.name.strip_suffix(last)?.trim_end(), last)));
    let (first, last) = told
        .or_else(|| account.name.rsplit_once(' '))
        .unwrap_or((&account.name, ""));
    (first.trim_end().to_owned(), last.to_owned())
}

/// Somebody who signs up.
pub(crate) struct Newcomer {
    pub(crate) email: String,
    pub(crate) name: Name,
}

impl Newcomer {
    /// With a name and a password that can be; the address is checked already.
    pub(crate) fn checked(email: String, name: &str, password: &str) -> Result<Self, Problem> {
        let told = Told {
            name: Some(name),
            ..Told::default()
        };
        Self::new(email, told.needed()?, password)
    }

    /// With this name and a password that can be; the address is checked already.
    pub(crate) fn new(email: String, name: Name, password: &str) -> Result<Self, Problem> {
        passwords::check("password", password, &email)?;
        Ok(Self { email, name })
    }

    /// With an address that can be, too.
    pub(crate) fn read(email: &str, name: Name, password: &str) -> Result<Self, Problem> {
        Self::new(address(email)?, name, password)
    }

    /// Makes the account, tells the plugins of `tenant`, where it begins, and answers its id.
    ///
    /// # Errors
    /// 409 `email-taken`.
    pub(crate) async fn join(
        &self,
        service: &Accounts,
        unit: &Unit,
        tenant: &TenantId,
        password: Option<String>,
    ) -> Result<String, Problem> {
        let (id, account) = self.make(service, unit, password).await?;
        news::registered(&service.platform, unit, tenant, &id, &account)?;
        Ok(id)
    }

    /// Makes the account and tells nobody yet.
    ///
    /// # Errors
    /// 409 `email-taken`.
    pub(crate) async fn make(
        &self,
        service: &Accounts,
        unit: &Unit,
        password: Option<String>,
    ) -> Result<(String, Account), Problem> {
        if lookup::by_email(unit, &self.email).await?.is_some() {
            return Err(taken());
        }
        let platform = &service.platform;
        let account = Account {
            last_name: self.name.last.clone(),
            password,
            ..Account::new(&*self.email, &*self.name.whole, platform.now())
        };
        let id = platform.fresh_id();
        match unit.create(&id, &account).await {
            Ok(()) => Ok((id, account)),
            Err(stoa_kernel::store::StoreError::NotUnique(_)) => Err(taken()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// The problem of an address that is taken. Signing up with a password answers tokens, so it can't hide that;
/// signing up by code hides it.
pub(crate) fn taken() -> Problem {
    Problem::new(
        409,
        "email-taken",
        "There is an account with this address: sign in.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn told<'t>(
        name: Option<&'t str>,
        first: Option<&'t str>,
        last: Option<&'t str>,
    ) -> Result<Option<Name>, Problem> {
        Told { name, first, last }.name()
    }

    #[test]
    fn a_name_is_told_as_a_whole_or_in_parts_and_comes_back_in_both() {
        for (told, whole, first, last) in [
            (
                told(Some(" Ada Lovelace "), None, None),
                "Ada Lovelace",
                "Ada",
                "Lovelace",
            ),
            (
                told(None, Some("Ludwig"), Some("van Beethoven")),
                "Ludwig van Beethoven",
                "Ludwig",
                "van Beethoven",
            ),
            (told(None, Some("Cher"), None), "Cher", "Cher", ""),
            (
                told(Some("Mary Ann Smith"), None, None),
                "Mary Ann Smith",
                "Mary Ann",
                "Smith",
            ),
        ] {
            let name = told.unwrap().unwrap();
            let account = Account {
                last_name: name.last,
                ..Account::new("a@b.example", name.whole, 0)
            };
            assert_eq!(account.name, whole);
            assert_eq!(parts(&account), (first.to_owned(), last.to_owned()));
        }
        assert_eq!(told(None, None, None).unwrap(), None);
    }

    #[test]
    fn what_is_no_name_is_refused_by_its_member() {
        let long = "x".repeat(101);
        for (refused, field) in [
            (told(Some(" "), None, None), "name"),
            (told(Some(&long), None, None), "name"),
            (told(None, Some("a\nb"), None), "firstName"),
            (told(None, Some("Ada"), Some("")), "lastName"),
            (told(None, None, Some("Lovelace")), "firstName"),
        ] {
            assert_eq!(refused.unwrap_err().field.as_deref(), Some(field));
        }
        assert_eq!(
            Told::default().needed().unwrap_err().field.as_deref(),
            Some("name")
        );
    }
}
