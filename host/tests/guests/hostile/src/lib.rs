//! Does what no plugin should, one handler per misdeed. Each has a test that says what becomes of it.

use serde_json::{Value, json};
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

const THINGS: Collection<Value> = Collection::new("things");
const FOREIGN: Collection<Value> = Collection::new("products");

/// Something that the optimiser can't see through.
fn opaque<T>(value: T) -> T {
    std::hint::black_box(value)
}

fn spin() -> NoContent {
    let mut count = 0_u64;
    while opaque(true) {
        count = opaque(count.wrapping_add(1));
    }
    NoContent
}

/// Computes for nearly as long as it may, and is done: nothing that would have it kept from serving.
fn labour() -> NoContent {
    let (until, mut count) = (clock::now_ms() + 900, 0_u64);
    while clock::now_ms() < until {
        for _ in 0..1_000_000 {
            count = opaque(count.wrapping_add(1));
        }
    }
    NoContent
}

fn allocate() -> NoContent {
    let mut held = Vec::new();
    while opaque(true) {
        held.push(opaque(vec![1_u8; 1 << 20]));
    }
    NoContent
}

fn recurse() -> Text {
    fn deeper(depth: u64) -> u64 {
        let frame = opaque([depth; 64]);
        if opaque(true) {
            deeper(depth + 1) + frame.iter().sum::<u64>()
        } else {
            depth
        }
    }
    Text(deeper(0).to_string())
}

#[expect(clippy::panic, reason = "that is its misdeed")]
fn crash() -> NoContent {
    if opaque(true) {
        panic!("on purpose");
    }
    NoContent
}

fn flood_log() -> NoContent {
    let line = "\u{1b}[31mnot the host's own line\n".repeat(400);
    for _ in 0..1_000 {
        log::info!("{line}");
    }
    NoContent
}

fn impossible_status() -> Response {
    Response {
        status: 42,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

fn split_header() -> Response {
    let header = (
        "x-fine".to_string(),
        "yes\r\nset-cookie: admin=1".to_string(),
    );
    Response {
        status: 200,
        headers: vec![header],
        body: Vec::new(),
    }
}

fn huge_answer() -> Response {
    Response {
        status: 200,
        headers: Vec::new(),
        body: vec![b'x'; 1 << 20],
    }
}

fn call_without_end() -> Text {
    let mut last = 0;
    while opaque(true) {
        last = clock::now_ms();
    }
    Text(last.to_string())
}

fn pass_without_end() -> NoContent {
    let value = vec![7_u8; 200 << 10];
    while opaque(true) {
        cache::set_bytes("same", &value, 1_000);
    }
    NoContent
}

fn foreign_collection() -> Result<Json<Value>> {
    let found = FOREIGN.get("p1");
    Ok(Json(json!({ "refused": found.is_err() })))
}

fn unlisted_event() -> Result<Json<Value>> {
    let raised = events::raise("order.created", "k", &json!({}));
    Ok(Json(json!({ "refused": raised.is_err() })))
}

fn write_without_end() -> Result<NoContent> {
    for number in 0..1_000_000 {
        THINGS.put(&number.to_string(), &json!({ "n": number }))?;
    }
    Ok(NoContent)
}

fn write_then_crash() -> Result<NoContent> {
    THINGS.put("crashed", &json!({ "written": true }))?;
    Ok(crash())
}

fn write_then_fail() -> Result<NoContent> {
    THINGS.put("failed", &json!({ "written": true }))?;
    events::raise("hostile.happened", "failed", &json!({}))?;
    Err(Problem::conflict(
        "on-purpose",
        "This fails after it has written.",
    ))
}

fn impossible_query() -> Result<Json<Value>> {
    let found = THINGS
        .query()
        .filter(eq("a`; REMOVE TABLE c_hostile_things; --", 1))
        .run();
    Ok(Json(json!({ "refused": found.is_err() })))
}

/// Names that might lead to what is another plugin's or another tenant's.
fn guess() -> Result<Json<Value>> {
    const GUESSES: &[Collection<Value>] = &[
        Collection::new("products"),
        Collection::new("../products"),
        Collection::new("c_hostile_things"),
        Collection::new("c_products_products"),
        Collection::new("hostile/things"),
        Collection::new("things\0"),
        Collection::new("things "),
        Collection::new("THINGS"),
        Collection::new("\u{ff54}hings"),
        Collection::new("thing"),
        Collection::new("things_"),
        Collection::new("platform:accounts"),
        Collection::new(""),
    ];
    let mut answers = GUESSES.iter().map(|guess| {
        let read = guess.get("it").is_err();
        read && guess.put("it", &json!({})).is_err()
    });
    Ok(Json(json!({ "refused": answers.all(|refused| refused) })))
}

/// Statements as ids, values and keys: they are kept as they are, and do nothing.
fn inject() -> Result<NoContent> {
    const STATEMENTS: &[&str] = &[
        "'; REMOVE TABLE c_hostile_things; --",
        "\"; DELETE c_hostile_things; //",
        "`; THROW 'gone'; `",
        "$value",
        "type::thing('c_hostile_things', 'kept')",
        "\\u0027 OR 1 = 1",
    ];
    THINGS.put("kept", &json!({ "text": "kept" }))?;
    for statement in STATEMENTS {
        let thing = json!({ "text": statement, (*statement): true });
        THINGS.put(statement, &thing)?;
        let found = THINGS.query().filter(eq("text", *statement)).run()?;
        if THINGS.get(statement)?.as_ref() != Some(&thing) || found.items.len() != 1 {
            return Err(Problem::conflict("harmed", "A statement was no text."));
        }
    }
    match THINGS.get("kept")? {
        Some(_) => Ok(NoContent),
        None => Err(Problem::conflict("harmed", "Something is gone.")),
    }
}

/// An extension point, filled by somebody who means no good.
impl provided::tax::Guest for Plugin {
    fn tax(question: provided::tax::Question) -> Result<i64, provided::tax::Error> {
        // Nobody should find this.
        let _ = THINGS.put("tax", &json!({ "left": "behind" }));
        match question.country.as_deref() {
            Some("SPIN") => {
                spin();
                Ok(0)
            }
            Some("CRASH") => {
                crash();
                Ok(0)
            }
            // Where nobody lives.
            Some("AQ") => Ok(-1_000_000),
            Some("BV") => Ok(i64::MAX),
            Some("REFUSE") => Err(provided::tax::Error::Refused("not there".into())),
            _ => Ok(question.shipping_minor + 7),
        }
    }
}
