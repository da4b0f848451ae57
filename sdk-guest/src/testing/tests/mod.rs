//! The fakes keep to the host's rules.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod documents;
mod personal_data;
mod queries;
mod request;
mod settings;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Host;
use crate::storage::Collection;
use crate::{Request, Response, Result};

const MANIFEST: &str = r#"
    name = "sample"
    version = "0.1.0"
    capabilities = ["storage", "events", "cache"]
    raises = ["thing.made"]
    [collections.things]
    unique = [["name"], ["shop", "sku"]]
    [collections.brief]
    expiry_days = 2
    [settings.greeting]
    type = "string"
    default = "hello"
    [settings.limit]
    type = "integer"
"#;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Thing {
    name: String,
    #[serde(default)]
    stock: i64,
}

const THINGS: Collection<Thing> = Collection::new("things");
const VALUES: Collection<Value> = Collection::new("things");
const BRIEF: Collection<Value> = Collection::new("brief");

fn thing(name: &str, stock: i64) -> Thing {
    Thing {
        name: name.into(),
        stock,
    }
}

/// Runs in a request; what it writes is kept if `status` is a success.
fn in_request(host: &Host, handler: fn(&Request) -> Result<Response>) -> Result<Response> {
    host.request("any").send(handler)
}

const fn answer(status: u16) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    }
}
