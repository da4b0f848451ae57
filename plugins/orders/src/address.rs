//! Where an order goes, and who pays.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::{country, text};

/// Characters of a name or of a line of an address: what fits on a label.
const LINE_CHARS_MAX: usize = 200;
/// Characters of a postal code.
const POSTAL_CODE_CHARS_MAX: usize = 16;
/// Characters of a telephone number with everything that people put between the digits.
const PHONE_CHARS_MAX: usize = 32;
/// Bytes of an e-mail address (RFC 5321, 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;

/// An address. Other shops' names of its members are taken, too: `address` or `street` for `line1`, `zip` for
/// `postalCode`, `state` for `region`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Who lives there; or `firstName` and `lastName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Street and house.
    #[serde(alias = "address", alias = "street", alias = "addressLine1")]
    pub line1: String,
    #[serde(
        default,
        alias = "addressLine2",
        skip_serializing_if = "Option::is_none"
    )]
    pub line2: Option<String>,
    pub city: String,
    #[serde(default, alias = "state", skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Absent where there are none.
    #[serde(
        default,
        alias = "zip",
        alias = "zipCode",
        skip_serializing_if = "Option::is_none"
    )]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

impl Address {
    /// The checked address; `field` is the member that it came in.
    pub fn checked(&self, field: &str) -> Result<Self> {
        let at = |member: &str| format!("{field}.{member}");
        let optional = |member: &str, value: &Option<String>, chars_max| {
            text::optional_line(&at(member), value.as_deref(), chars_max)
        };
        let (first, last) = (
            optional("firstName", &self.first_name, LINE_CHARS_MAX)?,
            optional("lastName", &self.last_name, LINE_CHARS_MAX)?,
        );
        let parts: Vec<&str> = first.iter().chain(&last).map(String::as_str).collect();
        let joined = Some(parts.join(" ")).filter(|name| !name.is_empty());
        let name = optional("name", &self.name, LINE_CHARS_MAX)?.or(joined);
        let Some(name) = name else {
            return Err(Problem::invalid(at("name"), "An address has a name."));
        };
        Ok(Self {
            name: Some(name),
            first_name: first,
            last_name: last,
            email: email(&at("email"), self.email.as_deref())?,
            phone: phone(&at("phone"), self.phone.as_deref())?,
            line1: text::line(&at("line1"), &self.line1, LINE_CHARS_MAX)?,
            line2: optional("line2", &self.line2, LINE_CHARS_MAX)?,
            city: text::line(&at("city"), &self.city, LINE_CHARS_MAX)?,
            region: optional("region", &self.region, LINE_CHARS_MAX)?,
            postal_code: postal_code(&at("postalCode"), self.postal_code.as_deref())?,
            country: country::checked(&at("country"), &self.country)?,
        })
    }
}

fn email(field: &str, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let parts = text.rsplit_once('@');
    let is_plain = !text.contains(|c: char| c.is_control() || c.is_whitespace());
    let is_address = parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if is_plain && is_address && text.len() <= EMAIL_BYTES_MAX {
        return Ok(Some(text.to_owned()));
    }
    Err(Problem::invalid(
        field,
        format!("{field} is no e-mail address."),
    ))
}

fn phone(field: &str, text: Option<&str>) -> Result<Option<String>> {
    let phone = text::optional_line(field, text, PHONE_CHARS_MAX)?;
    let is_digit = |c: char| c.is_ascii_digit() || "+-/(). ".contains(c);
    match phone {
        Some(phone) if !phone.chars().all(is_digit) => Err(Problem::invalid(
            field,
            format!("{field} has digits and + - / ( ) . only."),
        )),
        phone => Ok(phone),
    }
}

fn postal_code(field: &str, text: Option<&str>) -> Result<Option<String>> {
    let code = text::optional_line(field, text, POSTAL_CODE_CHARS_MAX)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    match code {
        Some(code) if !code.chars().all(is_plain) => Err(Problem::invalid(
            field,
            format!("{field} has letters, digits, spaces and - only."),
        )),
        code => Ok(code.map(|code| code.to_ascii_uppercase())),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(members: Value) -> Result<Address> {
        let mut whole = json!({
            "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London",
            "postalCode": "sw1y 4jh", "country": "gb",
        });
        stoa_guest::merge_patch(&mut whole, members);
        serde_json::from_value::<Address>(whole)
            .unwrap()
            .checked("shippingAddress")
    }

    #[test]
    fn an_address_is_kept_as_posts_read_it() {
        let address = checked(json!({"email": " ada@example.org ", "line2": " "})).unwrap();
        assert_eq!(address.postal_code.as_deref(), Some("SW1Y 4JH"));
        assert_eq!((address.country.as_str(), address.line2), ("GB", None));
        assert_eq!(address.email.as_deref(), Some("ada@example.org"));
    }

    #[test]
    fn the_names_of_the_other_shops_are_understood() {
        let address: Address = serde_json::from_value(json!({
            "firstName": "Ada", "lastName": "Lovelace", "address": "1 Square", "city": "London",
            "zip": "1", "country": "GB", "state": "X",
        }))
        .unwrap();
        let address = address.checked("billingAddress").unwrap();
        assert_eq!(address.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(address.line1, "1 Square");
        assert_eq!(
            (address.postal_code.as_deref(), address.region.as_deref()),
            (Some("1"), Some("X"))
        );
    }

    #[test]
    fn what_no_letter_would_reach_is_refused_by_its_member() {
        for (members, field) in [
            (json!({"name": " "}), "name"),
            (json!({"name": null}), "name"),
            (json!({"name": "a\nb"}), "name"),
            (json!({"line1": ""}), "line1"),
            (json!({"line1": "x".repeat(201)}), "line1"),
            (json!({"city": " "}), "city"),
            (json!({"postalCode": "12;45"}), "postalCode"),
            (json!({"postalCode": "1".repeat(17)}), "postalCode"),
            (json!({"country": "Germany"}), "country"),
            (json!({"country": "XX"}), "country"),
            (json!({"email": "nobody"}), "email"),
            (json!({"email": "a b@example.org"}), "email"),
            (json!({"phone": "call me"}), "phone"),
        ] {
            let problem = checked(members.clone()).unwrap_err();
            let expected = format!("shippingAddress.{field}");
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(expected.as_str())),
                "{members}"
            );
        }
    }
}
