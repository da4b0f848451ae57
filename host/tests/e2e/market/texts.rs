//! People who show that a number is theirs get texts there, and nobody else does.

use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::Store as _;

use super::{Market, Person};
use crate::carrier::{Carrier, NO_NUMBER, NUMBER};
use crate::events::until;
use crate::people::PASSWORD;
use crate::shop;

const PREFERENCES: &str = "/api/notifications/preferences";
const CODE: &str = "/api/notifications/phone/code";
const VERIFY: &str = "/api/notifications/phone/verify";

/// A marketplace that sends texts, with somebody who sells a tool.
struct Place {
    market: Market,
    carrier: Carrier,
    tool: String,
}

impl Place {
    async fn open() -> Self {
        let carrier = Carrier::open().await;
        let market = Market::open_with(|builder| carrier.next_to(builder)).await;
        let vera = market.vendor("Vera").await;
        let tool = market.sell_tool(&vera, json!({})).await;
        Self {
            market,
            carrier,
            tool,
        }
    }

    /// Has a code sent; when this returns it has left, or never will.
    async fn ask(&self, person: &Person) {
        let _ = person.actor.post(CODE, &Value::Null).await.expect(202);
        self.market.settled().await;
    }

    async fn verified(&self, name: &str, number: &str) -> Person {
        let person = self.market.join(name).await;
        enter(&person, number).await;
        self.ask(&person).await;
        let code = self.carrier.code(number, 1).await;
        let told = json!({ "code": code });
        let verdict = person.actor.post(VERIFY, &told).await.json_of(200);
        assert_eq!(verdict["verified"], true);
        self.market.settled().await;
        person
    }

    /// Orders the tool; answers the order's number when everybody has handled it.
    async fn order(&self, buyer: &Person) -> String {
        let order = self.market.order(buyer, &[(&self.tool, 1)]).await;
        let order = buyer.get(&format!("/api/orders/{order}")).await;
        self.market.settled().await;
        order["orderNumber"].as_str().unwrap().to_owned()
    }
}

async fn enter(person: &Person, number: &str) {
    let wish = json!({ "lettersOff": [], "phone": number, "sms": true });
    let _ = person.actor.put(PREFERENCES, &wish).await.expect(200);
}

fn confirmation(number: &str) -> String {
    format!("Thank you for your order {number} of 19.99 USD. Stoa")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_by_text_to_whom_the_number_is() {
    let place = Place::open().await;
    let bea = place.market.join("Bea").await;
    enter(&bea, NUMBER).await;
    let _ = place.order(&bea).await;
    assert_eq!(place.carrier.asked(), 0, "it may be anybody's number");
    place.ask(&bea).await;
    let code = place.carrier.code(NUMBER, 1).await;
    let told = json!({ "code": code });
    let verdict = bea.actor.post(VERIFY, &told).await.json_of(200);
    assert_eq!(verdict, json!({ "verified": true, "triesLeft": 4 }));
    let again = bea.actor.post(VERIFY, &told).await;
    let _ = again.problem(409, "already-verified");
    let number = place.order(&bea).await;
    let texts = place.carrier.texts(NUMBER);
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[1].starts_with("Welcome to Stoa!"), "{texts:?}");
    assert_eq!(texts[2], confirmation(&number));
    let letters = place.market.letters(&bea).await;
    assert!(letters.contains(&format!("Your order {number}")));
    // Others see none of it, and their orders are no news for her.
    let ben = place.market.join("Ben").await;
    assert_eq!(ben.get(PREFERENCES).await.get("phone"), None);
    let _ = place.order(&ben).await;
    // She has had enough.
    let off = json!({ "lettersOff": [], "sms": false });
    let kept = bea.actor.put(PREFERENCES, &off).await.json_of(200);
    let expected =
        json!({ "lettersOff": [], "phone": NUMBER, "phoneVerified": true, "sms": false });
    assert_eq!(kept, expected);
    let _ = place.order(&bea).await;
    assert_eq!(place.carrier.asked(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_sent_until_the_operator_says_so() {
    let carrier = Carrier::open().await;
    let market = Market::open_with(|builder| carrier.known_to(builder)).await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let bea = market.join("Bea").await;
    enter(&bea, NUMBER).await;
    let asked = bea.actor.post(CODE, &Value::Null).await;
    let _ = asked.problem(503, "not-configured");
    let _ = market.buy(&bea, &[(&tool, 1)]).await;
    market.settled().await;
    let letters = market.letters(&bea).await;
    assert!(letters.iter().any(|letter| letter.starts_with("Receipt")));
    assert_eq!(carrier.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_did_not_take_is_sent_again_and_what_it_may_have_taken_is_not() {
    let place = Place::open().await;
    let bea = place.verified("Bea", NUMBER).await;
    let before = place.carrier.asked();
    place.carrier.fails_twice();
    let first = place.order(&bea).await;
    until("it is taken at last", async || {
        place.market.host.clock.advance(1_000);
        let texts = place.carrier.texts(NUMBER);
        texts.contains(&confirmation(&first)).then_some(())
    })
    .await;
    assert_eq!(place.carrier.asked(), before + 3);

    let bea = place.market.again(&bea).await;
    place.carrier.loses_the_next_answer();
    let second = place.order(&bea).await;
    // Whatever was left for later is due before this one is.
    place.market.host.clock.advance(3_600_000);
    let bea = place.market.again(&bea).await;
    let third = place.order(&bea).await;
    let texts = place.carrier.texts(NUMBER);
    for number in [first, second, third] {
        let own = texts.iter().filter(|text| **text == confirmation(&number));
        assert_eq!(own.count(), 1, "{texts:?}");
    }
    assert_eq!(place.carrier.asked(), before + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_takes_no_texts_ends_the_matter() {
    let place = Place::open().await;
    let ada = place.market.join("Ada").await;
    enter(&ada, NO_NUMBER).await;
    place.ask(&ada).await;
    place.market.host.clock.advance(60_000);
    let bea = place.verified("Bea", NUMBER).await;
    assert_eq!(place.carrier.asked(), 3, "a code that is refused, and two");
    assert_eq!(ada.get(PREFERENCES).await["phoneVerified"], false);
    // She answers STOP, and the shop sees that, too.
    place.carrier.stop(NUMBER);
    let _ = place.order(&bea).await;
    let _ = place.order(&bea).await;
    assert_eq!(place.carrier.asked(), 4);
    assert_eq!(bea.get(PREFERENCES).await["sms"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_few_and_numbers_are_numbers() {
    let place = Place::open().await;
    let bea = place.market.join("Bea").await;
    let none = bea.actor.post(CODE, &Value::Null).await;
    let _ = none.problem(404, "not-found");
    let bad = json!({ "lettersOff": [], "phone": "0151 2345678" });
    let refused = bea.actor.put(PREFERENCES, &bad).await;
    shop::assert_refused(refused, Some("phone"), "no E.164");
    enter(&bea, NUMBER).await;
    for _ in 0..3 {
        place.ask(&bea).await;
    }
    let fourth = bea.actor.post(CODE, &Value::Null).await;
    let _ = fourth.problem(429, "too-many-codes");
    let ben = place.market.join("Ben").await;
    enter(&ben, NUMBER).await;
    let fourth = ben.actor.post(CODE, &Value::Null).await;
    let _ = fourth.problem(429, "too-many-codes");
    assert_eq!(place.carrier.texts(NUMBER).len(), 3);
    // Of three, the last one counts.
    let code = place.carrier.code(NUMBER, 3).await;
    let told = json!({ "code": code });
    let not_his = ben.actor.post(VERIFY, &told).await;
    let _ = not_his.problem(409, "no-code");
    let verdict = bea.actor.post(VERIFY, &told).await.json_of(200);
    assert_eq!(verdict["verified"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_taken_along_and_forgotten_with_its_account() {
    let place = Place::open().await;
    let bea = place.verified("Bea", NUMBER).await;
    let export = bea.get("/api/auth/export").await;
    assert_eq!(
        export["data"]["notifications"]["main"]["phone"],
        json!({ "number": NUMBER, "verified": true, "sms": true })
    );
    let phones = CollectionName::new("notifications", "phones");
    let main = TenantId::parse("main").unwrap();
    let is_kept = async || {
        let unit = place.market.host.store.begin(&main).await.unwrap();
        unit.get(&phones, &bea.id).await.unwrap().is_some()
    };
    assert!(is_kept().await);
    let body = json!({ "password": PASSWORD }).to_string();
    let path = "/api/auth/account";
    let erased = bea.actor.send(http::Method::DELETE, path, body).await;
    let _ = erased.expect(204);
    place.market.settled().await;
    assert!(!is_kept().await);
}
