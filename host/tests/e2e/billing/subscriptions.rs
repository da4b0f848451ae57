//! Subscriptions: what the provider tells of them, or does not, and what it is worth.

use http::Method;
use serde_json::json;

use super::{House, Organization, WEBHOOKS};
use crate::payments::bank::WEBHOOK;

const DAY_MS: u64 = 86_400_000;
/// The rhythm of the plugin's review, and a moment.
const REVIEW_MS: u64 = 301_000;

/// From the free plan to a paid one and back: each limit rises and falls with what is paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_raises_the_limits_and_its_end_lowers_them() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    for _ in 0..100 {
        let _ = acme.make_product().await.expect(201);
    }
    let _ = acme.make_product().await.problem(403, "plan-limit");
    for name in ["a", "b", "c", "d"] {
        let _ = acme.invite(name).await.expect(201);
    }
    let _ = acme.invite("e").await.problem(403, "plan-limit");

    let page = acme.check_out("team").await;
    assert_eq!(page["kind"], "checkout");
    assert_eq!(
        acme.check_out("team").await,
        page,
        "nobody pays on two pages"
    );
    let session = page["sessionId"].as_str().unwrap();
    let subscription = house.bank.subscribe(session)["subscription"].clone();
    let subscription = subscription.as_str().unwrap();
    let outcomes = house.told(&acme).await;
    assert!(outcomes.contains(&"applied".to_owned()), "{outcomes:?}");
    acme.until_plan("team").await;
    let again = house.told(&acme).await;
    assert!(again.iter().all(|told| told == "duplicate"), "{again:?}");
    let limits = acme.seen().await["limits"].clone();
    assert_eq!(
        (&limits["members"], &limits["products"]),
        (&json!(25), &json!(1_000))
    );
    let _ = acme.make_product().await.expect(201);
    let _ = acme.invite("e").await.expect(201);
    // Who pays already changes it where it is paid.
    assert_eq!(acme.check_out("enterprise").await["kind"], "portal");

    let _ = house.bank.unsubscribe(subscription);
    let _ = house.told(&acme).await;
    acme.until_plan("free").await;
    let _ = acme.make_product().await.problem(403, "plan-limit");
    let _ = acme.invite("f").await.problem(403, "plan-limit");
    let list = acme.boss.get("/products?status=all&limit=1").await;
    assert_eq!(list.json_of(200)["total"], 101, "what there is stays");
    // And it may begin anew.
    let anew = acme.check_out("enterprise").await;
    let _ = house.bank.subscribe(anew["sessionId"].as_str().unwrap());
    let _ = house.told(&acme).await;
    acme.until_plan("enterprise").await;
}

/// The provider knows one address of the house, which is another tenant's. A review finds out.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_told_is_found_out() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    let page = acme.check_out("team").await;
    let session = house.bank.subscribe(page["sessionId"].as_str().unwrap());
    let main = Organization {
        id: "main",
        boss: house.host.admin(),
    };
    let elsewhere = house.told(&main).await;
    assert!(
        elsewhere.iter().all(|told| told == "ignored"),
        "{elsewhere:?}"
    );
    assert_eq!(acme.plan().await, "free");
    house.bank.later(&house.host, REVIEW_MS);
    acme.until_plan("team").await;
    let _ = house
        .bank
        .unsubscribe(session["subscription"].as_str().unwrap());
    house.bank.later(&house.host, DAY_MS);
    acme.until_plan("free").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_costs_the_plan_when_its_grace_is_over() {
    let house = House::open().await;
    let (acme, subscription) = house.subscribed("acme").await;
    house.bank.later(&house.host, DAY_MS);
    let _ = house.bank.renew(&subscription, false);
    let _ = house.told(&acme).await;
    house.bank.later(&house.host, 6 * DAY_MS);
    house.until_reviewed(&acme).await;
    assert_eq!(acme.plan().await, "team");
    house.bank.later(&house.host, DAY_MS);
    acme.until_plan("free").await;
    let _ = house.bank.renew(&subscription, true);
    let _ = house.told(&acme).await;
    acme.until_plan("team").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_believed_by_its_signature_alone() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    let page = acme.check_out("team").await;
    let _ = house.bank.subscribe(page["sessionId"].as_str().unwrap());
    let told = house.bank.told();
    let event = told
        .iter()
        .find(|event| event.kind == "checkout.session.completed");
    let event = event.unwrap();
    let good = house.bank.seal(&house.host, event);
    let now_s = stoa_kernel::clock::Clock::now(&*house.host.clock) / 1_000;
    let by = |secret, at_s| stoa_standins::signature::stripe(secret, at_s, &event.body);
    for (signature, body) in [
        (by("whsec_other", now_s), event.body.clone()),
        (by(WEBHOOK, now_s - 301), event.body.clone()),
        (good.clone(), event.body.replace("team", "enterprise")),
        ("t=0,v1=00".into(), event.body.clone()),
        (String::new(), event.body.clone()),
    ] {
        let refused = house.hear("acme", &signature, &body).await;
        assert_eq!(refused.status, 400, "{signature}");
    }
    let unsigned = house.host.anonymous().header("x-tenant", "acme");
    let unsigned = unsigned.send(Method::POST, WEBHOOKS, event.body.clone());
    assert_eq!(unsigned.await.status, 400);
    assert_eq!(acme.plan().await, "free");
    let heard = house.hear("acme", &good, &event.body).await;
    assert_eq!(heard.json_of(200)["outcome"], "applied");
    acme.until_plan("team").await;
}
