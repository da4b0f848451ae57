//! `GET /api/v1/auth/google` and its callback: the real binary, configured as an operator would, against a real
//! OpenID provider in Google's place.

use serde_json::Value;
use stoa_testkit::oidc::{Browser, CLIENT, Peer, REDIRECT_URI, Wish};

use crate::process::Stoa;

const START: &str = "/api/v1/auth/google";
const CALLBACK: &str = "/api/v1/auth/google/callback";

struct Site {
    host: Stoa,
    _dir: tempfile::TempDir,
}

impl Site {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let public_url = REDIRECT_URI.strip_suffix(CALLBACK).unwrap();
        let (client, secret) = CLIENT;
        let environment = [
            ("STOA_OIDC__ISSUER", Peer::shared().issuer.as_str()),
            ("STOA_OIDC__CLIENT_ID", client),
            ("STOA_OIDC__CLIENT_SECRET", secret),
            ("STOA_HTTP__PUBLIC_URL", public_url),
            ("STOA_HTTP__SECURE_COOKIES", "false"),
        ];
        let host = Stoa::start_with(dir.path(), &environment).await;
        Self { host, _dir: dir }
    }

    /// Begins a sign-in, and comes back from the provider with the callback's query.
    async fn returned(&self, browser: &mut Browser, start: &str, wish: Wish<'_>) -> String {
        let sent = browser.visit(&self.host.url(start)).await;
        assert_eq!(sent.status(), 302);
        let to = sent.headers()["location"].to_str().unwrap();
        assert!(to.starts_with(&Peer::shared().issuer), "{to}");
        browser.walk(to, wish).await
    }

    /// Where the provider sent the browser: the status and the JSON there.
    async fn call_back(&self, browser: &mut Browser, query: &str) -> (u16, Value) {
        let url = self.host.url(&format!("{CALLBACK}?{query}"));
        let answer = browser.visit(&url).await;
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn refused(&self, browser: &mut Browser, query: &str, code: &str) {
        let (status, problem) = self.call_back(browser, query).await;
        let kind = problem["type"].as_str().unwrap();
        assert_eq!(status, 400, "{problem}");
        assert!(kind.ends_with(&format!("/{code}")), "{code}: {problem}");
        assert!(problem.get("accessToken").is_none());
    }

    async fn sign_in(&self, login: &str) -> Value {
        let browser = &mut Browser::new();
        let query = self.returned(browser, START, Wish::SignIn(login)).await;
        let (status, signed_in) = self.call_back(browser, &query).await;
        assert_eq!(status, 200, "{signed_in}");
        signed_in
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_at_the_provider_is_signed_in_here() {
    let site = Site::open().await;
    let signed_in = site.sign_in("ada").await;
    assert_eq!(signed_in["user"]["email"], "ada@example.com");
    assert_eq!(signed_in["user"]["isEmailVerified"], true);
    let token = signed_in["accessToken"].as_str().unwrap();
    let (status, me) = site.host.get("/api/v1/auth/me", token).await;
    assert_eq!((status, &me["user"]["id"]), (200, &signed_in["user"]["id"]));

    let again = site.sign_in("ada").await;
    assert_eq!(again["user"]["id"], signed_in["user"]["id"]);
    let other = site.sign_in("bob").await;
    assert_ne!(other["user"]["id"], signed_in["user"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_wants_to_go_on_is_sent_there_with_a_session_and_no_token_in_sight() {
    let site = Site::open().await;
    let browser = &mut Browser::new();
    let start = format!("{START}?returnTo=/account");
    let query = site.returned(browser, &start, Wish::SignIn("ada")).await;
    let url = site.host.url(&format!("{CALLBACK}?{query}"));
    let sent_on = browser.visit(&url).await;
    assert_eq!(sent_on.status(), 302);
    assert_eq!(sent_on.headers()["location"], "/account");

    let refreshed = browser.submit(&site.host.url("/api/auth/refresh")).await;
    assert_eq!(refreshed.status(), 200);
    let session: Value = refreshed.json().await.unwrap();
    let token = session["accessToken"].as_str().unwrap();
    let (status, me) = site.host.get("/api/v1/auth/me", token).await;
    assert_eq!(
        (status, &me["user"]["email"]),
        (200, &"ada@example.com".into())
    );
    // The cookie has followed.
    let next = browser.submit(&site.host.url("/api/auth/refresh")).await;
    assert_eq!(next.status(), 200);

    let elsewhere = format!("{START}?returnTo=https://evil.example");
    let refused = browser.visit(&site.host.url(&elsewhere)).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_this_browsers_signs_nobody_in() {
    let site = Site::open().await;
    let mut browser = Browser::new();
    let query = site
        .returned(&mut browser, START, Wish::SignIn("ada"))
        .await;
    let before = browser.clone();

    // Another browser, which began nothing, or something else.
    let mut other = Browser::new();
    site.refused(&mut other, &query, "sign-in-expired").await;
    site.returned(&mut other, START, Wish::SignIn("eve")).await;
    site.refused(&mut other, &query, "sign-in-mismatch").await;
    // The same one, with a changed state.
    let forged = query.replace("state=", "state=x");
    site.refused(&mut browser, &forged, "sign-in-mismatch")
        .await;

    let (status, _) = site.call_back(&mut browser, &query).await;
    assert_eq!(status, 200);
    // The sign-in is over, and its code was good once.
    site.refused(&mut browser, &query, "sign-in-expired").await;
    let mut replaying = before;
    site.refused(&mut replaying, &query, "sign-in-refused")
        .await;

    let mut unwilling = Browser::new();
    let query = site.returned(&mut unwilling, START, Wish::Refuse).await;
    site.refused(&mut unwilling, &query, "sign-in-denied").await;
}
