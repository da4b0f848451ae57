//! `[mail]`: how letters leave.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error as _};
use stoa_mail::{Sender, SmtpConfig, SmtpTls};

use super::Secret;

/// How letters leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Which way.
    pub transport: WayOut,
    /// Who sends.
    #[serde(deserialize_with = "sender")]
    pub from: Sender,
    /// The SMTP server; see [`Mail::smtp`].
    smtp_host: String,
    smtp_port: u16,
    smtp_tls: Protection,
    /// Where the certificates are that are trusted besides the machine's own; empty for none.
    pub smtp_ca_file: PathBuf,
    smtp_user: String,
    smtp_password: Secret,
    /// What SendGrid knows us by.
    pub sendgrid_key: Secret,
    /// Where SendGrid is.
    pub sendgrid_url: String,
    /// Letters that the plugins of one tenant may send in a day.
    pub plugin_letters_daily_max: u32,
}

/// A way out of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WayOut {
    /// None: letters are kept as files.
    File,
    /// An SMTP server.
    Smtp,
    /// SendGrid's HTTP API.
    Sendgrid,
}

/// How the connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Protection {
    None,
    StartTls,
    Implicit,
}

impl Mail {
    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// A sentence that names the key at fault.
    pub fn check(&self) -> Result<(), String> {
        let missing = match self.transport {
            WayOut::Smtp if self.smtp_host.is_empty() => "smtp_host",
            WayOut::Smtp if self.smtp_user.is_empty() != self.smtp_password.is_empty() => {
                return Err("mail.smtp_user and mail.smtp_password go together".into());
            }
            WayOut::Sendgrid if self.sendgrid_key.is_empty() => "sendgrid_key",
            WayOut::File | WayOut::Smtp | WayOut::Sendgrid => return Ok(()),
        };
        Err(format!(
            "mail.{missing} is empty, and mail.transport needs it"
        ))
    }

    /// The SMTP server, and who we are there; `roots_pem` is what is in [`Mail::smtp_ca_file`].
    #[must_use]
    pub fn smtp(&self, roots_pem: Option<Vec<u8>>) -> SmtpConfig {
        let has_user = !self.smtp_user.is_empty();
        SmtpConfig {
            host: self.smtp_host.clone(),
            port: self.smtp_port,
            tls: match self.smtp_tls {
                Protection::None => SmtpTls::None,
                Protection::StartTls => SmtpTls::StartTls,
                Protection::Implicit => SmtpTls::Implicit,
            },
            roots_pem,
            credentials: has_user.then(|| {
                (
                    self.smtp_user.clone(),
                    self.smtp_password.expose().to_owned(),
                )
            }),
        }
    }
}

fn sender<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sender, D::Error> {
    Sender::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The defaults with these keys instead.
    fn with(changed: &Value) -> Result<Mail, serde_json::Error> {
        let mut mail = json!({
            "transport": "file",
            "from": "Stoa <no-reply@localhost>",
            "smtp_host": "localhost",
            "smtp_port": 587,
            "smtp_tls": "starttls",
            "smtp_ca_file": "",
            "smtp_user": "",
            "smtp_password": "",
            "sendgrid_key": "",
            "sendgrid_url": "https://api.sendgrid.com",
            "plugin_letters_daily_max": 1_000,
        });
        let keys = mail.as_object_mut().unwrap();
        keys.extend(changed.as_object().unwrap().clone());
        serde_json::from_value(mail)
    }

    #[test]
    fn each_way_out_has_what_it_needs_or_says_what_is_missing() {
        for good in [
            json!({}),
            json!({"transport": "smtp"}),
            json!({"transport": "smtp", "smtp_user": "u", "smtp_password": "p"}),
            json!({"transport": "sendgrid", "sendgrid_key": "k"}),
        ] {
            with(&good).unwrap().check().unwrap();
        }
        for (bad, key) in [
            (
                json!({"transport": "smtp", "smtp_host": ""}),
                "mail.smtp_host",
            ),
            (
                json!({"transport": "smtp", "smtp_user": "u"}),
                "mail.smtp_password",
            ),
            (
                json!({"transport": "smtp", "smtp_password": "p"}),
                "mail.smtp_user",
            ),
            (json!({"transport": "sendgrid"}), "mail.sendgrid_key"),
        ] {
            let error = with(&bad).unwrap().check().unwrap_err();
            assert!(error.contains(key), "{bad}: {error}");
        }
    }

    #[test]
    fn what_is_no_sender_way_or_protection_is_refused() {
        for bad in [
            json!({"from": "The Shop"}),
            json!({"from": ""}),
            json!({"transport": "pigeon"}),
            json!({"smtp_tls": "perhaps"}),
        ] {
            assert!(with(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_comes_with_the_password_and_neither_is_shown() {
        let mail = with(&json!({"smtp_user": "u", "smtp_password": "s3cret"})).unwrap();
        let smtp = mail.smtp(None);
        assert_eq!(smtp.credentials, Some(("u".into(), "s3cret".into())));
        assert_eq!((smtp.port, smtp.tls), (587, SmtpTls::StartTls));
        assert!(!format!("{mail:?} {smtp:?}").contains("s3cret"));
        assert_eq!(with(&json!({})).unwrap().smtp(None).credentials, None);
    }
}
