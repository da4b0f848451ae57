//! The stories of customers, told through their handlers over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

pub mod orders;
mod personal;

use serde_json::{Value, json};
use stoa_guest::Result;
use stoa_guest::testing::Host;

struct Shop(Host);

impl Shop {
    fn new() -> Self {
        orders::forget();
        Self(Host::of(include_str!("../../plugin.toml")))
    }

    fn ask(&self, handler: &str, id: &str, body: Value) -> Result<Value> {
        let request = self.0.request(handler).account("root", "admin");
        let request = if id.is_empty() {
            request
        } else {
            request.param("id", id)
        };
        let answer = request.json(&body).send(crate::dispatch);
        answer.map(|answer| answer.json())
    }

    fn create(&self, body: Value) -> Result<Value> {
        self.0.advance(1);
        self.ask("create_customer", "", body)
    }

    fn see(&self, id: &str) -> Result<Value> {
        self.ask("get_customer", id, Value::Null)
    }

    fn change(&self, id: &str, body: Value) -> Result<Value> {
        self.ask("change_customer", id, body)
    }

    fn list(&self, query: &str) -> Result<Value> {
        let request = self.0.request("list_customers").query(query);
        request.send(crate::dispatch).map(|answer| answer.json())
    }

    /// The ids of a list.
    fn ids(&self, query: &str) -> Vec<String> {
        let list = self.list(query).unwrap();
        list["items"].as_array().unwrap().iter().map(id).collect()
    }

    fn hear(&self, event: &str, told: Value) {
        self.0.advance(1);
        let event = self.0.event(event).json(&told);
        event.deliver(crate::dispatch_event).unwrap();
    }

    /// Somebody signs up.
    fn join(&self, user: &str, email: &str) {
        self.hear(
            "user.registered",
            json!({ "userId": user, "email": email, "name": user }),
        );
    }

    /// Somebody orders something for so many minor units, and it is told.
    fn order(&self, buyer: &str, minor: i64) {
        orders::order(buyer, "pending", minor, "USD");
        let told = json!({ "buyerId": buyer, "buyerEmail": format!("{buyer}@example.com"), "orderId": "o" });
        self.hear("order.created", told);
    }
}

fn id(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

/// A refusal's status, and the member it names or else its word.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> (u16, String) {
    let problem = result.unwrap_err();
    (problem.status, problem.field.unwrap_or(problem.code))
}

fn refusal(status: u16, word: &str) -> (u16, String) {
    (status, word.into())
}

#[test]
fn an_administrator_makes_changes_and_deletes_a_customer() {
    let shop = Shop::new();
    let made = shop
        .create(json!({"email": " Ada@Example.org ", "name": "Ada", "phone": "+44 20", "address": "1 Square\nLondon"}))
        .unwrap();
    for (name, expected) in [
        ("email", json!("ada@example.org")),
        ("name", json!("Ada")),
        ("address", json!("1 Square\nLondon")),
        ("tier", json!("Bronze")),
        ("vip_tier", json!("Bronze")),
        ("total_spent", json!(0)),
        ("currency", json!("USD")),
        ("created_at", json!("2026-01-01T00:00:00.001Z")),
    ] {
        assert_eq!(made[name], expected, "{name}");
    }
    let id = id(&made);
    assert_eq!(shop.see(&id).unwrap(), made);
    let changed = shop
        .change(&id, json!({"name": "Ada L.", "phone": null}))
        .unwrap();
    assert_eq!(
        (&changed["name"], &changed["phone"], &changed["email"]),
        (&json!("Ada L."), &Value::Null, &made["email"])
    );
    let delete = || {
        let request = shop.0.request("delete_customer").param("id", &id);
        request.send(crate::dispatch)
    };
    assert_eq!(delete().unwrap().status, 204);
    assert_eq!(delete().unwrap_err().status, 404);
    assert_eq!(refused(shop.see(&id)), refusal(404, "not-found"));
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let shop = Shop::new();
    let made = shop.create(json!({"email": "ada@example.org"})).unwrap();
    for (body, field) in [
        (json!({"email": "nobody"}), "email"),
        (json!({"email": " "}), "email"),
        (json!({"email": 7}), "email"),
        (
            json!({"email": format!("{}@example.org", "x".repeat(250))}),
            "email",
        ),
        (json!({"email": "a@b.c", "name": "x".repeat(201)}), "name"),
        (json!({"email": "a@b.c", "name": "a\u{0}b"}), "name"),
        (json!({"email": "a@b.c", "tier": "x".repeat(41)}), "tier"),
        (json!({"email": "a@b.c", "phone": "1".repeat(33)}), "phone"),
        (
            json!({"email": "a@b.c", "address": "x".repeat(501)}),
            "address",
        ),
        (json!({"email": "a@b.c", "total_spent": 1}), "total_spent"),
    ] {
        assert_eq!(
            refused(shop.create(body.clone())),
            refusal(400, field),
            "{body}"
        );
        assert_eq!(
            refused(shop.change(&id(&made), body.clone())),
            refusal(400, field),
            "{body}"
        );
    }
    assert_eq!(refused(shop.create(json!({}))), refusal(400, "email"));
    assert_eq!(
        refused(shop.change(&id(&made), json!({"email": null}))),
        refusal(400, "email")
    );
    assert_eq!(
        refused(shop.create(json!({"email": "a@b.c", "account_id": ""}))),
        refusal(400, "account_id")
    );
    assert_eq!(refused(shop.change(&id(&made), json!([1]))).0, 400);
    assert_eq!(
        refused(shop.create(json!({"email": "ADA@example.org"}))),
        refusal(409, "email")
    );
    assert_eq!(shop.see(&id(&made)).unwrap(), made);
    for missing in ["nothing", "a\u{0}b", &"x".repeat(1_000)] {
        for handler in [
            "get_customer",
            "change_customer",
            "delete_customer",
            "list_orders",
        ] {
            assert_eq!(
                refused(shop.ask(handler, missing, json!({}))),
                refusal(404, "not-found")
            );
        }
    }
}

#[test]
fn who_signs_up_is_a_customer_once() {
    let shop = Shop::new();
    shop.join("anna", "Anna@example.com");
    shop.join("anna", "Anna@example.com");
    let anna = shop.see("anna").unwrap();
    assert_eq!(
        (&anna["email"], &anna["account_id"], &anna["name"]),
        (&json!("anna@example.com"), &json!("anna"), &json!("anna"))
    );
    shop.order("anna", 1_00);
    assert_eq!(shop.list("").unwrap()["total"], json!(1));
}

#[test]
fn a_record_made_by_hand_is_joined_to_the_account_that_has_its_address() {
    let shop = Shop::new();
    let made = shop
        .create(json!({"email": "anna@example.com", "phone": "+44 20"}))
        .unwrap();
    // Anybody may write an address.
    shop.join("anna", "Anna@example.com");
    shop.order("anna", 600_000);
    let unproven = shop.see("anna").unwrap();
    assert_eq!(
        (&unproven["email"], &unproven["vip_tier"]),
        (&Value::Null, &json!("Silver"))
    );
    assert_eq!(shop.see(&id(&made)).unwrap()["vip_tier"], "Bronze");
    let verified = json!({ "userId": "anna", "email": "Anna@example.com" });
    for _ in 0..2 {
        shop.hear("user.verified", verified.clone());
        let joined = shop.see(&id(&made)).unwrap();
        assert_eq!(
            (
                &joined["account_id"],
                &joined["name"],
                &joined["phone"],
                &joined["vip_tier"]
            ),
            (
                &json!("anna"),
                &json!("anna"),
                &made["phone"],
                &json!("Silver")
            )
        );
        assert_eq!(refused(shop.see("anna")), refusal(404, "not-found"));
    }
    // Another account with the same address joins nobody, and is still somebody.
    shop.join("impostor", "anna@example.com");
    shop.hear(
        "user.verified",
        json!({ "userId": "impostor", "email": "anna@example.com" }),
    );
    let other = shop.see("impostor").unwrap();
    assert_eq!(
        (&other["email"], &other["total_spent"]),
        (&Value::Null, &json!(0))
    );
    shop.change("impostor", json!({"name": "Who?"})).unwrap();
}

#[test]
fn a_joined_record_keeps_what_is_known_of_the_account_and_gains_what_it_lacks() {
    let shop = Shop::new();
    let made = json!({
        "email": "anna@example.com", "name": "A. Bell", "phone": "+44 20", "address": "1 Square", "tier": "Silver",
    });
    let made = shop.create(made).unwrap();
    shop.join("anna", "anna@example.com");
    shop.change("anna", json!({ "phone": "+44 30", "tier": "Gold" }))
        .unwrap();
    shop.hear(
        "user.verified",
        json!({ "userId": "anna", "email": "anna@example.com" }),
    );
    let joined = shop.see(&id(&made)).unwrap();
    for (name, expected) in [
        ("account_id", "anna"),
        ("name", "anna"),
        ("phone", "+44 30"),
        ("tier", "Gold"),
        ("email", "anna@example.com"),
        ("address", "1 Square"),
    ] {
        assert_eq!(joined[name], expected, "{name}");
    }
    assert_eq!(shop.ids("tier=Gold"), [id(&made)]);
}

#[test]
fn who_shows_an_address_that_nobody_has_is_known_by_it() {
    let shop = Shop::new();
    shop.hear(
        "user.verified",
        json!({ "userId": "ben", "email": "Ben@example.com" }),
    );
    assert_eq!(shop.see("ben").unwrap()["email"], "ben@example.com");
    shop.hear(
        "user.verified",
        json!({ "userId": "ben", "email": "no address" }),
    );
    assert_eq!(shop.list("").unwrap()["total"], json!(1));
}

#[test]
fn a_record_may_name_its_account() {
    let shop = Shop::new();
    orders::order("ben", "completed", 1_000_001, "USD");
    let made = shop
        .create(json!({"email": "ben@example.com", "account_id": "ben"}))
        .unwrap();
    assert_eq!(
        (id(&made).as_str(), &made["vip_tier"]),
        ("ben", &json!("Gold"))
    );
    let again = shop.create(json!({"email": "other@example.com", "account_id": "ben"}));
    assert_eq!(refused(again), refusal(409, "already-exists"));
}

#[test]
fn what_was_read_can_be_sent_back_and_leaves_the_tier_to_what_is_spent() {
    let shop = Shop::new();
    shop.join("anna", "anna@example.com");
    let mut read = shop.see("anna").unwrap();
    read["phone"] = json!("+44 20");
    let changed = shop.change("anna", read).unwrap();
    assert_eq!(
        (&changed["phone"], &changed["tier"]),
        (&json!("+44 20"), &json!("Bronze"))
    );
    shop.order("anna", 1_000_001);
    assert_eq!(shop.see("anna").unwrap()["tier"], "Gold");
    let rich = shop.change("anna", json!({ "total_spent": 1_000_000 }));
    assert_eq!(refused(rich), refusal(400, "total_spent"));
}

#[test]
fn spending_makes_the_tier_and_what_ended_does_not_count() {
    let shop = Shop::new();
    for (status, minor, currency) in [
        ("pending", 300_000, "USD"),
        ("completed", 300_000, "USD"),
        ("shipped", 400_001, "USD"),
        ("cancelled", 9_900_000, "USD"),
        ("refunded", 9_900_000, "USD"),
        ("completed", 9_900_000, "EUR"),
    ] {
        orders::order("anna", status, minor, currency);
    }
    shop.order("ben", 500_000);
    shop.join("anna", "anna@example.com");
    let anna = shop.see("anna").unwrap();
    assert_eq!(
        (&anna["total_spent"], &anna["vip_tier"], &anna["tier"]),
        (&json!(10000.01), &json!("Gold"), &json!("Gold"))
    );
    assert_eq!(shop.see("ben").unwrap()["vip_tier"], "Bronze");
    shop.0.set("currency", "EUR");
    assert_eq!(shop.see("anna").unwrap()["total_spent"], json!(99_000));
}

#[test]
fn lists_know_the_tier_as_of_the_last_order() {
    let shop = Shop::new();
    shop.order("anna", 500_001);
    shop.order("ben", 1_00);
    shop.create(json!({"email": "c@example.com", "tier": "Gold"}))
        .unwrap();
    assert_eq!(shop.ids("tier=Silver"), ["anna"]);
    assert_eq!(shop.ids("tier=Bronze"), ["ben"]);
    assert_eq!(shop.ids("tier=Gold").len(), 1);
    for word in ["gold", "GOLD"] {
        assert_eq!(shop.ids(&format!("tier={word}")), shop.ids("tier=Gold"));
    }
    assert_eq!(shop.ids("tier=platinum"), [""; 0]);
    assert_eq!(shop.ids("email=ANNA@example.com"), ["anna"]);
    assert_eq!(shop.ids("tier=Gold&email=anna@example.com"), [""; 0]);
    shop.order("anna", 500_000);
    assert_eq!(shop.ids("tier=Silver"), [""; 0]);
    orders::forget();
    shop.hear(
        "order.cancelled",
        json!({"buyerId": "anna", "orderId": "o"}),
    );
    shop.hear(
        "payment.refunded",
        json!({"buyerId": "ben", "orderId": "o"}),
    );
    assert_eq!(shop.ids("tier=Bronze"), ["ben", "anna"]);
    assert_eq!(
        shop.list("limit=1&offset=1").unwrap()["items"][0]["id"],
        "ben"
    );
    for (query, field) in [("limit=0", "limit"), ("offset=10001", "offset")] {
        assert_eq!(refused(shop.list(query)), refusal(400, field), "{query}");
    }
}

#[test]
fn what_went_back_in_part_is_not_spent() {
    let shop = Shop::new();
    shop.order("cleo", 500_001);
    assert_eq!(shop.ids("tier=Silver"), ["cleo"]);
    // The orders' sums know of it.
    orders::forget();
    orders::order("cleo", "processing", 500_000, "USD");
    shop.hear(
        "payment.partially-refunded",
        json!({"buyerId": "cleo", "orderId": "o"}),
    );
    assert_eq!(shop.ids("tier=Silver"), [""; 0]);
    assert_eq!(shop.see("cleo").unwrap()["total_spent"], 5_000);
}

#[test]
fn what_an_administrator_says_goes_before_what_was_spent() {
    let shop = Shop::new();
    shop.order("anna", 1_00);
    let said = shop.change("anna", json!({"tier": "Gold"})).unwrap();
    assert_eq!(
        (&said["tier"], &said["vip_tier"]),
        (&json!("Gold"), &json!("Bronze"))
    );
    shop.order("anna", 600_000);
    let after = shop.see("anna").unwrap();
    assert_eq!(
        (&after["tier"], &after["vip_tier"]),
        (&json!("Gold"), &json!("Silver"))
    );
    let taken_back = shop.change("anna", json!({"tier": null})).unwrap();
    assert_eq!(taken_back["tier"], "Silver");
}

#[test]
fn administrators_may_say_a_tier_that_nobody_earns() {
    let shop = Shop::new();
    shop.order("anna", 1_000_001);
    shop.join("ben", "ben@example.com");
    let said = shop.change("anna", json!({"tier": "Platinum"})).unwrap();
    assert_eq!(
        (&said["tier"], &said["vip_tier"]),
        (&json!("Platinum"), &json!("Gold"))
    );
    // It is there in every list, and after every order, as it was said.
    shop.order("anna", 1_00);
    let list = shop.list("tier=platinum").unwrap();
    assert_eq!(
        (&list["items"][0]["tier"], &list["total"]),
        (&json!("Platinum"), &json!(1))
    );
    assert_eq!(shop.ids("tier=gold"), [""; 0]);
    assert_eq!(shop.ids("tier=Bronze"), ["ben"]);
    assert_eq!(shop.ids("tier=iron"), [""; 0]);
    let back = shop.change("anna", json!({"tier": " "})).unwrap();
    assert_eq!(back["tier"], "Gold");
}

#[test]
fn a_customers_orders_are_those_of_the_account() {
    let shop = Shop::new();
    shop.order("anna", 12_50);
    shop.order("anna", 1_00);
    shop.order("ben", 1_00);
    let list = shop.ask("list_orders", "anna", Value::Null).unwrap();
    assert_eq!(
        (&list["total"], &list["items"][1]["total"]),
        (&json!(2), &json!(12.5))
    );
    assert_eq!(list["items"][0]["items"][0]["name"], "Watch");
    let page = shop
        .0
        .request("list_orders")
        .param("id", "anna")
        .query("limit=1&offset=1");
    let page = page.send(crate::dispatch).unwrap().json();
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["total"]),
        (1, &json!(2))
    );
    let made = shop.create(json!({"email": "c@example.com"})).unwrap();
    let none = shop.ask("list_orders", &id(&made), Value::Null).unwrap();
    assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)));
}
