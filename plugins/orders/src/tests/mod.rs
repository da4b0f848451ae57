//! The stories of orders, told through their handlers and their interface over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

pub mod cart;
pub mod catalog;
mod events;
mod free;
mod interface;
mod lists;
mod moves;
mod personal;
mod placing;
pub mod points;
mod prices;
mod unpaid;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, RequestBuilder};
use stoa_guest::{Problem, Response, Result};

use catalog::{product, sell, stock};

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// Who asks.
#[derive(Clone, Copy)]
enum Who {
    Buyer(&'static str),
    Vendor(&'static str),
    Admin,
}

const ANNA: Who = Who::Buyer("anna");

struct Shop(Host);

impl Shop {
    /// A shop that sells `watch` for 19.99, of which there are five, and `agent` for 5.00, both of `v1`, and
    /// `strap` of `v2` for 1.00, of which there are ten.
    fn new() -> Self {
        let mut strap = product("strap", 1_00, Some(10));
        strap.vendor_id = "v2".into();
        sell(vec![
            product("watch", 19_99, Some(5)),
            product("agent", 5_00, None),
            strap,
        ]);
        cart::set(Default::default());
        Self(Host::of(include_str!("../../plugin.toml")))
    }

    fn by(&self, who: Who, handler: &str) -> RequestBuilder {
        let request = self.0.request(handler);
        match who {
            Who::Buyer(id) => request.user(id),
            Who::Vendor(id) => request.account(id, "vendor"),
            Who::Admin => request.account("root", "admin"),
        }
    }

    fn try_place(&self, who: Who, body: Value) -> Result<Value> {
        self.0.advance(1);
        let answer = undoing(|| {
            self.by(who, "place_order")
                .json(&body)
                .send(crate::dispatch)
        })?;
        assert_eq!(answer.status, 201);
        Ok(answer.json())
    }

    fn place(&self, who: Who, items: &[(&str, u32)]) -> Value {
        self.try_place(who, json!({ "items": items_of(items) }))
            .unwrap()
    }

    /// The id of an order that is placed.
    fn placed(&self, who: Who, items: &[(&str, u32)]) -> String {
        id(&self.place(who, items))
    }

    fn about(&self, who: Who, handler: &str, id: &str, body: Value) -> Result<Value> {
        let request = self.by(who, handler).param("id", id);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        undoing(|| request.send(crate::dispatch)).map(|answer| answer.json())
    }

    fn see(&self, who: Who, id: &str) -> Result<Value> {
        self.about(who, "get_order", id, Value::Null)
    }

    fn cancel(&self, who: Who, id: &str) -> Result<Value> {
        self.about(who, "cancel_order", id, Value::Null)
    }

    fn move_to(&self, who: Who, id: &str, status: &str) -> Result<Value> {
        self.about(who, "move_order", id, json!({ "status": status }))
    }

    fn list(&self, who: Who, handler: &str, query: &str) -> Result<Value> {
        let request = self.by(who, handler).query(query);
        request.send(crate::dispatch).map(|answer| answer.json())
    }

    /// Lets the time to pay for an order be over, and delivers the event that says so.
    fn expire(&self, id: &str) {
        self.0.advance(60 * MINUTE_MS);
        self.deliver_expiry(id);
    }

    fn deliver_expiry(&self, id: &str) {
        let event = self.0.event("order.expiry").json(&json!({ "orderId": id }));
        event.deliver(crate::dispatch_event).unwrap();
    }

    fn event_names(&self) -> Vec<String> {
        self.0
            .events()
            .into_iter()
            .map(|event| event.name)
            .collect()
    }
}

/// As the host does, puts stock and carts back if the request fails.
fn undoing(act: impl FnOnce() -> Result<Response>) -> Result<Response> {
    let (products, carts) = (catalog::all(), cart::all());
    act().inspect_err(|_| {
        sell(products);
        cart::set(carts);
    })
}

fn items_of(items: &[(&str, u32)]) -> Value {
    let item = |(id, quantity): &(&str, u32)| json!({ "productId": id, "quantity": quantity });
    items.iter().map(item).collect()
}

fn id(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

/// A refusal's status and word, and the member it names.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> (u16, String, Option<String>) {
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
