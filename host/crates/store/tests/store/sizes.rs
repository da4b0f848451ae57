//! Large documents: as many at once as fit into memory.

use serde_json::json;
use stoa_kernel::limits::{DOCUMENT_BYTES_MAX, GROUP_KEY_CHARS_MAX, PAGE_BYTES_MAX};
use stoa_kernel::query::{Aggregate, Compute, GroupKey, Query};
use stoa_kernel::store::{Expiry, StoreError};

use crate::support::{Fixture, all, by, ids, items, on_disk, uncached};

/// Documents that are more than one page may have.
const COUNT: usize = PAGE_BYTES_MAX / DOCUMENT_BYTES_MAX + 12;

fn id(n: usize) -> String {
    format!("d{n:02}")
}

/// As large as a document may be, but for its other members.
fn large(n: usize) -> serde_json::Value {
    let text = "x".repeat(DOCUMENT_BYTES_MAX - 100);
    json!({"n": n, "text": text})
}

async fn fill(fixture: &Fixture) {
    for n in 0..COUNT {
        fixture.put(&[(&id(n), large(n))]).await;
    }
}

/// Every page of a query: the ids, and how many bytes they have together.
async fn pages(fixture: &Fixture, query: Query) -> Vec<(Vec<String>, usize)> {
    let mut pages = Vec::new();
    let mut query = query;
    loop {
        let work = fixture.begin().await;
        let page = work.query(&items(), &query).await.unwrap();
        assert_eq!(page.total, Some(COUNT as u64));
        let bytes = page.items.iter().map(|item| item.body.len()).sum();
        pages.push((ids(page.items), bytes));
        query.offset = 0;
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_page_ends_where_its_documents_are_too_much() {
    let fixture = on_disk().await;
    fill(&fixture).await;
    // What another process has written is as large.
    let fixture = fixture.reopened().await;
    let every = Query {
        total: true,
        ..all()
    };
    let backwards = Query {
        sort: vec![by("-n")],
        ..every.clone()
    };
    let later = Query {
        offset: 3,
        ..every.clone()
    };
    let up: Vec<String> = (0..COUNT).map(id).collect();
    let down: Vec<String> = up.iter().rev().cloned().collect();
    for (query, expected) in [
        (every, up.clone()),
        (backwards, down),
        (later, up.iter().skip(3).cloned().collect()),
    ] {
        let pages = pages(&fixture, query).await;
        let found: Vec<String> = pages.iter().flat_map(|(ids, _)| ids.clone()).collect();
        assert_eq!(found, expected);
        assert!(pages.len() > 1);
        for (ids, bytes) in &pages {
            assert!(*bytes <= PAGE_BYTES_MAX * 5 / 4, "{ids:?}: {bytes}");
        }
    }
    let work = fixture.begin().await;
    let few = work.get_many(&items(), &up[..10]).await.unwrap();
    assert_eq!(ids(few), up[..10]);
    drop(work);
    // Nothing is in the cache.
    let fixture = fixture.reopened().await;
    let many = fixture.begin().await.get_many(&items(), &up).await;
    assert!(matches!(many, Err(StoreError::Limit(_))), "{many:?}");
}

#[tokio::test]
async fn own_writes_have_their_places_between_pages_that_end_early() {
    let fixture = uncached().await;
    fill(&fixture).await;
    let work = fixture.begin().await;
    for n in [2, COUNT - 2] {
        let own = json!({"n": n});
        let name = format!("{}-own", id(n));
        let created = work.create(&items(), &name, own, Expiry::Never).await;
        created.unwrap();
    }
    work.delete(&items(), &id(5)).await.unwrap();
    let mut expected: Vec<String> = (0..COUNT).map(id).collect();
    expected.remove(5);
    expected.extend([2, COUNT - 2].map(|n| format!("{}-own", id(n))));
    expected.sort();
    let (mut query, mut found, mut read) = (all(), Vec::new(), 0);
    loop {
        let page = work.query(&items(), &query).await.unwrap();
        found.extend(ids(page.items));
        read += 1;
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert!(read > 1);
}

#[tokio::test]
async fn groups_are_by_what_is_short_however_many_documents_there_are() {
    let fixture = uncached().await;
    let by = |key: &str| Aggregate {
        filter: None,
        group_by: vec![GroupKey::parse(key).unwrap()],
        compute: ["count", "sum:n", "min:zero"]
            .map(|word| Compute::parse(word).unwrap())
            .to_vec(),
        limit: 10,
    };
    let title = "ä".repeat(GROUP_KEY_CHARS_MAX);
    // Twice: few documents, and more than are looked at whole.
    for (round, count) in [(0, 3_u64), (1, 300)] {
        let work = fixture.begin().await;
        for n in 0..count {
            let document = json!({
                "n": 2, "zero": 0, "wide": "x".repeat(1_000 * round), "title": title, "flag": false, "none": null,
                "long": format!("{title}ä"), "list": [n], "object": {"a": n},
            });
            let name = format!("{round}-{n:03}");
            let created = work.create(&items(), &name, document, Expiry::Never).await;
            created.unwrap();
        }
        work.commit().await.unwrap();
        let count = if round == 0 { count } else { count + 3 };
        let work = fixture.begin().await;
        for (key, value) in [
            ("title", json!(title)),
            ("flag", json!(false)),
            ("none", json!(null)),
            ("n", json!(2)),
        ] {
            let rows = work.aggregate(&items(), &by(key)).await.unwrap();
            let expected = json!([{key: value, "count": count, "sum:n": 2 * count, "min:zero": 0}]);
            assert_eq!(serde_json::Value::from(rows), expected);
        }
        let by_id = work.aggregate(&items(), &by("id")).await.unwrap();
        assert_eq!(by_id[0]["id"], "0-000");
        for key in ["long", "list", "object"] {
            let refused = work.aggregate(&items(), &by(key)).await;
            assert!(
                matches!(refused, Err(StoreError::Limit(_))),
                "{key}: {refused:?}"
            );
        }
        if round == 0 {
            // From here on few are looked at whole.
            fixture.put(&[("huge", large(0))]).await;
            let work = fixture.begin().await;
            assert!(work.delete(&items(), "huge").await.unwrap());
            work.commit().await.unwrap();
        }
    }
}
