//! ID tokens (OpenID Connect Core, 3.1.3.7), checked against the clock port.

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use stoa_kernel::clock::Millis;

use super::config::GOOGLE;
use super::error::OidcError;
use super::flow::is_same;

/// What Google's tokens may name instead of [`GOOGLE`], for reasons of history.
const GOOGLE_LEGACY: &str = "accounts.google.com";

/// Signatures by a private key that the provider alone has. Never a shared secret, never none.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// How far the provider's clock and ours may be apart.
const LEEWAY_S: u64 = 60;

/// A longer token is refused unread; those with a picture and a name have some 1,200 bytes.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// Bytes of a subject (OpenID Connect Core, 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// What we read of an ID token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
    aud: Audience,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nonce: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Millis,
}

/// The name of the key that is said to have signed the token.
pub(super) fn key_id(token: &str) -> Result<String, OidcError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(wrong("it is too long"));
    }
    let header = decode_header(token).map_err(wrong)?;
    header.kid.ok_or_else(|| wrong("it names no key"))
}

/// The claims, if the token is the provider's, for us, good now, and the answer to this sign-in.
pub(super) fn verified(
    token: &str,
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<Claims, OidcError> {
    let header = decode_header(token).map_err(wrong)?;
    check_header(&header, key)?;
    let verifies = DecodingKey::from_jwk(key).map_err(wrong)?;
    let validation = validation(header.alg, expected);
    let claims = decode::<Claims>(token, &verifies, &validation);
    let claims = claims.map_err(wrong)?.claims;
    claims.check(expected)?;
    Ok(claims)
}

/// The key decides what it is good for; the header only has to agree.
fn check_header(header: &Header, key: &Jwk) -> Result<(), OidcError> {
    let made_for = key.common.key_algorithm;
    if !ALGORITHMS.contains(&header.alg)
        || made_for.is_some_and(|algorithm| algorithm != KeyAlgorithm::from(header.alg))
    {
        return Err(wrong("its algorithm is not the key's"));
    }
    if !matches!(
        key.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return Err(wrong("its key is not for signatures"));
    }
    match &header.typ {
        Some(other) if !other.eq_ignore_ascii_case("JWT") => Err(wrong("its typ is not JWT")),
        _ => Ok(()),
    }
}

/// Strict, but for the times: the library reads those against the machine's clock.
fn validation(algorithm: Algorithm, expected: &Expected<'_>) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_audience(&[expected.client_id]);
    match expected.issuer {
        GOOGLE => validation.set_issuer(&[GOOGLE, GOOGLE_LEGACY]),
        issuer => validation.set_issuer(&[issuer]),
    }
    validation.validate_exp = false;
    validation
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), OidcError> {
        // A token that others may use as well could have been meant for them.
        let for_us_alone = match &self.aud {
            Audience::One(one) => one == expected.client_id,
            Audience::Several(all) => all.iter().all(|one| one == expected.client_id),
        };
        let by_us = self
            .azp
            .as_ref()
            .is_none_or(|azp| azp == expected.client_id);
        if !for_us_alone || !by_us {
            return Err(wrong("it is for somebody else"));
        }
        let now_s = expected.now / 1_000;
        if now_s >= self.exp.saturating_add(LEEWAY_S) {
            return Err(wrong("it has expired"));
        }
        if self.iat > now_s.saturating_add(LEEWAY_S) {
            return Err(wrong("it is from the future"));
        }
        if self.sub.is_empty() || self.sub.len() > SUBJECT_BYTES_MAX {
            return Err(wrong("its subject is not 1 to 255 bytes"));
        }
        match &self.nonce {
            Some(nonce) if is_same(nonce, expected.nonce) => Ok(()),
            Some(_) => Err(OidcError::Mismatch("the ID token's nonce")),
            None => Err(wrong("it has no nonce")),
        }
    }
}

fn wrong(why: impl ToString) -> OidcError {
    OidcError::Provider(format!("its ID token is not good: {}", why.to_string()))
}

#[cfg(test)]
mod tests;
