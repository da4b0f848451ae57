//! What an organisation stores is bound by its plan: files, and the documents of its plugins.

use serde_json::json;
use stoa_testkit::{Actor, Answer};

use super::{House, Organization};
use crate::files::upload;

/// Of the gigabyte of the free plan 64 KiB are left.
const PARTS: u64 = 1 << 14;
/// Bytes of a thing: one fits into the free plan, and a second one does not.
const THING: usize = 40_000;
/// How often what a plugin stores is measured.
const MEASURED_EVERY_MS: u64 = 10_000;

async fn open() -> House {
    House::open_with(|builder| {
        let prices = json!({ "team": {
            "price": "price_team", "amountMinor": 2_900, "currency": "USD", "interval": "month",
        } });
        builder
            .guest("keeper")
            .guest("toucher")
            .cramped(PARTS)
            .setting("billing", "prices", json!(prices.to_string()))
            .setting("billing", "success_url", json!("https://app.example/paid"))
    })
    .await
}

impl House {
    /// Pays for the larger plan; the subscription.
    async fn upgrade(&self, organization: &Organization) -> String {
        let page = organization.check_out("team").await;
        let session = self.bank.subscribe(page["sessionId"].as_str().unwrap());
        let _ = self.told(organization).await;
        organization.until_plan("team").await;
        session["subscription"].as_str().unwrap().to_owned()
    }

    async fn downgrade(&self, organization: &Organization, subscription: &str) {
        let _ = self.bank.unsubscribe(subscription);
        let _ = self.told(organization).await;
        organization.until_plan("free").await;
    }
}

async fn send(actor: &Actor, name: &str) -> Answer {
    upload(actor, name, "text/plain", "x".repeat(THING)).await
}

async fn store(actor: &Actor, id: &str) -> Answer {
    let path = format!("/store/{id}/{THING}");
    actor.post(&path, &json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_the_room_that_is_paid_for() {
    let house = open().await;
    let (acme, rival) = (house.found("acme").await, house.found("rival").await);
    let first = send(&acme.boss, "a.txt").await.json_of(201);
    let _ = send(&acme.boss, "b.txt").await.problem(413, "storage-full");
    // What a plugin makes is in the same room.
    let file = json!({ "name": "c.txt", "content": "x", "times": THING, "fail": false });
    let made = async || acme.boss.post("/keeper/files", &file).await;
    let _ = made().await.problem(422, "too-much");
    let _ = send(&rival.boss, "a.txt").await.expect(201);

    let path = format!("/api/blobs/{}", first["id"].as_str().unwrap());
    let _ = acme.boss.delete(&path).await.expect(204);
    let kept = made().await.json_of(201);
    let _ = send(&acme.boss, "b.txt").await.problem(413, "storage-full");
    let path = format!("/keeper/files/{}", kept["id"].as_str().unwrap());
    let _ = acme.boss.delete(&path).await.expect(200);
    let last = send(&acme.boss, "b.txt").await.json_of(201);

    let subscription = house.upgrade(&acme).await;
    let _ = send(&acme.boss, "d.txt").await.expect(201);
    let _ = made().await.expect(201);
    let _ = send(&rival.boss, "b.txt")
        .await
        .problem(413, "storage-full");

    house.downgrade(&acme, &subscription).await;
    let _ = send(&acme.boss, "e.txt").await.problem(413, "storage-full");
    let _ = made().await.problem(422, "too-much");
    let there = acme.boss.get(last["url"].as_str().unwrap()).await;
    assert_eq!(there.expect(200).body.len(), THING, "what there is stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_have_the_room_that_is_paid_for() {
    let house = open().await;
    let (acme, rival) = (house.found("acme").await, house.found("rival").await);
    let _ = store(&acme.boss, "a").await.expect(204);
    let _ = store(&acme.boss, "b").await.problem(422, "too-much");
    let _ = store(&rival.boss, "a").await.expect(204);
    // Neither files nor other plugins have to wait for the one that has filled its room.
    let _ = send(&acme.boss, "a.txt").await.expect(201);
    let _ = acme.make_product().await.expect(201);

    let _ = acme.boss.delete("/store/a").await.expect(204);
    house.host.clock.advance(MEASURED_EVERY_MS);
    let _ = store(&acme.boss, "b").await.expect(204);
    let _ = store(&acme.boss, "c").await.problem(422, "too-much");

    // At once: what is paid for does not wait for the next measurement.
    let subscription = house.upgrade(&acme).await;
    let _ = store(&acme.boss, "c").await.expect(204);
    let _ = store(&rival.boss, "b").await.problem(422, "too-much");

    house.downgrade(&acme, &subscription).await;
    house.host.clock.advance(MEASURED_EVERY_MS);
    let _ = store(&acme.boss, "d").await.problem(422, "too-much");
    let _ = acme.boss.delete("/store/b").await.expect(204);
    let _ = acme.boss.delete("/store/c").await.expect(204);
    house.host.clock.advance(MEASURED_EVERY_MS);
    let _ = store(&acme.boss, "d").await.expect(204);
}

/// The default tenant is the operator's, and bound by no plan.
#[tokio::test(flavor = "multi_thread")]
async fn the_house_is_bound_by_its_own_settings_alone() {
    let house = open().await;
    let anybody = house.host.user("uma");
    for name in ["a", "b", "c"] {
        let _ = send(&anybody, &format!("{name}.txt")).await.expect(201);
        let _ = store(&anybody, name).await.expect(204);
    }
}
