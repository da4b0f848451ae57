//! What surrounds storage: the transaction, the manifest, cache, headers, chance.

use serde_json::{Value, json};

use super::{MANIFEST, THINGS, Thing, answer, in_request, thing};
use crate::storage::{Collection, StorageError};
use crate::testing::Host;
use crate::{Problem, Request, Response, Result, cache, events, inbound, log, random, settings};

#[test]
fn a_request_that_ends_in_a_problem_leaves_nothing_but_its_log() {
    let host = Host::new();
    let failing: [fn(&Request) -> Result<Response>; 2] = [
        |_| {
            THINGS.put("a", &thing("a", 1))?;
            events::raise("thing.made", "a", &json!({}))?;
            cache::set("a", &1, 1_000);
            log::warn!("{} more", 1);
            Err(Problem::conflict("no", "No."))
        },
        |_| {
            THINGS.put("a", &thing("a", 1))?;
            Ok(answer(422))
        },
    ];
    for handler in failing {
        let _ = in_request(&host, handler);
        assert_eq!(
            (
                THINGS.get("a").unwrap(),
                host.events(),
                cache::get::<i32>("a")
            ),
            (None, vec![], None)
        );
    }
    assert_eq!(host.log(), ["warn: 1 more"]);
}

#[test]
fn the_manifest_is_the_law() {
    let _host = Host::of(MANIFEST);
    let unknown = Collection::<Value>::new("products").get("p");
    assert!(
        matches!(unknown, Err(StorageError::Denied(_))),
        "{unknown:?}"
    );
    assert_eq!(
        events::raise("thing.sold", "a", &json!({}))
            .unwrap_err()
            .status,
        500
    );
    events::raise("thing.made", "a", &json!({})).unwrap();
    assert_eq!(
        events::raise("thing.made", "a", &7).unwrap_err().status,
        500
    );
    assert_eq!(
        settings::get::<String>("greeting").as_deref(),
        Some("hello")
    );
    assert_eq!(settings::get::<u32>("limit"), None);
}

#[test]
fn the_operators_setting_wins() {
    let host = Host::of(MANIFEST);
    host.set("greeting", "good day");
    host.set("unlisted", 1);
    assert_eq!(
        settings::get::<String>("greeting").as_deref(),
        Some("good day")
    );
    assert_eq!(settings::get::<u32>("unlisted"), None);
}

#[test]
fn cached_values_live_for_their_time_and_within_bounds() {
    let host = Host::new();
    cache::set("a", &thing("x", 1), 50);
    assert_eq!(cache::get::<Thing>("a"), Some(thing("x", 1)));
    assert_eq!(cache::get::<u32>("a"), None);
    host.advance(50);
    assert_eq!(cache::get::<Thing>("a"), None);
    cache::set("a", &1, u64::MAX);
    cache::remove("a");
    cache::set("", &1, 50);
    cache::set_bytes("large", &vec![0; (256 << 10) + 1], 50);
    assert_eq!(
        (
            cache::get::<i32>("a"),
            cache::get::<i32>(""),
            cache::get_bytes("large")
        ),
        (None, None, None)
    );
}

#[test]
fn headers_are_found_in_any_case_and_end_with_their_request() {
    let host = Host::new();
    let _ = host.request("any").header("X-Shop", "s1").build();
    assert_eq!(inbound::header("x-shop").as_deref(), Some("s1"));
    let _ = host.request("any").build();
    assert_eq!(inbound::header("x-shop"), None);
}

#[test]
fn chance_is_the_same_in_every_run_and_never_twice() {
    let draw = || {
        let _host = Host::new();
        (random::ulid(), random::ulid(), random::bytes(5_000))
    };
    let (first, second, bytes) = draw();
    assert_eq!(draw(), (first.clone(), second.clone(), bytes.clone()));
    assert!(first < second && first.len() == 26, "{first} {second}");
    assert_eq!(bytes.len(), 4_096);
}
