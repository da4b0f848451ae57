//! People are told what concerns them: by letter, and in a list.

use http::Method;
use serde_json::{Value, json};

use super::{Market, Person};
use crate::shop;

const NOTICES: &str = "/api/notifications";
const PREFERENCES: &str = "/api/notifications/preferences";

/// Kinds of all notices, in the words of the list, sorted.
async fn kinds(person: &Person) -> Vec<String> {
    let list = person.get(&format!("{NOTICES}?limit=200")).await;
    let notices = list["notifications"].as_array().unwrap().iter();
    let mut kinds: Vec<String> = notices
        .map(|notice| notice["kind"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    kinds
}

async fn verify(market: &Market, person: &Person) {
    let link = market.host.letter(&person.email, "verify-email", "link");
    let link = link.await;
    let path = link.strip_prefix("https://stoa.test").unwrap();
    let _ = market.host.anonymous().get(path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_is_welcomed_and_thanked_for_a_verified_address() {
    let market = Market::open().await;
    let ada = market.join("Ada").await;
    market.settled().await;
    assert_eq!(market.letters(&ada).await, ["Welcome to Stoa"]);
    let text = market.office.text(&ada.email, "Welcome to Stoa").await;
    assert!(text.unwrap().starts_with("Hello Ada,"));
    verify(&market, &ada).await;
    market.settled().await;
    let expected = ["Welcome to Stoa", "Your address is verified"];
    let mut letters = market.letters(&ada).await;
    letters.sort();
    assert_eq!(letters, expected);
    assert_eq!(kinds(&ada).await, ["address-verified", "welcome"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_is_told_of_every_turn_of_an_order() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let bea = market.join("Bea").await;
    let order = market.order(&bea, &[(&tool, 2)]).await;
    let number = bea.get(&format!("/api/orders/{order}")).await;
    let number = number["orderNumber"].as_str().unwrap().to_owned();
    // A card is declined, another one pays, and then the buyer thinks again.
    let intent = market.begin(&bea, &order).await;
    let declined = market.bank.pay_by(&intent, "pm_card_visa_chargeDeclined");
    let told = market.hear("evt_1", "payment_intent.payment_failed", &declined);
    assert_eq!(told.await, "applied");
    let seen = bea.get(&format!("/api/orders/{order}")).await;
    assert_eq!(seen["paymentStatus"], "failed");
    let paid = market.bank.pay(&intent);
    for (event, outcome) in [("evt_2", "applied"), ("evt_3", "unchanged")] {
        let told = market.hear(event, "payment_intent.succeeded", &paid).await;
        assert_eq!(told, outcome);
    }
    market.settled().await;
    market.cancel(&bea, &order).await;
    market.until_refunded(&bea, &order).await;
    let mut letters = market.letters(&bea).await;
    letters.sort();
    let mut expected = [
        "Welcome to Stoa".to_owned(),
        format!("Your order {number}"),
        "Your payment did not go through".to_owned(),
        format!("Receipt for order {number}"),
        "Tool is ready".to_owned(),
        format!("Your order {number} is cancelled"),
        format!("Refund for order {number}"),
    ];
    expected.sort();
    assert_eq!(letters, expected);
    let receipt = format!("Receipt for order {number}");
    let text = market.office.text(&bea.email, &receipt).await.unwrap();
    assert!(
        text.contains("39.98 USD") && text.contains("2 × Tool"),
        "{text}"
    );
    let failed = market
        .office
        .text(&bea.email, "Your payment did not go through");
    let failed = failed.await.unwrap();
    assert!(failed.contains("Nothing was charged"), "{failed}");
    assert!(!failed.contains(".."), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_is_told_of_every_decision() {
    let market = Market::open().await;
    let ada = market.applicant("Ada").await;
    let admin = market.host.admin();
    let reason = json!({ "reason": "No pictures." });
    let reject = async |path: String| {
        let _ = admin.post(&path, &reason).await.expect(200);
        market.settled().await;
    };
    reject(format!("/api/admin/vendors/{}/reject", ada.id)).await;
    let new = json!({ "name": "Ada\nagain" });
    let _ = ada
        .actor
        .post("/api/vendors/register", &new)
        .await
        .expect(201);
    market.approve("vendors", &ada.id).await;
    market.settled().await;
    let vera = market.again(&ada).await;
    // As long as a product's name may be, which is longer than a letter's subject.
    let long = "ü".repeat(200);
    let lamp = market.offer(&vera, json!({ "name": "Lamp" })).await;
    let desk = market.offer(&vera, json!({ "name": long })).await;
    market.approve("products", &lamp).await;
    market.settled().await;
    reject(format!("/api/admin/products/{desk}/reject")).await;
    let bea = market.join("Bea").await;
    let _ = market.buy(&bea, &[(&lamp, 1)]).await;
    market.settled().await;
    for (paid, amount) in [(true, 50), (false, 40)] {
        let wish = json!({ "amount": amount });
        let payout = vera.actor.post("/api/vendors/payouts", &wish).await;
        let payout = shop::id(&payout.json_of(201));
        let path = format!("/api/vendors/payouts/{payout}/decision");
        let _ = admin
            .post(&path, &json!({ "paid": paid }))
            .await
            .expect(200);
        market.settled().await;
    }
    let mut letters = market.letters(&vera).await;
    letters.sort();
    assert_eq!(
        letters[..6],
        [
            "Ada & Co was not accepted",
            "Ada again may sell",
            "Lamp is on sale",
            "Welcome to Stoa",
            "Your payout is on its way",
            "Your payout was rejected",
        ]
    );
    assert!(
        letters[6].starts_with("üü") && letters.len() == 7,
        "{letters:?}"
    );
    for subject in [&letters[0], &letters[6]] {
        let text = market.office.text(&vera.email, subject).await.unwrap();
        assert!(text.contains("No pictures."), "{text}");
    }
    let text = market.office.text(&vera.email, &letters[4]).await.unwrap();
    assert!(text.contains("50.00 USD"), "{text}");
    assert_eq!(
        kinds(&vera).await,
        [
            "payout-paid",
            "payout-rejected",
            "product-approved",
            "product-rejected",
            "vendor-approved",
            "vendor-rejected",
            "welcome",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_turn_off_what_they_need_not_answer() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let bea = market.join("Bea").await;
    let off = json!({ "lettersOff": ["licence-issued", "welcome"] });
    let kept = bea.actor.put(PREFERENCES, &off).await.json_of(200);
    assert_eq!(bea.get(PREFERENCES).await, kept);
    for essential in ["receipt", "payment-failed", "payout-paid"] {
        let all = json!({ "lettersOff": [essential] });
        let refused = bea.actor.put(PREFERENCES, &all).await;
        let _ = refused.problem(422, "unprocessable");
    }
    let unknown = r#"{"lettersOff":["gossip"]}"#;
    let refused = bea.actor.send(Method::PUT, PREFERENCES, unknown).await;
    assert_eq!(refused.status, 400);
    let _ = market.buy(&bea, &[(&tool, 1)]).await;
    market.settled().await;
    let letters = market.letters(&bea).await;
    assert!(letters.iter().any(|subject| subject.starts_with("Receipt")));
    assert!(
        !letters.contains(&"Tool is ready".to_owned()),
        "{letters:?}"
    );
    // The list has it nevertheless.
    assert!(kinds(&bea).await.contains(&"licence-issued".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_day_of_too_many_letters_the_list_tells_the_rest() {
    let market = Market::open_with(|builder| builder.letters_daily_max(1)).await;
    let ada = market.join("Ada").await;
    market.settled().await;
    verify(&market, &ada).await;
    market.settled().await;
    assert_eq!(market.letters(&ada).await, ["Welcome to Stoa"]);
    assert_eq!(kinds(&ada).await, ["address-verified", "welcome"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_read_by_whom_they_are_for() {
    let market = Market::open().await;
    let bea = market.join("Bea").await;
    let ben = market.join("Ben").await;
    market.settled().await;
    market.host.clock.advance(1_000);
    verify(&market, &bea).await;
    market.settled().await;
    let list = bea.get(NOTICES).await;
    assert_eq!(list["total"], 2);
    let newest = &list["notifications"][0];
    assert_eq!(
        (&newest["kind"], &newest["read"]),
        (&json!("address-verified"), &json!(false)),
    );
    let path = format!("{NOTICES}/{{id}}/read");
    let id = shop::id(newest);
    shop::looks_missing(&ben.actor, Method::POST, &path, "", &id).await;
    let path = path.replace("{id}", &id);
    for _ in 0..2 {
        let read = bea.actor.post(&path, &Value::Null).await.json_of(200);
        assert_eq!(read["read"], true);
    }
    let unread = bea.get(&format!("{NOTICES}?unread=true")).await;
    assert_eq!(
        (&unread["total"], &unread["notifications"][0]["kind"]),
        (&json!(1), &json!("welcome"))
    );
    let first = bea.get(&format!("{NOTICES}?limit=1")).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = bea.get(&format!("{NOTICES}?limit=1&cursor={cursor}")).await;
    assert_eq!(second["notifications"][0]["kind"], "welcome");
    let bad = bea.actor.get(&format!("{NOTICES}?cursor=garbage")).await;
    shop::assert_refused(bad, Some("cursor"), "cursor=garbage");
    let nobody = market.host.anonymous().get(NOTICES).await;
    let _ = nobody.problem(401, "unauthenticated");
}
