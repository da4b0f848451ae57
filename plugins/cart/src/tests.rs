//! The cart's stories, told through its handlers over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use stoa_guest::testing::{Host, RequestBuilder};
use stoa_guest::{Problem, Response, Result};

use crate::Plugin;
use crate::fake_catalog::{product, sell};
use crate::provided::cart::{Guest as _, Owner};

/// Who shops: an account, a browser's session, or both.
#[derive(Clone, Copy)]
struct Who(Option<&'static str>, Option<&'static str>);

const ANNA: Who = Who(Some("anna"), None);
const BROWSER: Who = Who(None, Some("b1"));
const ANNA_IN_BROWSER: Who = Who(Some("anna"), Some("b1"));

struct Shop(Host);

impl Shop {
    /// A shop that sells `a` for 10.00 without stock and `b` for 2.50, of which there are five.
    fn new() -> Self {
        sell(&[product("a", 10_00, None), product("b", 2_50, Some(5))]);
        Self(Host::new())
    }

    fn by(&self, Who(account, session): Who, handler: &str) -> RequestBuilder {
        let request = self.0.request(handler);
        let request = account.into_iter().fold(request, RequestBuilder::user);
        session.into_iter().fold(request, RequestBuilder::session)
    }

    fn cart(&self, who: Who) -> Value {
        self.by(who, "view_cart")
            .send(crate::dispatch)
            .unwrap()
            .json()
    }

    fn add(&self, who: Who, product: &str, quantity: u32) -> Result<Value> {
        let body = json!({"productId": product, "quantity": quantity});
        answer(self.by(who, "add_item").json(&body).send(crate::dispatch))
    }

    fn change(&self, who: Who, item: &str, quantity: u32) -> Result<Value> {
        let body = json!({"quantity": quantity});
        answer(
            self.by(who, "change_item")
                .param("id", item)
                .json(&body)
                .send(crate::dispatch),
        )
    }

    fn remove(&self, who: Who, item: &str) -> Result<Value> {
        answer(
            self.by(who, "remove_item")
                .param("id", item)
                .send(crate::dispatch),
        )
    }

    fn clear(&self, who: Who) -> Value {
        self.by(who, "clear_cart")
            .send(crate::dispatch)
            .unwrap()
            .json()
    }
}

fn answer(result: Result<Response>) -> Result<Value> {
    result.map(|response| response.json())
}

/// What is in a cart, such as `a*2 b*1`.
fn content(cart: &Value) -> String {
    let items = cart["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            format!(
                "{}*{}",
                item["productId"].as_str().unwrap(),
                item["quantity"]
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A refusal's status and word, and the member it names.
fn refused(result: Result<Value>) -> (u16, String, Option<String>) {
    let Problem {
        status,
        code,
        field,
        ..
    } = result.unwrap_err();
    (status, code, field)
}

fn refusal(status: u16, code: &str, field: Option<&str>) -> (u16, String, Option<String>) {
    (status, code.into(), field.map(Into::into))
}

#[test]
fn an_untouched_cart_is_empty_and_not_kept() {
    let cart = Shop::new().cart(BROWSER);
    assert_eq!(
        cart,
        json!({"items": [], "itemCount": 0, "subtotal": 0, "tax": 0, "taxRate": 0.0, "total": 0, "currency": "USD"})
    );
}

#[test]
fn what_is_added_costs_what_the_catalogue_says() {
    let shop = Shop::new();
    shop.0.set("tax_percent", 19);
    shop.add(ANNA, "a", 2).unwrap();
    let cart = shop.add(ANNA, "b", 1).unwrap();
    assert_eq!(content(&cart), "a*2 b*1");
    for (name, expected) in [
        ("userId", json!("anna")),
        ("itemCount", json!(3)),
        ("subtotal", json!(22.5)),
        ("taxRate", json!(19.0)),
        ("tax", json!(4.28)),
        ("total", json!(26.78)),
        ("currency", json!("USD")),
        ("updatedAt", json!("2026-01-01T00:00:00.000Z")),
        ("expiresAt", json!("2026-01-08T00:00:00.000Z")),
    ] {
        assert_eq!(cart[name], expected, "{name}");
    }
    assert_eq!(shop.cart(ANNA), cart);
    let item = &cart["items"][0];
    assert_eq!(
        (&item["name"], &item["price"], &item["subtotal"]),
        (&json!("a now"), &json!(10), &json!(20))
    );
    assert_eq!(
        (&item["vendorId"], &item["thumbnail"], &item["available"]),
        (&json!("v"), &json!("/t.png"), &json!(true))
    );
}

#[test]
fn a_tax_that_makes_no_sense_sells_nothing() {
    for percent in [json!(-1), json!(100.5)] {
        let shop = Shop::new();
        shop.0.set("tax_percent", percent.clone());
        let result = answer(shop.by(ANNA, "view_cart").send(crate::dispatch));
        assert_eq!(refused(result), refusal(500, "internal", None), "{percent}");
    }
}

#[test]
fn the_same_product_adds_up_in_one_item() {
    let shop = Shop::new();
    let first = shop.add(ANNA, "b", 2).unwrap();
    let second = shop.add(ANNA, "b", 3).unwrap();
    assert_eq!(content(&second), "b*5");
    assert_eq!(second["items"][0]["id"], first["items"][0]["id"]);
    assert_eq!(second["id"], first["id"]);
}

#[test]
fn one_piece_is_meant_when_no_quantity_is_said() {
    let shop = Shop::new();
    let cart = shop
        .by(ANNA, "add_item")
        .json(&json!({"productId": "a"}))
        .send(crate::dispatch)
        .unwrap()
        .json();
    assert_eq!(content(&cart), "a*1");
}

#[test]
fn quantities_have_bounds() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 998).unwrap();
    let out_of_bounds = refusal(400, "invalid-request", Some("quantity"));
    assert_eq!(refused(shop.add(ANNA, "a", 2)), out_of_bounds);
    for quantity in [0, 1_000, u32::MAX] {
        assert_eq!(refused(shop.add(ANNA, "a", quantity)), out_of_bounds);
        assert_eq!(refused(shop.change(ANNA, "a", quantity)), out_of_bounds);
    }
    assert_eq!(content(&shop.cart(ANNA)), "a*998");
}

#[test]
fn nobody_puts_more_into_a_cart_than_there_is() {
    let shop = Shop::new();
    shop.add(ANNA, "b", 4).unwrap();
    let scarce = refusal(409, "out-of-stock", Some("quantity"));
    assert_eq!(refused(shop.add(ANNA, "b", 2)), scarce);
    assert_eq!(refused(shop.change(ANNA, "b", 6)), scarce);
    assert_eq!(content(&shop.change(ANNA, "b", 5).unwrap()), "b*5");
}

#[test]
fn what_a_client_says_beside_product_and_quantity_is_refused() {
    let shop = Shop::new();
    for (body, field) in [
        (json!({"productId": "a", "price": 0.01}), "price"),
        (json!({"productId": "a", "quantity": -1}), "quantity"),
        (json!({"productId": "a", "quantity": 1.5}), "quantity"),
        (json!({"quantity": 1}), "productId"),
        (json!({"productId": 7}), "productId"),
    ] {
        let result = answer(shop.by(ANNA, "add_item").json(&body).send(crate::dispatch));
        assert_eq!(
            refused(result),
            refusal(400, "invalid-request", Some(field)),
            "{body}"
        );
    }
}

#[test]
fn missing_products_and_items_are_not_found() {
    let shop = Shop::new();
    let missing = refusal(404, "not-found", None);
    assert_eq!(refused(shop.add(ANNA, "nothing", 1)), missing);
    assert_eq!(refused(shop.change(ANNA, "a", 1)), missing);
    assert_eq!(refused(shop.remove(ANNA, "a")), missing);
}

#[test]
fn items_are_changed_and_removed_by_their_ids_or_their_products() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    let cart = shop.add(ANNA, "b", 1).unwrap();
    let item = cart["items"][0]["id"].as_str().unwrap();
    assert_eq!(content(&shop.change(ANNA, item, 7).unwrap()), "a*7 b*1");
    assert_eq!(content(&shop.change(ANNA, "b", 2).unwrap()), "a*7 b*2");
    assert_eq!(content(&shop.remove(ANNA, item).unwrap()), "b*2");
    assert_eq!(content(&shop.remove(ANNA, "b").unwrap()), "");
}

#[test]
fn prices_follow_the_catalogue_and_what_vanished_costs_nothing() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(ANNA, "b", 3).unwrap();
    sell(&[product("a", 12_00, None), product("b", 2_50, Some(2))]);
    let cart = shop.cart(ANNA);
    assert_eq!(
        (
            &cart["total"],
            &cart["items"][1]["available"],
            &cart["items"][1]["stock"]
        ),
        (&json!(12), &json!(false), &json!(2))
    );
    sell(&[product("b", 2_50, Some(9))]);
    let cart = shop.cart(ANNA);
    assert_eq!(
        (&cart["total"], &cart["items"][0]["available"]),
        (&json!(7.5), &json!(false))
    );
    assert_eq!(content(&shop.remove(ANNA, "a").unwrap()), "b*3");
}

#[test]
fn everybody_has_a_cart_of_their_own() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(Who(Some("ben"), None), "a", 2).unwrap();
    shop.add(BROWSER, "a", 3).unwrap();
    // An account that is called as another's session is somebody else.
    shop.add(Who(Some("b1"), None), "a", 4).unwrap();
    assert_eq!(content(&shop.cart(ANNA)), "a*1");
    assert_eq!(content(&shop.cart(BROWSER)), "a*3");
    assert!(
        !shop.cart(BROWSER).to_string().contains("b1"),
        "the session is a secret"
    );
}

#[test]
fn what_was_collected_before_signing_in_comes_along_once() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(BROWSER, "a", 2).unwrap();
    shop.add(BROWSER, "b", 1).unwrap();
    assert_eq!(content(&shop.cart(ANNA_IN_BROWSER)), "a*3 b*1");
    assert_eq!(content(&shop.cart(ANNA_IN_BROWSER)), "a*3 b*1");
    assert_eq!(content(&shop.cart(ANNA)), "a*3 b*1");
    assert_eq!(content(&shop.cart(BROWSER)), "");
}

#[test]
fn carts_of_two_currencies_are_not_mixed() {
    let shop = Shop::new();
    let mut euro = product("e", 1_00, None);
    euro.price.currency = "EUR".into();
    sell(&[product("a", 10_00, None), euro]);
    shop.add(ANNA, "a", 1).unwrap();
    assert_eq!(
        refused(shop.add(ANNA, "e", 1)),
        refusal(409, "mixed-currencies", None)
    );
    assert_eq!(shop.add(BROWSER, "e", 1).unwrap()["currency"], json!("EUR"));
    assert_eq!(content(&shop.cart(ANNA_IN_BROWSER)), "a*1");
    // Who orders the one does not lose the other.
    Plugin::clear(owner(ANNA_IN_BROWSER)).unwrap();
    assert_eq!(content(&shop.cart(BROWSER)), "e*1");
    assert_eq!(content(&shop.cart(ANNA_IN_BROWSER)), "e*1");
}

#[test]
fn clearing_forgets_the_cart_and_what_the_session_collected() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(BROWSER, "b", 1).unwrap();
    assert_eq!(content(&shop.clear(ANNA_IN_BROWSER)), "");
    assert_eq!(content(&shop.cart(ANNA_IN_BROWSER)), "");
    assert_eq!(content(&shop.cart(BROWSER)), "");
}

#[test]
fn nobody_without_account_or_session_has_a_cart() {
    let shop = Shop::new();
    let result = answer(shop.by(Who(None, None), "view_cart").send(crate::dispatch));
    assert_eq!(refused(result), refusal(401, "unauthenticated", None));
}

fn owner(Who(account, session): Who) -> Owner {
    Owner {
        account: account.unwrap_or_default().into(),
        session: session.map(Into::into),
    }
}

/// What another plugin is told of a cart, such as `a*2 b*1`.
fn told(who: Who) -> String {
    let lines = Plugin::contents(owner(who)).unwrap();
    let line =
        |line: &crate::provided::cart::Line| format!("{}*{}", line.product_id, line.quantity);
    lines.iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn another_plugin_is_told_what_its_caller_would_see() {
    let shop = Shop::new();
    assert_eq!(told(ANNA), "");
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(BROWSER, "b", 2).unwrap();
    shop.add(Who(Some("ben"), None), "a", 7).unwrap();
    assert_eq!(told(ANNA), "a*1");
    assert_eq!(told(ANNA_IN_BROWSER), "a*1 b*2");
    assert_eq!(
        content(&shop.cart(ANNA)),
        "a*1 b*2",
        "it came along for good"
    );
}

#[test]
fn another_plugin_empties_a_cart_and_no_other() {
    let shop = Shop::new();
    shop.add(ANNA, "a", 1).unwrap();
    shop.add(BROWSER, "b", 2).unwrap();
    shop.add(Who(Some("ben"), None), "a", 7).unwrap();
    Plugin::clear(owner(ANNA_IN_BROWSER)).unwrap();
    assert_eq!((told(ANNA), told(BROWSER)), (String::new(), String::new()));
    assert_eq!(told(Who(Some("ben"), None)), "a*7");
    Plugin::clear(owner(ANNA_IN_BROWSER)).unwrap();
}

#[test]
fn a_cart_of_nobody_is_no_cart() {
    let _shop = Shop::new();
    assert!(Plugin::contents(owner(Who(None, None))).is_err());
    assert!(Plugin::clear(owner(Who(None, None))).is_err());
}

#[test]
fn somebody_is_told_their_cart_and_it_is_forgotten_with_them() {
    let shop = Shop(Host::of(include_str!("../plugin.toml")));
    sell(&[product("a", 10_00, None)]);
    shop.add(ANNA, "a", 2).unwrap();
    shop.add(BROWSER, "a", 1).unwrap();
    assert_eq!(crate::personal_data("b1").unwrap(), json!({}));
    let kept = crate::personal_data("anna").unwrap();
    let (name, cart) = (&kept["cart"][0]["name"], kept["cart"].as_array().unwrap());
    assert_eq!(
        cart,
        &[json!({"productId": "a", "name": name, "quantity": 2, "price": 10, "currency": "USD"})]
    );
    let erase = |source: &str| {
        let event = shop.0.event("user.erased").source(source);
        let event = event.json(&json!({"userId": "anna"}));
        event.deliver(crate::dispatch_event).unwrap();
        content(&shop.cart(ANNA))
    };
    assert_eq!(erase("somebody"), "a*2");
    assert_eq!([erase("host"), erase("host")], ["", ""]);
    assert_eq!(crate::personal_data("anna").unwrap(), json!({}));
    assert_eq!(content(&shop.cart(BROWSER)), "a*1");
}
