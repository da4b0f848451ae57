//! Does the same deed however it is called: by a request, a message, an event, a schedule or another plugin.

use serde_json::{Value, json};
use stoa_guest::outbound::Method;
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

const THINGS: Collection<Value> = Collection::new("things");

/// How often a deed is tried.
const TIMES: u32 = 5;

/// Bytes of each thing that is stored.
const THING_BYTES: usize = 10_000;

/// Rounds of computing: some hundred milliseconds.
const ROUNDS: u64 = 100_000_000;

/// What it does not succeed in has no consequence: tests look at what is there afterwards.
fn act() {
    let deed = settings::get::<String>("deed").unwrap_or_default();
    for number in 0..TIMES {
        let number = number.to_string();
        match deed.as_str() {
            "raise" => drop(events::raise("sharer.told", &number, &json!({}))),
            "send" => drop(outbound::request("gate", Method::Get, &format!("/{number}")).send()),
            "store" => drop(THINGS.put(&number, &json!({ "text": "x".repeat(THING_BYTES) }))),
            _ => {}
        }
    }
    match deed.as_str() {
        "compute" => {
            let step = |sum: u64, round: u64| (sum ^ round).wrapping_mul(0x5851_f42d_4c95_7f2d);
            // Said, lest the compiler find that nobody needs it.
            log::info!("computed {}", (0..ROUNDS).fold(1, step));
        }
        "wait" => drop(outbound::request("gate", Method::Get, "/gate").send()),
        _ => {}
    }
}

fn asked() -> NoContent {
    act();
    NoContent
}

fn heard(_: Event<Value>) -> Result<()> {
    act();
    Ok(())
}

fn strike(_: Turn) -> Result<()> {
    act();
    Ok(())
}

impl provided::tax::Guest for Plugin {
    fn tax(_: provided::tax::Question) -> Result<i64, provided::tax::Error> {
        act();
        Ok(7)
    }
}
