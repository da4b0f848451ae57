//! Calls the interface that it is asked to call; the host's tests see what becomes of it.

use serde_json::{Value, json};
use stoa_guest::mail::Recipient;
use stoa_guest::outbound::Method;
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

const THINGS: Collection<Value> = Collection::new("things");

/// What the interface answers does not matter: it was reached.
fn reach(what: &str) {
    match what {
        "http" => drop(inbound::request_id()),
        "storage" => drop(THINGS.get("it")),
        "cache" => cache::remove("it"),
        "settings" => drop(settings::get::<String>("none")),
        "clock" => {
            let _ = clock::now_ms();
        }
        "random" => drop(random::ulid()),
        "log" => log::info!("touched"),
        "events" => drop(tell()),
        "http-client" => drop(outbound::request("gate", Method::Get, "/here").send()),
        "secrets" => drop(secrets::sign("hook", b"message")),
        "blobs" => drop(blobs::stat("it")),
        "mail" => drop(mail::send(
            Recipient::Address("a@b.example".into()),
            "Subject",
            "Text",
        )),
        "directory" => drop(directory::get("nobody")),
        "roles" => drop(roles::set_selling("nobody", true)),
        "plans" => drop(plans::list()),
        "live" => drop(live::push("toucher/news", "news", &json!({}))),
        _ => {}
    }
}

fn tell() -> Result<()> {
    events::raise("toucher.told", "key", &json!({}))
}

fn touch(Path(what): Path<String>) -> Json<Value> {
    reach(&what);
    Json(json!({ "touched": what }))
}

/// Touches once before and once after somebody elsewhere has answered.
fn wait(Path(what): Path<String>) -> Json<Value> {
    reach(&what);
    let _ = outbound::request("gate", Method::Get, "/gate").send();
    reach(&what);
    Json(json!({ "touched": what }))
}

/// One more of something.
fn count(what: &str) -> Result<()> {
    let before = THINGS
        .get(what)?
        .and_then(|known| known.get("times")?.as_u64());
    THINGS.put(what, &json!({ "times": before.unwrap_or(0) + 1 }))?;
    Ok(())
}

fn hear(event: Event<Value>) -> Result<()> {
    if event.payload.get("poisoned").is_some() {
        std::process::abort();
    }
    count("heard")
}

fn strike(_: Turn) -> Result<()> {
    count("struck")
}

fn heard() -> Result<Json<Value>> {
    Ok(Json(
        json!({ "heard": THINGS.get("heard")?, "struck": THINGS.get("struck")? }),
    ))
}

/// Fails as it is asked to, in the tenant that asks.
fn misdeed(Path(what): Path<String>) -> Result<NoContent> {
    match what.as_str() {
        "trap" => std::process::abort(),
        "spin" => loop {
            std::hint::black_box(0);
        },
        "wait" => {
            let _ = outbound::request("gate", Method::Get, "/gate").send();
            Ok(NoContent)
        }
        "poison" => events::raise(
            "toucher.told",
            &random::ulid(),
            &json!({ "poisoned": true }),
        )
        .map(|()| NoContent),
        "refuse" => Err(Problem::conflict("refused", "Not today.")),
        _ => Ok(NoContent),
    }
}

fn calm() -> Json<Value> {
    Json(json!({ "version": settings::get::<String>("version") }))
}

fn store(Path((id, bytes)): Path<(String, usize)>) -> Result<NoContent> {
    THINGS.put(&id, &json!({ "text": "x".repeat(bytes) }))?;
    Ok(NoContent)
}

fn forget(Path(id): Path<String>) -> Result<NoContent> {
    THINGS.delete(&id)?;
    Ok(NoContent)
}

/// How many of so many went through.
fn spend(Path((what, times)): Path<(String, u32)>) -> Json<Value> {
    let spent = (0..times).filter(|number| match what.as_str() {
        "events" => events::raise("toucher.told", &number.to_string(), &json!({})).is_ok(),
        "outbound" => {
            let path = format!("/{number}");
            outbound::request("gate", Method::Get, &path).send().is_ok()
        }
        _ => false,
    });
    Json(json!({ "spent": spent.count() }))
}
