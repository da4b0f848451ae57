//! Single documents: reading, writing, counting, uniqueness, expiry.

use serde_json::json;

use super::{BRIEF, MANIFEST, THINGS, Thing, VALUES, answer, in_request, thing};
use crate::storage::StorageError;
use crate::testing::Host;
use crate::{Problem, clock};

#[test]
fn a_document_is_created_read_written_and_deleted() {
    let _host = Host::new();
    assert_eq!(THINGS.get("a").unwrap(), None);
    assert_eq!(THINGS.get_or_default("a").unwrap(), Thing::default());
    assert_eq!(THINGS.create("a", &thing("one", 1)).unwrap(), 1);
    assert_eq!(
        THINGS.create("a", &thing("two", 1)).unwrap_err(),
        StorageError::AlreadyExists
    );
    assert_eq!(THINGS.put("a", &thing("two", 2)).unwrap(), 2);
    let stored = THINGS.get_versioned("a").unwrap().unwrap();
    assert_eq!(
        (stored.id.as_str(), stored.version, stored.value),
        ("a", 2, thing("two", 2))
    );
    assert_eq!(
        THINGS.put_if_version("a", 1, &thing("x", 0)).unwrap_err(),
        StorageError::VersionMismatch(2)
    );
    assert_eq!(
        THINGS.put_if_version("b", 1, &thing("x", 0)).unwrap_err(),
        StorageError::NotFound
    );
    assert_eq!(
        THINGS.put_if_version("a", 2, &thing("three", 3)).unwrap(),
        3
    );
    let patched = THINGS
        .patch("a", &json!({ "stock": 9, "extra": { "x": null } }))
        .unwrap();
    assert_eq!((patched.version, patched.value), (4, thing("three", 9)));
    let ids = ["b", "a"].map(String::from);
    assert_eq!(THINGS.get_many(&ids).unwrap().len(), 1);
    assert!(THINGS.delete("a").unwrap());
    assert!(!THINGS.delete("a").unwrap());
    assert_eq!(
        THINGS.patch("a", &json!({})).unwrap_err(),
        StorageError::NotFound
    );
}

#[test]
fn numbers_are_added_to_and_taken_from_but_never_below_nothing() {
    let _host = Host::new();
    THINGS.put("a", &thing("a", 3)).unwrap();
    assert_eq!(THINGS.increment("a", "stock", 2).unwrap(), 5);
    assert_eq!(THINGS.increment("a", "sold.today", 1).unwrap(), 1);
    assert_eq!(THINGS.take_if_at_least("a", "stock", 4).unwrap(), Some(1));
    assert_eq!(THINGS.take_if_at_least("a", "stock", 2).unwrap(), None);
    assert_eq!(THINGS.get("a").unwrap().unwrap().stock, 1);
    for refused in [
        THINGS.increment("a", "stock", i64::MAX),
        THINGS.increment("a", "name", 1),
        THINGS.increment("a", "bad path", 1),
        THINGS
            .take_if_at_least("a", "stock", 0)
            .map(Option::unwrap_or_default),
    ] {
        assert!(
            matches!(refused, Err(StorageError::Invalid(_))),
            "{refused:?}"
        );
    }
    assert_eq!(
        THINGS.increment("none", "stock", 1).unwrap_err(),
        StorageError::NotFound
    );
}

#[test]
fn a_version_grows_once_per_request() {
    let host = Host::new();
    THINGS.put("a", &thing("a", 1)).unwrap();
    in_request(&host, |_| {
        assert_eq!(THINGS.put("a", &thing("a", 2)), Ok(2));
        assert_eq!(THINGS.increment("a", "stock", 1), Ok(3));
        assert_eq!(THINGS.put_if_version("a", 2, &thing("a", 4)), Ok(2));
        Ok(answer(200))
    })
    .unwrap();
    assert_eq!(THINGS.put("a", &thing("a", 5)), Ok(3));
}

#[test]
fn unique_fields_belong_to_one_document_and_missing_ones_to_nobody() {
    let _host = Host::of(MANIFEST);
    VALUES
        .create("a", &json!({ "name": "x", "shop": 1, "sku": "s" }))
        .unwrap();
    assert_eq!(
        VALUES.create("b", &json!({ "name": "x" })).unwrap_err(),
        StorageError::NotUnique("name".into())
    );
    let taken = VALUES
        .put("b", &json!({ "shop": 1, "sku": "s" }))
        .unwrap_err();
    assert_eq!(taken, StorageError::NotUnique("shop,sku".into()));
    VALUES.create("b", &json!({ "shop": 1 })).unwrap();
    VALUES.create("c", &json!({ "shop": 1 })).unwrap();
    VALUES
        .put("a", &json!({ "name": "x", "more": true }))
        .unwrap();
    assert_eq!(
        Problem::from(VALUES.patch("c", &json!({ "name": "x" })).unwrap_err()).status,
        409
    );
}

#[test]
fn what_expires_is_gone() {
    let host = Host::of(MANIFEST);
    let now = clock::now_ms();
    BRIEF.put("by-manifest", &json!({})).unwrap();
    BRIEF.put_until("sooner", &json!({}), now + 10).unwrap();
    VALUES
        .create_until("a", &json!({ "name": "x" }), now + 10)
        .unwrap();
    host.advance(10);
    assert_eq!(
        (BRIEF.get("sooner").unwrap(), VALUES.get("a").unwrap()),
        (None, None)
    );
    VALUES.create("b", &json!({ "name": "x" })).unwrap();
    host.set_time(now + 2 * 86_400_000 - 1);
    assert!(BRIEF.get("by-manifest").unwrap().is_some());
    host.advance(1);
    assert_eq!(BRIEF.query().run().unwrap().items, []);
}
