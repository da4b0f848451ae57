//! `/_standin/…`: what tests do by calling methods, for those who sit in another process.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::mishap::Mishap;
use crate::post::{Address, Order};
use crate::service::Service;

/// What is to become of webhooks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Webhooks {
    address: Option<Address>,
    hold: bool,
    release: Option<Order>,
    drop_next: Option<u32>,
    copies: Option<u32>,
    again: Option<String>,
}

/// What is to happen to the next request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    next: Mishap,
}

/// Answers what is for the stand-in itself; none of what is for the service.
pub fn serve(service: &dyn Service, call: &Call) -> Option<Reply> {
    let action = call.path.strip_prefix("/_standin/")?;
    let done = match action {
        "mishaps" => read::<Next>(call).map(|wanted| {
            service.mishap(wanted.next);
            json!({})
        }),
        "webhooks" => read(call).map(|wanted| webhooks(service, wanted)),
        "act" => read(call).and_then(|wanted| service.act(wanted)),
        _ => Err(format!("there is no {action}")),
    };
    Some(match done {
        Ok(body) => Reply::new(200, body),
        Err(reason) => Reply::new(400, json!({ "error": reason })),
    })
}

fn webhooks(service: &dyn Service, wanted: Webhooks) -> Value {
    let post = service.post();
    if let Some(address) = wanted.address {
        post.listen(address);
    }
    if wanted.hold {
        post.hold();
    }
    if let Some(count) = wanted.drop_next {
        post.drop_next(count);
    }
    if let Some(count) = wanted.copies {
        post.copies(count);
    }
    if let Some(order) = wanted.release {
        post.release(order);
    }
    if let Some(id) = wanted.again {
        post.again(&id);
    }
    json!({ "deliveries": post.deliveries() })
}

fn read<T: serde::de::DeserializeOwned>(call: &Call) -> Result<T, String> {
    let body = if call.body.is_empty() {
        b"{}"
    } else {
        &*call.body
    };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}
