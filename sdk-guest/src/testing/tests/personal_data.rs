//! What is kept about people.
#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

use serde_json::{Value, json};

use super::{THINGS, VALUES, thing};
use crate::clock;
use crate::events::Event;
use crate::personal_data::{Erased, Forgotten, Kept, TOLD_BYTES_MAX, TOLD_MAX, forget_some};
use crate::storage::{any, eq};
use crate::testing::Host;

fn told_by(name: &str, source: &str) -> Option<String> {
    let event = Event {
        id: "E".into(),
        name: name.into(),
        source: source.into(),
        key: String::new(),
        payload: Erased {
            user_id: "u1".into(),
        },
        raised_at_ms: 0,
        attempt: 1,
    };
    Erased::of(&event).map(Into::into)
}

#[test]
fn only_the_host_and_the_plugin_itself_say_whom_to_forget() {
    let _host = Host::new();
    assert_eq!(told_by("user.erased", "host").as_deref(), Some("u1"));
    assert_eq!(told_by("shop.forgetting", "shop").as_deref(), Some("u1"));
    for (name, source) in [
        ("user.erased", "user"),
        ("user.erased", "shop"),
        ("shop.forgetting", "other"),
        ("shop.forgetting", "host"),
    ] {
        assert_eq!(told_by(name, source), None, "{name} by {source}");
    }
}

#[test]
fn forgetting_goes_on_by_an_event_until_nothing_is_left() {
    let host = Host::new();
    for number in 0..5 {
        let id = format!("t{number}");
        let _ = THINGS.create(&id, &thing(&id, 0)).unwrap();
    }
    let some = || {
        forget_some(THINGS.query().filter(any()), 2, |stored| {
            THINGS.delete(&stored.id)?;
            Ok(())
        })
        .unwrap()
    };
    assert_eq!([some(), some(), some(), some()], [true, true, false, false]);
    Erased::go_on_if(false, "shop.forgetting", "u1").unwrap();
    assert!(host.events().is_empty());
    Erased::go_on_if(true, "shop.forgetting", "u1").unwrap();
    let raised = host.events().pop().unwrap();
    assert_eq!(
        (raised.name.as_str(), raised.key.as_str(), raised.payload),
        ("shop.forgetting", "u1", json!({ "userId": "u1" }))
    );
}

#[test]
fn what_is_kept_is_told_whole_or_says_that_it_is_cut() {
    let _host = Host::new();
    let all = || VALUES.query().sort_asc("n");
    let told = Kept::new().one("nothing", None::<Value>).unwrap();
    let told = told.list("things", all(), |stored| stored.value).unwrap();
    assert_eq!(told.told(), json!({}));
    for n in 0..TOLD_MAX + 1 {
        let _ = VALUES.create(&format!("{n}"), &json!({ "n": n })).unwrap();
    }
    let few = all().filter(eq("n", 7));
    let told = Kept::new().one("name", Some("Ann")).unwrap();
    let told = told.list("few", few, |stored| stored.value).unwrap();
    let told = told.list("many", all(), |stored| stored.id).unwrap().told();
    assert_eq!(told["few"], json!([{ "n": 7 }]));
    assert_eq!(told["many"].as_array().map(Vec::len), Some(TOLD_MAX));
    assert_eq!(
        (&told["name"], &told["cut"]),
        (&json!("Ann"), &json!(["many"]))
    );
    let long = "x".repeat(TOLD_BYTES_MAX / 3);
    let told = Kept::new().list("long", all(), |_| &long).unwrap();
    let told = told.one("more", Some(&long)).unwrap().told();
    assert_eq!(told["long"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&told["cut"], told.get("more")),
        (&json!(["long", "more"]), None)
    );
}

#[test]
fn who_was_forgotten_is_known_until_no_event_can_be_late() {
    let host = Host::new();
    let forgotten = Forgotten::new("brief");
    assert!(!forgotten.has("u1").unwrap());
    forgotten.add("u1").unwrap();
    forgotten.add("u1").unwrap();
    assert!(forgotten.has("u1").unwrap() && !forgotten.has("u2").unwrap());
    let begun = clock::now_ms();
    host.set_time(begun + 399 * 86_400_000);
    assert!(forgotten.has("u1").unwrap());
    host.set_time(begun + 400 * 86_400_000);
    assert!(!forgotten.has("u1").unwrap());
}
