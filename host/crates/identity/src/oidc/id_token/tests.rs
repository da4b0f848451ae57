//! ID tokens that are good, and each way in which they are not.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, encode};
use serde_json::{Value, json};

use super::*;

const NOW_S: u64 = 1_700_000_000;

/// A provider's key: what signs, and what it publishes.
struct Key {
    signs: EncodingKey,
    public: Jwk,
}

static KEY: LazyLock<Key> = LazyLock::new(Key::generate);
static OTHER: LazyLock<Key> = LazyLock::new(Key::generate);

impl Key {
    fn generate() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let public = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "use": "sig", "x": x});
        Self {
            signs: EncodingKey::from_ed_der(pair.to_pkcs8().unwrap().as_ref()),
            public: serde_json::from_value(public).unwrap(),
        }
    }
}

fn expected(issuer: &'static str) -> Expected<'static> {
    Expected {
        issuer,
        client_id: "us",
        nonce: "nonce",
        now: NOW_S * 1_000 + 999,
    }
}

fn header() -> Header {
    Header {
        kid: Some("k".into()),
        ..Header::new(Algorithm::EdDSA)
    }
}

/// Good claims with these changes; null takes a claim away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": GOOGLE, "aud": "us", "azp": "us", "sub": "1", "exp": NOW_S + 100, "iat": NOW_S,
        "nonce": "nonce", "email": "ada@example.com", "email_verified": true, "name": "Ada",
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

fn judge(header: &Header, changes: Value, by: &EncodingKey) -> Result<Claims, OidcError> {
    let token = encode(header, &claims(changes), by).unwrap();
    verified(&token, &KEY.public, &expected(GOOGLE))
}

#[test]
fn a_good_token_tells_who_somebody_is() {
    let claims = judge(&header(), json!({}), &KEY.signs).unwrap();
    assert_eq!(claims.sub, "1");
    assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
    assert!(claims.email_verified);
    let plain =
        json!({"email": null, "email_verified": null, "name": null, "azp": null, "aud": ["us"]});
    let claims = judge(&header(), plain, &KEY.signs).unwrap();
    assert_eq!((claims.email, claims.email_verified), (None, false));
}

#[test]
fn whatever_is_not_as_expected_is_refused() {
    for changes in [
        json!({"aud": "them"}),
        json!({"aud": ["us", "them"]}),
        json!({"aud": []}),
        json!({"aud": null}),
        json!({"azp": "them"}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": "https://accounts.google.com/"}),
        json!({"iss": null}),
        json!({"exp": NOW_S - 60}),
        json!({"exp": "9999999999"}),
        json!({"exp": null}),
        json!({"iat": NOW_S + 61}),
        json!({"iat": null}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "a".repeat(256)}),
        json!({"nonce": null}),
    ] {
        let error = judge(&header(), changes.clone(), &KEY.signs).unwrap_err();
        assert!(
            matches!(error, OidcError::Provider(_)),
            "{changes}: {error}"
        );
    }
    let error = judge(&header(), json!({"nonce": "other"}), &KEY.signs).unwrap_err();
    assert_eq!(error, OidcError::Mismatch("the ID token's nonce"));
}

#[test]
fn clocks_may_be_a_minute_apart() {
    for changes in [json!({"exp": NOW_S - 59}), json!({"iat": NOW_S + 60})] {
        judge(&header(), changes, &KEY.signs).unwrap();
    }
}

#[test]
fn only_googles_tokens_may_name_its_old_issuer() {
    let changes = json!({"iss": GOOGLE_LEGACY});
    judge(&header(), changes.clone(), &KEY.signs).unwrap();
    let token = encode(&header(), &claims(changes), &KEY.signs).unwrap();
    verified(&token, &KEY.public, &expected("https://other.example")).unwrap_err();
}

#[test]
fn a_signature_by_another_key_or_algorithm_is_refused() {
    judge(&header(), json!({}), &OTHER.signs).unwrap_err();
    let mac = Header {
        kid: Some("k".into()),
        ..Header::new(Algorithm::HS256)
    };
    let public = serde_json::to_vec(&KEY.public).unwrap();
    judge(&mac, json!({}), &EncodingKey::from_secret(&public)).unwrap_err();
    judge(&mac, json!({}), &EncodingKey::from_secret(b"")).unwrap_err();

    let token = encode(&header(), &claims(json!({})), &KEY.signs).unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    // {"alg":"none","kid":"k"}
    let none = "eyJhbGciOiJub25lIiwia2lkIjoiayJ9";
    for token in [
        format!("{none}.{payload}."),
        format!("{signed}."),
        format!("{token}.x"),
        signed.to_owned(),
        String::new(),
    ] {
        verified(&token, &KEY.public, &expected(GOOGLE)).unwrap_err();
    }
}

#[test]
fn a_key_is_used_for_what_it_is_made_for() {
    let token = encode(&header(), &claims(json!({})), &KEY.signs).unwrap();
    let mut for_encryption = KEY.public.clone();
    for_encryption.common.public_key_use = Some(PublicKeyUse::Encryption);
    let mut for_another = KEY.public.clone();
    for_another.common.key_algorithm = Some(KeyAlgorithm::RS256);
    for key in [for_encryption, for_another] {
        verified(&token, &key, &expected(GOOGLE)).unwrap_err();
    }
}

#[test]
fn another_kind_of_token_is_no_id_token() {
    for typ in ["at+jwt", "logout+jwt"] {
        let header = Header {
            typ: Some(typ.into()),
            ..header()
        };
        judge(&header, json!({}), &KEY.signs).unwrap_err();
    }
    let header = Header {
        typ: None,
        ..header()
    };
    judge(&header, json!({}), &KEY.signs).unwrap();
}

#[test]
fn a_token_names_its_key_and_is_not_endless() {
    let token = encode(&header(), &claims(json!({})), &KEY.signs).unwrap();
    assert_eq!(key_id(&token).unwrap(), "k");
    let nameless = Header::new(Algorithm::EdDSA);
    let nameless = encode(&nameless, &claims(json!({})), &KEY.signs).unwrap();
    key_id(&nameless).unwrap_err();
    let long = json!({"name": "a".repeat(TOKEN_BYTES_MAX)});
    key_id(&encode(&header(), &claims(long), &KEY.signs).unwrap()).unwrap_err();
}
