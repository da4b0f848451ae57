//! What a sign-in needs to succeed, and each thing without which it does not.

use reqwest::Url;
use stoa_identity::oidc::OidcError;

use crate::world::{Side, config, replaced, secret_of, value_of};
use stoa_testkit::oidc::{Browser, Peer, Wish};

#[tokio::test]
async fn who_signs_in_there_is_known_here() {
    let side = Side::of(Peer::shared());
    let started = side.provider.start(Some("/account?tab=2")).await.unwrap();
    let query = Browser::new().walk(&started.url, Wish::SignIn("ada")).await;
    let cookie = value_of(&started.cookie);
    let identity = side.provider.finish(&query, Some(cookie)).await.unwrap();
    assert_eq!(identity.issuer, Peer::shared().issuer);
    assert_eq!(identity.subject, "ada");
    assert_eq!(identity.email.as_deref(), Some("ada@example.com"));
    assert!(identity.email_verified);
    assert_eq!(identity.name.as_deref(), Some("Name of ada"));
    assert_eq!(identity.return_to.as_deref(), Some("/account?tab=2"));
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified_is_told_as_such() {
    let side = Side::of(Peer::shared());
    let returned = side.returned(Wish::SignIn("unverified-bob")).await;
    let identity = side.finish(&returned).await.unwrap();
    assert_eq!(
        identity.email.as_deref(),
        Some("unverified-bob@example.com")
    );
    assert!(!identity.email_verified);
}

#[tokio::test]
async fn a_wrong_or_missing_state_ends_it() {
    let side = Side::of(Peer::shared());
    let mut returned = side.returned(Wish::SignIn("ada")).await;
    let good = returned.query.clone();
    for query in [
        replaced(&good, "state", "x"),
        replaced(&good, "state", ""),
        good.replace("state=", "s="),
    ] {
        returned.query = query;
        assert_eq!(
            side.finish(&returned).await,
            Err(OidcError::Mismatch("the state"))
        );
    }
    returned.query = good;
    side.finish(&returned).await.unwrap();
}

#[tokio::test]
async fn an_answer_of_another_issuer_ends_it() {
    let side = Side::of(Peer::shared());
    let mut returned = side.returned(Wish::SignIn("ada")).await;
    assert!(returned.query.contains("iss="));
    returned.query = replaced(&returned.query, "iss", "https://evil.example");
    assert_eq!(
        side.finish(&returned).await,
        Err(OidcError::Mismatch("the issuer"))
    );
}

#[tokio::test]
async fn a_code_is_good_once() {
    let side = Side::of(Peer::shared());
    let returned = side.returned(Wish::SignIn("ada")).await;
    side.finish(&returned).await.unwrap();
    assert_eq!(side.finish(&returned).await, Err(OidcError::CodeRefused));
}

#[tokio::test]
async fn a_changed_or_missing_cookie_ends_it() {
    let side = Side::of(Peer::shared());
    let mut returned = side.returned(Wish::SignIn("ada")).await;
    let good = returned.cookie.clone();
    let last = if good.ends_with('A') { "B" } else { "A" };
    let middle = good.len() / 2;
    for cookie in [
        String::new(),
        good[..middle].to_owned(),
        format!("{last}{}", &good[1..]),
        format!("{}{last}", &good[..good.len() - 2]),
    ] {
        returned.cookie = cookie;
        let error = side.finish(&returned).await.unwrap_err();
        assert_eq!(error, OidcError::NotUnderWay("the cookie is not ours"));
    }
    let error = side
        .provider
        .finish(&returned.query, None)
        .await
        .unwrap_err();
    assert_eq!(error, OidcError::NotUnderWay("no cookie"));
    returned.cookie = good;
    side.finish(&returned).await.unwrap();
}

#[tokio::test]
async fn a_cookie_of_a_host_with_another_secret_ends_it() {
    let side = Side::of(Peer::shared());
    let mut elsewhere = config(Peer::shared(), "stoa");
    elsewhere.key = [8; 32];
    let returned = Side::with(elsewhere).returned(Wish::SignIn("ada")).await;
    let error = side.finish(&returned).await.unwrap_err();
    assert_eq!(error, OidcError::NotUnderWay("the cookie is not ours"));
}

#[tokio::test]
async fn ten_minutes_are_enough_and_not_more() {
    let side = Side::of(Peer::shared());
    let returned = side.returned(Wish::SignIn("ada")).await;
    side.clock.forward(600_000);
    let error = side.finish(&returned).await.unwrap_err();
    assert_eq!(error, OidcError::NotUnderWay("the cookie has expired"));
}

#[tokio::test]
async fn the_cookies_of_two_sign_ins_can_not_be_swapped() {
    let side = Side::of(Peer::shared());
    let mut one = side.returned(Wish::SignIn("ada")).await;
    let mut other = side.returned(Wish::SignIn("bob")).await;
    std::mem::swap(&mut one.cookie, &mut other.cookie);
    assert_eq!(
        side.finish(&one).await,
        Err(OidcError::Mismatch("the state"))
    );
    // With the state made to fit, the code's challenge does not: PKCE.
    let pairs = form_urlencoded::parse(other.query.as_bytes());
    let state = pairs
        .into_iter()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1;
    one.query = replaced(&one.query, "state", &state);
    assert_eq!(side.finish(&one).await, Err(OidcError::CodeRefused));
}

#[tokio::test]
async fn an_id_token_for_another_nonce_ends_it() {
    let side = Side::of(Peer::shared());
    let started = side.provider.start(None).await.unwrap();
    let mut url = Url::parse(&started.url).unwrap();
    let query = replaced(url.query().unwrap(), "nonce", "somebody-elses");
    url.set_query(Some(&query));
    let query = Browser::new().walk(url.as_str(), Wish::SignIn("ada")).await;
    let finished = side
        .provider
        .finish(&query, Some(value_of(&started.cookie)))
        .await;
    assert_eq!(finished, Err(OidcError::Mismatch("the ID token's nonce")));
}

#[tokio::test]
async fn a_code_for_another_client_is_refused() {
    let other = Side::with(config(Peer::shared(), "other"));
    let returned = other.returned(Wish::SignIn("ada")).await;
    let side = Side::of(Peer::shared());
    assert_eq!(side.finish(&returned).await, Err(OidcError::CodeRefused));
}

#[tokio::test]
async fn who_says_no_is_not_signed_in() {
    let side = Side::of(Peer::shared());
    let returned = side.returned(Wish::Refuse).await;
    let denied = OidcError::Denied("access_denied".into());
    assert_eq!(side.finish(&returned).await, Err(denied));
}

#[tokio::test]
async fn a_wrong_client_secret_is_our_side_s_failure() {
    let mut config = config(Peer::shared(), "stoa");
    config.client_secret = secret_of("other");
    let side = Side::with(config);
    let returned = side.returned(Wish::SignIn("ada")).await;
    let error = side.finish(&returned).await.unwrap_err();
    assert!(matches!(error, OidcError::Provider(_)), "{error}");
}

#[tokio::test]
async fn an_id_token_that_has_expired_by_our_clock_ends_it() {
    let side = Side::of(Peer::shared());
    // The cookie is made in the provider's future, so that it outlives the token.
    side.clock.forward(2 * 3_600_000);
    let returned = side.returned(Wish::SignIn("ada")).await;
    let error = side.finish(&returned).await.unwrap_err();
    assert!(error.to_string().contains("it has expired"), "{error}");
}
