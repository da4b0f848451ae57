//! The catalogue's stories, told through its handlers over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod allowance;
mod categories;
mod demo;
mod details;
mod interface;
mod inventory;
mod lists;
mod moderation;
mod personal;
mod reviews;
mod uploads;
mod writes;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, RequestBuilder};
use stoa_guest::{Problem, Response, Result, merge_patch};

/// A shop with a fake host, and those who visit it.
struct Shop(Host);

/// Who asks.
#[derive(Clone, Copy)]
enum Who {
    Anybody,
    Admin,
    Vendor(&'static str),
    User(&'static str),
}

impl Shop {
    fn new() -> Self {
        Self(Host::of(include_str!("../../plugin.toml")))
    }

    fn by(&self, who: Who, handler: &str) -> RequestBuilder {
        let request = self.0.request(handler);
        match who {
            Who::Anybody => request,
            Who::Admin => request.account("root", "admin"),
            Who::Vendor(id) => request.account(id, "vendor"),
            Who::User(id) => request.user(id),
        }
    }

    /// A request about one product.
    fn about(&self, who: Who, handler: &str, id: &str, body: &Value) -> Result<Response> {
        self.by(who, handler)
            .param("id", id)
            .json(body)
            .send(crate::dispatch)
    }

    /// Adds a product with these members beside the least that it needs.
    fn try_add(&self, who: Who, members: Value) -> Result<Value> {
        let mut whole = json!({"name": "Watch", "category": "sport", "price": 10});
        merge_patch(&mut whole, members);
        self.0.advance(1);
        let answer = self
            .by(who, "create_product")
            .json(&whole)
            .send(crate::dispatch)?;
        assert_eq!(answer.status, 201);
        Ok(answer.json())
    }

    fn add(&self, who: Who, members: Value) -> Value {
        self.try_add(who, members).unwrap()
    }

    /// A product on sale under this id.
    fn on_sale(&self, id: &str, members: Value) -> Value {
        let mut whole = json!({ "id": id });
        merge_patch(&mut whole, members);
        self.add(Who::Admin, whole)
    }

    fn see(&self, who: Who, id: &str) -> Result<Value> {
        self.about(who, "get_product", id, &Value::Null)
            .map(|answer| answer.json())
    }

    fn list(&self, who: Who, query: &str) -> Result<Value> {
        self.by(who, "list_products")
            .query(query)
            .send(crate::dispatch)
            .map(|answer| answer.json())
    }

    /// The ids of a list, in its order.
    fn ids(&self, who: Who, query: &str) -> Vec<String> {
        ids(&self.list(who, query).unwrap())
    }

    fn event_names(&self) -> Vec<String> {
        self.0
            .events()
            .into_iter()
            .map(|event| event.name)
            .collect()
    }
}

fn ids(list: &Value) -> Vec<String> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_string())
        .collect()
}

/// A refusal's status, and the member it names or else its word.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> (u16, String) {
    let Problem {
        status,
        code,
        field,
        ..
    } = result.unwrap_err();
    (status, field.unwrap_or(code))
}

fn refusal(status: u16, word: &str) -> (u16, String) {
    (status, word.into())
}
