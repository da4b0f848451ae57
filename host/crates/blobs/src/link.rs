//! Signed links: a token says which file until when, and nobody else can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::random::ulid_time;

/// Bytes of the signature, the time, and the id.
const TAG_BYTES: usize = 32;
const TIME_BYTES: usize = 8;
const ID_BYTES: usize = 26;

/// Bytes of a token: longer ones are none of ours. A tenant's id has at most 63.
const TOKEN_BYTES_MAX: usize = (TAG_BYTES + TIME_BYTES + ID_BYTES + 63) * 4 / 3 + 3;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose file.
    pub tenant: TenantId,
    /// Which.
    pub id: String,
    /// Until when.
    pub expires_at: Millis,
}

/// Makes a token.
pub fn sign(key: &[u8; 32], claim: &Claim) -> String {
    let mut said = claim.expires_at.to_be_bytes().to_vec();
    said.extend_from_slice(claim.id.as_bytes());
    said.extend_from_slice(claim.tenant.as_str().as_bytes());
    let mut token = mac(key)
        .map(|mac| mac.chain_update(&said).finalize().into_bytes().to_vec())
        .unwrap_or_default();
    token.extend_from_slice(&said);
    URL_SAFE_NO_PAD.encode(token)
}

/// What a token stands for, if it is one of ours and still good.
pub fn verify(key: &[u8; 32], token: &str, now: Millis) -> Option<Claim> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (tag, said) = bytes.split_at_checked(TAG_BYTES)?;
    // In constant time.
    mac(key)?.chain_update(said).verify_slice(tag).ok()?;
    let (time, rest) = said.split_at_checked(TIME_BYTES)?;
    let (id, tenant) = rest.split_at_checked(ID_BYTES)?;
    let expires_at = Millis::from_be_bytes(time.try_into().ok()?);
    let id = std::str::from_utf8(id).ok()?;
    ulid_time(id)?;
    let claim = Claim {
        tenant: TenantId::parse(std::str::from_utf8(tenant).ok()?).ok()?,
        id: id.to_owned(),
        expires_at,
    };
    (now < expires_at).then_some(claim)
}

fn mac(key: &[u8; 32]) -> Option<Hmac<Sha256>> {
    // Any length of key will do.
    Hmac::new_from_slice(key).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_time_and_only_as_it_is() {
        let key = [1; 32];
        let claim = Claim {
            tenant: TenantId::parse("acme").unwrap(),
            id: "01KDVDNN2M4Z3XJ5R6T7V8W9YA".into(),
            expires_at: 1_000,
        };
        let token = sign(&key, &claim);
        assert_eq!(verify(&key, &token, 999), Some(claim.clone()));
        assert_eq!(verify(&key, &token, 1_000), None);
        assert_eq!(verify(&[2; 32], &token, 0), None, "another host's");
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            let mut forged = bytes.clone();
            *forged.get_mut(place).unwrap() ^= 1;
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(verify(&key, &forged, 0), None, "byte {place}");
        }
        for bad in ["", "x", "no base64!", &token[1..], &"A".repeat(10_000)] {
            assert_eq!(verify(&key, bad, 0), None, "{bad:.20}");
        }
    }
}
