//! Access tokens: short-lived JWTs under one pinned algorithm (RFC 8725), checked against the clock port.

use std::sync::Arc;

use aws_lc_rs::rand;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use quick_cache::sync::Cache;
use stoa_kernel::clock::Clock;
use stoa_kernel::hex::hex;
use stoa_kernel::identity::{Account, Credential, InvalidToken};

use crate::claims::{Claims, Window};
use crate::key::SigningKey;
use crate::keyring::KeyRing;

/// The one algorithm. A token's header does not choose; it only has to agree.
const ALGORITHM: Algorithm = Algorithm::EdDSA;

/// Says that a token is an access token, so that no other kind is ever taken for one (RFC 9068).
const TYPE: &str = "at+jwt";

/// A longer token is refused unread: ours are a few hundred bytes.
const TOKEN_BYTES_MAX: usize = 8 << 10;

/// Tokens whose signature was found good lately; checking one costs some 50 µs, remembering it 500 bytes.
const REMEMBERED_MAX: usize = 4_096;

/// Random bytes of a token's own id.
const TOKEN_ID_BYTES: usize = 16;

/// What all tokens of a host have in common.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// Who issues them (`iss`).
    pub issuer: String,
    /// For whom they are meant (`aud`).
    pub audience: String,
    /// Seconds that each is good for.
    pub lifetime_s: u32,
    /// What signs and verifies them.
    pub keys: KeyRing,
}

impl TokenConfig {
    /// Names that mean nothing, and a lifetime that outlasts any test.
    #[must_use]
    pub fn for_tests(key: SigningKey) -> Self {
        Self {
            issuer: "https://stoa.test".to_owned(),
            audience: "stoa".to_owned(),
            lifetime_s: 600,
            keys: KeyRing::new(key, []),
        }
    }
}

/// Issues and verifies access tokens.
pub struct JwtTokens {
    config: TokenConfig,
    header: Header,
    validation: Validation,
    clock: Arc<dyn Clock>,
    good: Cache<Box<str>, Arc<Good>>,
}

/// A token with a good signature; whether it is good now depends on the time.
struct Good {
    account: Account,
    window: Window,
}

impl JwtTokens {
    /// Tokens of this configuration.
    #[must_use]
    pub fn new(config: TokenConfig, clock: Arc<dyn Clock>) -> Self {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(config.keys.signs().id().to_owned()),
            ..Header::new(ALGORITHM)
        };
        let validation = validation(&config);
        Self {
            config,
            header,
            validation,
            clock,
            good: Cache::new(REMEMBERED_MAX),
        }
    }

    /// Checks all of a token but its times.
    fn check(&self, token: &str) -> Result<Good, InvalidToken> {
        let header = decode_header(token).map_err(refused)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(refused("typ is not at+jwt"));
        }
        let kid = header.kid.as_deref();
        let key = kid.and_then(|kid| self.config.keys.verifies(kid));
        let key = key.ok_or_else(|| refused("kid names no key of ours"))?;
        let claims = decode::<Claims>(token, &key.verifies, &self.validation)
            .map_err(refused)?
            .claims;
        let window = claims.window();
        let account = claims.into_account().map_err(refused)?;
        Ok(Good { account, window })
    }

    /// The public keys as others read them.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.config.keys
    }

    /// The account that a token spoke for when it was issued.
    ///
    /// # Errors
    /// [`InvalidToken`] for anything but a token that this host issued and that is still good.
    pub fn verify(&self, token: &str) -> Result<Account, InvalidToken> {
        let good = self.signed(token)?;
        let now = self.clock.now();
        good.window.check(now).map_err(refused)?;
        Ok(good.account.clone())
    }

    /// The account that a token spoke for when it was issued, whether or not its time is up.
    ///
    /// # Errors
    /// [`InvalidToken`] for anything but a token that this host issued.
    pub fn verify_lapsed(&self, token: &str) -> Result<Account, InvalidToken> {
        let good = self.signed(token)?;
        let now = self.clock.now();
        good.window.has_begun(now).map_err(refused)?;
        Ok(good.account.clone())
    }

    /// A token of ours, whatever its times.
    fn signed(&self, token: &str) -> Result<Arc<Good>, InvalidToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused("longer than 8 KiB"));
        }
        if let Some(good) = self.good.get(token) {
            return Ok(good);
        }
        let good = Arc::new(self.check(token)?);
        self.good.insert(token.into(), Arc::clone(&good));
        Ok(good)
    }

    /// A token for an account, and the seconds it lives.
    ///
    /// # Errors
    /// [`InvalidToken`] when the key can't sign.
    pub fn issue(&self, account: &Account) -> Result<(String, u32), InvalidToken> {
        let mut id = [0_u8; TOKEN_ID_BYTES];
        rand::fill(&mut id).map_err(refused)?;
        let now_s = self.clock.now() / 1_000;
        let lifetime_s = self.config.lifetime_s;
        let claims = Claims {
            iss: self.config.issuer.clone(),
            aud: self.config.audience.clone(),
            sub: account.id.clone(),
            exp: now_s.saturating_add(lifetime_s.into()),
            nbf: now_s,
            iat: now_s,
            jti: hex(&id),
            role: account.role,
            email: account.email.clone(),
            org: account.tenant.as_ref().map(ToString::to_string),
            sid: match &account.credential {
                Credential::Session(session) => Some(session.to_string()),
                Credential::Development | Credential::Key { .. } => None,
            },
            operator: account.operator,
        };
        let token =
            encode(&self.header, &claims, &self.config.keys.signs().signs).map_err(refused)?;
        Ok((token, lifetime_s))
    }
}

/// Strict, but for the times: the library reads those against the machine's clock.
fn validation(config: &TokenConfig) -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[&config.issuer]);
    validation.set_audience(&[&config.audience]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn refused(why: impl ToString) -> InvalidToken {
    InvalidToken(why.to_string())
}

#[cfg(test)]
mod tests;
