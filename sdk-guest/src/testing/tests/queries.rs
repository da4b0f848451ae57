//! Conditions, pages, aggregates and their bounds.

use serde_json::{Value, json};

use super::VALUES;
use crate::storage::{
    Filter, StorageError, and, contains, eq, ge, gt, le, lt, ne, not, one_of, or, prefix, text,
};
use crate::testing::Host;

#[test]
fn every_condition_means_what_the_contract_says() {
    let _host = Host::new();
    let doc =
        json!({ "price": 5, "name": "Blue Watch", "tags": ["a", "b"], "deep": { "x": true } });
    VALUES.put("k", &doc).unwrap();
    let cases: [(Filter, bool); 20] = [
        (eq("price", 5.0), true),
        (eq("price", "5"), false),
        (ne("price", "5"), true),
        (eq("missing", Value::Null), true),
        (lt("price", 6), true),
        (lt("missing", 6), false),
        (le("price", 5), true),
        (ge("price", 5), true),
        (gt("name", "Blue"), true),
        (one_of("price", [1, 5]), true),
        (contains("tags", "b"), true),
        (contains("name", "B"), false),
        (prefix("name", "Blue"), true),
        (text(&["name"], "WATCH blu"), true),
        (text(&["name", "tags"], "watch red"), false),
        (eq("deep.x", true), true),
        (eq("id", "k"), true),
        (and([]), true),
        (or([]), false),
        (not(eq("price", 5)).or(eq("price", 6)), false),
    ];
    for (filter, expected) in cases {
        let found = VALUES.query().filter(filter.clone()).run().unwrap();
        assert_eq!(!found.items.is_empty(), expected, "{filter:?}");
    }
}

#[test]
fn pages_are_sorted_counted_projected_and_continued() {
    let _host = Host::new();
    for (id, rank) in [
        ("a", json!(2)),
        ("b", json!(1)),
        ("c", json!(2)),
        ("d", Value::Null),
    ] {
        VALUES
            .put(id, &json!({ "rank": rank, "of": { "x": id, "y": 0 } }))
            .unwrap();
    }
    let query = || {
        VALUES
            .query()
            .sort_desc("rank")
            .fields(&["of.x"])
            .limit(3)
            .with_total()
    };
    let first = query().run().unwrap();
    let ids: Vec<&str> = first.items.iter().map(|item| item.id.as_str()).collect();
    // The id breaks ties in the direction of the key before it.
    assert_eq!((ids, first.total), (vec!["c", "a", "b"], Some(4)));
    assert_eq!(
        first.items.first().unwrap().value,
        json!({ "of": { "x": "c" } })
    );
    let second = query().cursor(first.next_cursor).run().unwrap();
    assert_eq!((second.items.len(), second.next_cursor), (1, None));
    assert_eq!(VALUES.query().offset(3).run().unwrap().items.len(), 1);
    assert_eq!(VALUES.query().limit(0).run().unwrap().items.len(), 1);
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    let _host = Host::new();
    let deep = (0..8).fold(eq("a", 1), |inner, _| not(inner));
    for query in [
        VALUES.query().filter(eq("a`; --", 1)),
        VALUES.query().filter(eq("a", json!([1]))),
        VALUES.query().filter(deep),
        VALUES.query().filter(and((0..64).map(|n| eq("a", n)))),
        VALUES.query().filter(one_of("a", 0..201)),
        VALUES.query().filter(text(&[], "x")),
        VALUES.query().offset(10_001),
        VALUES.query().offset(1).cursor(Some("1".into())),
        VALUES.query().cursor(Some("rubbish".into())),
        VALUES
            .query()
            .sort_asc("a")
            .sort_asc("b")
            .sort_asc("c")
            .sort_asc("d")
            .sort_asc("e"),
    ] {
        let refused = query.clone().run();
        assert!(
            matches!(refused, Err(StorageError::Invalid(_))),
            "{query:?}"
        );
    }
    assert!(matches!(VALUES.get(""), Err(StorageError::Invalid(_))));
    assert!(matches!(
        VALUES.put("a", &json!([1])),
        Err(StorageError::Invalid(_))
    ));
    assert!(matches!(
        VALUES.put("a", &json!({ "x": "y".repeat(1 << 20) })),
        Err(StorageError::Limit(_))
    ));
    assert!(matches!(
        VALUES.get_many(&vec!["a".into(); 201]),
        Err(StorageError::Limit(_))
    ));
    assert!(matches!(
        VALUES.aggregate().compute("median:a").run(),
        Err(StorageError::Invalid(_))
    ));
}

#[test]
fn aggregates_add_up_by_group_and_day() {
    let _host = Host::new();
    let nothing = VALUES
        .aggregate()
        .compute("count")
        .compute("sum:n")
        .compute("avg:n")
        .run()
        .unwrap();
    assert_eq!(
        json!(nothing),
        json!([{ "count": 0, "sum:n": 0, "avg:n": null }])
    );
    for (id, group, n, at) in [
        ("a", "x", json!(1), 0_u64),
        ("b", "x", json!(2), 86_399_999),
        ("c", "y", json!(0.5), 86_400_000),
        ("d", "y", json!("?"), 86_400_000),
    ] {
        VALUES
            .put(id, &json!({ "group": group, "n": n, "at": at }))
            .unwrap();
    }
    let groups = VALUES
        .aggregate()
        .group_by("group")
        .compute("sum:n")
        .compute("avg:n")
        .compute("min:n")
        .compute("max:n");
    assert_eq!(
        json!(groups.run().unwrap()),
        json!([
            { "group": "x", "sum:n": 3, "avg:n": 1.5, "min:n": 1, "max:n": 2 },
            { "group": "y", "sum:n": 0.5, "avg:n": 0.5, "min:n": 0.5, "max:n": 0.5 },
        ])
    );
    let days = VALUES
        .aggregate()
        .filter(ne("id", "d"))
        .group_by("day:at")
        .compute("count")
        .run()
        .unwrap();
    assert_eq!(
        json!(days),
        json!([{ "day:at": "1970-01-01", "count": 2 }, { "day:at": "1970-01-02", "count": 1 }])
    );
    assert_eq!(
        VALUES
            .aggregate()
            .group_by("id")
            .limit(3)
            .run()
            .unwrap()
            .len(),
        3
    );
}
