//! Good tokens, and the corpus of those that must never pass.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Credential, Role};

use super::*;

const NOW_S: u64 = 1_800_000_000;

struct FakeClock(AtomicU64);

impl Clock for FakeClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed) * 1_000
    }
}

struct World {
    tokens: JwtTokens,
    key: SigningKey,
    clock: Arc<FakeClock>,
}

fn world() -> World {
    let key = SigningKey::generate().unwrap();
    let clock = Arc::new(FakeClock(AtomicU64::new(NOW_S)));
    let config = TokenConfig::for_tests(key.clone());
    World {
        tokens: JwtTokens::new(config, clock.clone()),
        key,
        clock,
    }
}

fn ada() -> Account {
    Account {
        id: "u-1".into(),
        email: Some("ada@example.com".into()),
        role: Role::Vendor,
        operator: false,
        credential: Credential::Development,
        tenant: Some(TenantId::parse("acme").unwrap()),
    }
}

impl World {
    fn good_claims(&self) -> Value {
        json!({
            "iss": "https://stoa.test", "aud": "stoa", "sub": "u-1", "exp": NOW_S + 600, "nbf": NOW_S,
            "iat": NOW_S, "jti": "00ff", "email": "ada@example.com", "role": "vendor", "org": "acme",
            "sid": "s-1",
        })
    }

    fn good_header(&self) -> Header {
        self.tokens.header.clone()
    }

    fn signed(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key.signs).unwrap()
    }

    fn refuses(&self, name: &str, token: &str) {
        assert!(self.tokens.verify(token).is_err(), "{name} passed: {token}");
        // Nothing but its time may be up.
        let is_late = name.starts_with("exp");
        let lapsed = self.tokens.verify_lapsed(token);
        assert!(is_late || lapsed.is_err(), "{name} passed late: {token}");
    }
}

#[test]
fn what_was_issued_speaks_for_the_account() {
    let world = world();
    let (token, lifetime_s) = world.tokens.issue(&ada()).unwrap();
    assert_eq!(lifetime_s, 600);
    assert_eq!(world.tokens.verify(&token).unwrap(), ada());
    assert_eq!(
        world.tokens.verify(&token).unwrap(),
        ada(),
        "the remembered token says the same"
    );

    let bare = Account {
        email: None,
        operator: false,
        credential: Credential::Development,
        tenant: None,
        role: Role::User,
        ..ada()
    };
    let (token, _) = world.tokens.issue(&bare).unwrap();
    assert_eq!(world.tokens.verify(&token).unwrap(), bare);
}

#[test]
fn a_token_of_a_session_names_it() {
    let world = world();
    let signed_in = Account {
        operator: false,
        credential: Credential::Session("s-1".into()),
        ..ada()
    };
    let (token, _) = world.tokens.issue(&signed_in).unwrap();
    assert_eq!(world.tokens.verify(&token).unwrap(), signed_in);
}

#[test]
fn a_retired_key_verifies_and_signs_no_more() {
    let world = world();
    let (token, _) = world.tokens.issue(&ada()).unwrap();
    let next = SigningKey::generate().unwrap();
    let after = |retired: Vec<crate::key::VerifyingKey>| {
        let config = TokenConfig {
            keys: KeyRing::new(next.clone(), retired),
            ..TokenConfig::for_tests(next.clone())
        };
        JwtTokens::new(config, world.clock.clone())
    };
    let rotated = after(vec![world.key.public().clone()]);
    assert_eq!(rotated.verify(&token).unwrap(), ada());
    let (fresh, _) = rotated.issue(&ada()).unwrap();
    assert_eq!(rotated.verify(&fresh).unwrap(), ada());
    world.refuses("a key that this host does not know", &fresh);
    assert!(
        after(Vec::new()).verify(&token).is_err(),
        "a key that is gone verifies nothing"
    );

    // The name of one key over the signature of the other.
    let crossed = Header {
        kid: Some(next.id().to_owned()),
        ..world.good_header()
    };
    let crossed = world.signed(&crossed, &world.good_claims());
    assert!(rotated.verify(&crossed).is_err());
}

#[test]
fn the_sample_that_the_corpus_spoils_is_good() {
    let world = world();
    let token = world.signed(&world.good_header(), &world.good_claims());
    let signed_in = Account {
        operator: false,
        credential: Credential::Session("s-1".into()),
        ..ada()
    };
    assert_eq!(world.tokens.verify(&token).unwrap(), signed_in);
}

#[test]
fn each_token_has_an_id_of_its_own() {
    let world = world();
    let (one, _) = world.tokens.issue(&ada()).unwrap();
    let (other, _) = world.tokens.issue(&ada()).unwrap();
    assert_ne!(one, other);
}

#[test]
fn a_token_ends_by_the_clock_port_even_when_it_is_remembered() {
    let world = world();
    let (token, _) = world.tokens.issue(&ada()).unwrap();
    world.tokens.verify(&token).unwrap();
    world.clock.0.store(NOW_S + 604, Ordering::Relaxed);
    world.tokens.verify(&token).unwrap();
    world.clock.0.store(NOW_S + 605, Ordering::Relaxed);
    world.refuses("expired", &token);
    assert_eq!(world.tokens.verify_lapsed(&token).unwrap(), ada());
    world.clock.0.store(NOW_S - 6, Ordering::Relaxed);
    world.refuses("from the future", &token);
}

#[test]
fn every_required_claim_is_required() {
    let world = world();
    for claim in ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "role"] {
        let mut claims = world.good_claims();
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        world.refuses(claim, &world.signed(&world.good_header(), &claims));
    }
}

#[test]
fn no_claim_may_have_another_value_or_type() {
    let world = world();
    for (claim, value) in [
        ("iss", json!("https://evil.test")),
        ("iss", json!(["https://stoa.test"])),
        ("aud", json!("other")),
        ("aud", json!(["stoa"])),
        ("aud", json!(["stoa", "other"])),
        ("sub", json!("")),
        ("sub", json!("x".repeat(129))),
        ("sub", json!(7)),
        ("exp", json!((NOW_S + 600).to_string())),
        ("exp", json!(NOW_S - 5)),
        ("exp", json!(-1)),
        ("nbf", json!(NOW_S + 6)),
        ("role", json!("god")),
        ("org", json!("../acme")),
        ("sid", json!("")),
        ("sid", json!("x".repeat(129))),
        ("sid", json!(["s-1"])),
    ] {
        let mut claims = world.good_claims();
        *claims.get_mut(claim).unwrap() = value.clone();
        world.refuses(
            &format!("{claim} = {value}"),
            &world.signed(&world.good_header(), &claims),
        );
    }
}

#[test]
fn no_header_may_differ() {
    let world = world();
    let good = world.good_header();
    for (name, header) in [
        (
            "no typ",
            Header {
                typ: None,
                ..good.clone()
            },
        ),
        (
            "an ID token's typ",
            Header {
                typ: Some("JWT".into()),
                ..good.clone()
            },
        ),
        (
            "no kid",
            Header {
                kid: None,
                ..good.clone()
            },
        ),
        (
            "another kid",
            Header {
                kid: Some("0123456789abcdef".into()),
                ..good
            },
        ),
    ] {
        world.refuses(name, &world.signed(&header, &world.good_claims()));
    }
}

#[test]
fn another_key_under_our_name_does_not_pass() {
    let world = world();
    let other = SigningKey::generate().unwrap();
    let token = encode(&world.good_header(), &world.good_claims(), &other.signs).unwrap();
    world.refuses("another key", &token);
}

#[test]
fn the_public_key_as_a_shared_secret_does_not_pass() {
    let world = world();
    let public = &world.key.public().bytes;
    let header = Header {
        alg: Algorithm::HS256,
        ..world.good_header()
    };
    let token = encode(
        &header,
        &world.good_claims(),
        &EncodingKey::from_secret(public),
    )
    .unwrap();
    world.refuses("HS256 with the public key", &token);
}

#[test]
fn tampered_and_malformed_tokens_do_not_pass() {
    let world = world();
    let token = world.signed(&world.good_header(), &world.good_claims());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        unreachable!("a JWT has three parts")
    };
    let unsigned = |alg: &str| {
        // What `{"typ":"at+jwt","alg":…,"kid":…}` looks like without any signature.
        let text = format!(
            r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{}"}}"#,
            world.key.id()
        );
        URL_SAFE_NO_PAD.encode(text)
    };
    for (name, bad) in [
        ("alg none", format!("{}.{claims}.", unsigned("none"))),
        (
            "alg NONE",
            format!("{}.{claims}.{signature}", unsigned("NONE")),
        ),
        (
            "alg RS256",
            format!("{}.{claims}.{signature}", unsigned("RS256")),
        ),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{token}.{signature}")),
        (
            "other claims",
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(b"{}")),
        ),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("white space", format!(" {token}")),
        ("padding", format!("{token}=")),
    ] {
        world.refuses(name, &bad);
    }
}

#[test]
fn an_oversize_token_is_refused_although_it_is_signed() {
    let world = world();
    let mut claims = world.good_claims();
    *claims.get_mut("email").unwrap() = json!("x".repeat(8 << 10));
    world.refuses("oversize", &world.signed(&world.good_header(), &claims));
}
