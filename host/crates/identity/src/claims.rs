//! What an access token says, and the rules about its times. Every claim but address, organisation
//! and session is required.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Role};

/// How far the clocks of two hosts may be apart.
const LEEWAY_S: u64 = 5;

/// Bytes of an account's id, as the kernel promises.
const SUBJECT_BYTES_MAX: usize = 128;

/// Bytes of a session's id.
const SESSION_BYTES_MAX: usize = 128;

/// The claims on the wire. A list where one text belongs, such as in `aud`, is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub exp: u64,
    pub nbf: u64,
    pub iat: u64,
    pub jti: String,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether it is an operator, of tokens for development alone: a session's account says so itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub operator: bool,
}

/// The seconds between which a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    not_before_s: u64,
    expires_s: u64,
}

impl Window {
    /// Whether a token is good at this time.
    pub(crate) fn check(self, now: Millis) -> Result<(), &'static str> {
        let now_s = now / 1_000;
        if now_s >= self.expires_s.saturating_add(LEEWAY_S) {
            return Err("expired");
        }
        self.has_begun(now)
    }

    /// Whether a token is good at this time or was before.
    pub(crate) fn has_begun(self, now: Millis) -> Result<(), &'static str> {
        let now_s = now / 1_000;
        if self.not_before_s > now_s.saturating_add(LEEWAY_S) {
            return Err("not good yet");
        }
        Ok(())
    }
}

impl Claims {
    /// When the token is good.
    pub(crate) const fn window(&self) -> Window {
        Window {
            not_before_s: self.nbf,
            expires_s: self.exp,
        }
    }

    /// The account that the token speaks for.
    pub(crate) fn into_account(self) -> Result<Account, &'static str> {
        if self.sub.is_empty() || self.sub.len() > SUBJECT_BYTES_MAX {
            return Err("sub is not 1 to 128 bytes");
        }
        let tenant = match self.org {
            Some(org) => Some(TenantId::parse(&org).map_err(|_| "org is no tenant's id")?),
            None => None,
        };
        let credential = match self.sid {
            Some(sid) if sid.is_empty() || sid.len() > SESSION_BYTES_MAX => {
                return Err("sid is not 1 to 128 bytes");
            }
            Some(sid) => Credential::Session(sid.into()),
            None => Credential::Development,
        };
        Ok(Account {
            id: self.sub,
            email: self.email,
            role: self.role,
            tenant,
            operator: self.operator && credential == Credential::Development,
            credential,
        })
    }
}
