//! Whose cart it is: a session's by cookie or header, a user's, and how one becomes the other.

use serde_json::json;
use stoa_kernel::identity::Role;

use super::{SESSION, add, held, open, pieces};
use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_issued_once_and_known_by_cookie_and_by_header() {
    let host = open().await;
    let first = host
        .anonymous()
        .post("/api/cart/items", &json!({ "productId": "watch" }))
        .await
        .expect(200);
    let session = first.text("x-session-id").unwrap().to_owned();
    let cookie = first.text("set-cookie").unwrap();
    assert!(
        cookie.starts_with(&format!("stoa_session={session};")) && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let by_header = host.anonymous().header("x-session-id", &session);
    let by_cookie = host
        .anonymous()
        .header("cookie", &format!("theme=dark; stoa_session={session}"));
    for shopper in [&by_header, &by_cookie] {
        assert_eq!(held(shopper).await, pieces(&[("watch", 1)]));
        assert_eq!(
            shopper.get("/api/cart").await.text("x-session-id"),
            None,
            "it has one"
        );
    }
    let _ = add(&by_cookie, "agent", 3).await;
    let _ = by_header
        .put("/api/cart/items/watch", &json!({ "quantity": 2 }))
        .await
        .expect(200);
    assert_eq!(
        held(&by_cookie).await,
        pieces(&[("watch", 2), ("agent", 3)])
    );
    // Others have other carts.
    assert_eq!(held(&host.anonymous()).await, pieces(&[]));
    assert_eq!(
        held(&host.anonymous().header("x-session-id", SESSION)).await,
        pieces(&[])
    );
    let elsewhere = by_header.header("x-tenant", "rival");
    assert_eq!(held(&elsewhere).await, pieces(&[]));
    for bad in [
        "short",
        "has space in the middle",
        "semi;colon-semi;colon",
        &"x".repeat(129),
    ] {
        let answer = host
            .anonymous()
            .header("x-session-id", bad)
            .get("/api/cart")
            .await;
        shop::assert_refused(answer, Some("x-session-id"), bad);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_of_users_are_their_own() {
    let host = open().await;
    let cart = add(&host.user("u1"), "watch", 2).await;
    let line = format!("/api/cart/items/{}", shop::id(&cart["items"][0]));
    // The same id in another tenant is another person; a session may not pose as a user.
    let posing = host.anonymous().header("x-session-id", "u1-u1-u1-u1-u1-u1");
    let outsiders = [
        host.user("u2"),
        host.admin(),
        host.account_in("rival", "u1", Role::User),
        posing,
    ];
    for outsider in outsiders {
        assert_eq!(held(&outsider).await, pieces(&[]));
        let _ = outsider
            .put(&line, &json!({ "quantity": 1 }))
            .await
            .problem(404, "not-found");
        let _ = outsider.delete(&line).await.problem(404, "not-found");
        let _ = outsider.delete("/api/cart").await.expect(200);
    }
    assert_eq!(host.user("u1").get("/api/cart").await.json_of(200), cart);
    let rival = host.account_in("rival", "u1", Role::User);
    let _ = rival
        .post("/api/cart/items", &json!({ "productId": "watch" }))
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_collected_before_signing_in_comes_along_once() {
    let host = open().await;
    let session = host.anonymous().header("x-session-id", SESSION);
    let signed_in = host.user("u1").header("x-session-id", SESSION);
    let _ = add(&host.user("u1"), "watch", 1).await;
    let _ = add(&session, "watch", 2).await;
    let _ = add(&session, "agent", 1).await;
    for _ in 0..2 {
        assert_eq!(
            held(&signed_in).await,
            pieces(&[("watch", 3), ("agent", 1)])
        );
    }
    assert_eq!(
        held(&host.user("u1")).await,
        pieces(&[("watch", 3), ("agent", 1)]),
        "without the session, too"
    );
    assert_eq!(held(&session).await, pieces(&[]), "it is the user's now");
    // By the browser's cookie it is the same, and it may happen with a write.
    let _ = add(&session, "agent", 4).await;
    let by_cookie = host
        .user("u1")
        .header("cookie", &format!("stoa_session={SESSION}"));
    let _ = add(&by_cookie, "agent", 1).await;
    assert_eq!(
        held(&host.user("u1")).await,
        pieces(&[("watch", 3), ("agent", 6)])
    );
    // A user of another tenant takes nothing along.
    let _ = add(&session, "agent", 1).await;
    let rival = host
        .account_in("rival", "u1", Role::User)
        .header("x-session-id", SESSION);
    assert_eq!(held(&rival).await, pieces(&[]));
    assert_eq!(held(&session).await, pieces(&[("agent", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_merges_once_however_often_it_is_asked_for_at_once() {
    let host = open().await;
    let _ = add(
        &host.anonymous().header("x-session-id", SESSION),
        "watch",
        2,
    )
    .await;
    let signed_in = host.user("u1").header("x-session-id", SESSION);
    let asking: Vec<_> = (0..16)
        .map(|_| {
            let shopper = signed_in.clone();
            tokio::spawn(async move { held(&shopper).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), pieces(&[("watch", 2)]));
    }
}
