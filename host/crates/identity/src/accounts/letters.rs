//! The letters that accounts send: one function for each template.

use serde_json::json as object;
use stoa_kernel::mail::Letter;

use super::{Accounts, codes};
use crate::records::Account;

/// Verifies the address by a click. The link asks the host itself, so that it works without any page.
pub(super) fn verify_email(service: &Accounts, to: &Account, secret: &str) -> Letter {
    let link = url(service, &format!("/api/auth/verify/{secret}"));
    letter(
        "verify-email",
        &to.email,
        object!({"name": to.name, "link": link}),
    )
}

/// Leads to the page that sets a password: what stands behind `#` reaches no server and no log.
pub(super) fn reset_password(service: &Accounts, to: &Account, secret: &str) -> Letter {
    let link = url(service, &format!("/reset-password#token={secret}"));
    let values = object!({"name": to.name, "link": link, "minutes": codes::RESET_MINUTES});
    letter("reset-password", &to.email, values)
}

/// Says that the password is another one now.
pub(super) fn password_changed(to: &Account) -> Letter {
    letter("password-changed", &to.email, object!({"name": to.name}))
}

/// Says that somebody tried to sign up with an address that has an account.
pub(super) fn account_exists(to: &Account) -> Letter {
    letter("account-exists", &to.email, object!({"name": to.name}))
}

/// Six digits.
pub(super) fn one_time_code(email: &str, digits: &str) -> Letter {
    let values = object!({"code": digits, "minutes": codes::CODE_MINUTES});
    letter("one-time-code", email, values)
}

fn letter(template: &str, to: &str, values: serde_json::Value) -> Letter {
    Letter {
        to: to.to_owned(),
        template: template.to_owned(),
        values,
    }
}

fn url(service: &Accounts, path: &str) -> String {
    let public_url = service.config.public_url.trim_end_matches('/');
    format!("{public_url}{path}")
}
