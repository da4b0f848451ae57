//! Queries: order, pages, projections, totals, aggregates, plans.

use serde_json::{Value, json};
use stoa_kernel::limits;
use stoa_kernel::query::{Aggregate, Compute, GroupKey, Path, Query};
use stoa_kernel::store::{Expiry, StoreError};

use crate::support::{Fixture, all, both, by, ids, in_memory, items, only, thing};

/// Documents with ties, gaps and values of every kind in the fields that are sorted by.
async fn mixed(fixture: &Fixture) {
    let values = [
        json!(3),
        json!("b"),
        json!(null),
        json!(true),
        json!(2.5),
        json!([1]),
        json!({"k": 1}),
        json!("a"),
        json!(3),
        json!(false),
    ];
    let work = fixture.begin().await;
    for (n, value) in values.iter().cycle().take(40).enumerate() {
        let mut document = json!({"n": value, "m": n % 3, "status": if n % 2 == 0 { "open" } else { "closed" }, "created_at": n / 4});
        if n % 7 == 0 {
            document.as_object_mut().unwrap().remove("n");
        }
        work.put(
            &items(),
            &format!("id-{n:02}"),
            None,
            document,
            Expiry::Never,
        )
        .await
        .unwrap();
    }
    work.commit().await.unwrap();
}

async fn pages(fixture: &Fixture, query: &Query, own: bool) -> Vec<String> {
    let work = fixture.begin().await;
    if own {
        overwrite(&*work).await;
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = work
            .query(
                &items(),
                &Query {
                    cursor,
                    ..query.clone()
                },
            )
            .await
            .unwrap();
        assert!(page.items.len() <= query.limit as usize);
        found.extend(ids(page.items));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

async fn overwrite(work: &dyn stoa_kernel::store::UnitOfWork) {
    for (id, n) in [
        ("id-03", json!(3)),
        ("id-10", json!("a")),
        ("new-1", json!(null)),
        ("new-2", json!([0])),
    ] {
        work.put(
            &items(),
            id,
            None,
            json!({"n": n, "m": 1, "status": "open", "created_at": 2}),
            Expiry::Never,
        )
        .await
        .unwrap();
    }
    work.delete(&items(), "id-20").await.unwrap();
    work.delete(&items(), "id-21").await.unwrap();
}

#[tokio::test]
async fn pages_make_up_the_whole() {
    let sorts: [&[&str]; 8] = [
        &[],
        &["-id"],
        &["n"],
        &["-n"],
        &["m", "-n"],
        &["-created_at"],
        &["n", "id"],
        &["-m", "n", "-id"],
    ];
    for fixture in both().await {
        mixed(&fixture).await;
        for filter in [
            None,
            only(json!({"eq": ["status", "open"]})).filter,
            only(json!({"not": {"eq": ["m", 1]}})).filter,
        ] {
            for sort in sorts {
                let sort: Vec<_> = sort.iter().map(|key| by(key)).collect();
                let whole = Query {
                    filter: filter.clone(),
                    sort,
                    ..all()
                };
                for own in [false, true] {
                    let once = pages(&fixture, &whole, own).await;
                    for limit in [1, 3, 7] {
                        let paged = pages(
                            &fixture,
                            &Query {
                                limit,
                                ..whole.clone()
                            },
                            own,
                        )
                        .await;
                        assert_eq!(paged, once, "{whole:?} by {limit}, own writes {own}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn own_writes_stand_where_they_will_stand_when_committed() {
    let fixture = in_memory().await;
    mixed(&fixture).await;
    let queries: Vec<Query> = [&["n"][..], &["-n"], &["m", "-n"], &[]]
        .into_iter()
        .flat_map(|sort| [0, 2, 9, 30].map(|offset| (sort, offset)))
        .map(|(sort, offset)| Query {
            sort: sort.iter().map(|key| by(key)).collect(),
            offset,
            limit: 8,
            total: true,
            ..only(json!({"ne": ["status", "closed"]}))
        })
        .collect();
    let work = fixture.begin().await;
    overwrite(&*work).await;
    let mut before = Vec::new();
    for query in &queries {
        let page = work.query(&items(), query).await.unwrap();
        before.push((ids(page.items), page.total));
    }
    work.commit().await.unwrap();
    for (query, before) in queries.iter().zip(before) {
        let page = fixture.begin().await.query(&items(), query).await.unwrap();
        assert_eq!((ids(page.items), page.total), before, "{query:?}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_only() {
    let fixture = in_memory().await;
    mixed(&fixture).await;
    let work = fixture.begin().await;
    let query = Query {
        limit: 2,
        sort: vec![by("-n")],
        ..all()
    };
    let cursor = work.query(&items(), &query).await.unwrap().next_cursor;
    assert!(cursor.is_some());
    for other in [
        Query {
            cursor: cursor.clone(),
            sort: vec![by("n")],
            ..query.clone()
        },
        Query {
            cursor: cursor.clone(),
            filter: only(json!({"eq": ["m", 1]})).filter,
            ..query.clone()
        },
        Query {
            cursor: Some("bm9uc2Vuc2U".into()),
            ..query.clone()
        },
        Query {
            cursor: Some("'; DROP".into()),
            ..query.clone()
        },
        Query {
            cursor: Some(String::new()),
            ..query.clone()
        },
    ] {
        match work.query(&items(), &other).await {
            Err(StoreError::Invalid(text)) => assert!(text.starts_with("cursor"), "{text}"),
            answer => panic!("{answer:?}"),
        }
    }
    assert!(
        work.query(&items(), &Query { cursor, ..query })
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_projection_returns_only_its_fields() {
    let fixture = in_memory().await;
    fixture
        .put(&[("a", json!({"x": {"y": 1, "z": 2}, "w": null, "v": 3}))])
        .await;
    let fields = ["x.y", "w", "missing"]
        .map(|path| Path::parse(path).unwrap())
        .to_vec();
    let page = fixture
        .begin()
        .await
        .query(&items(), &Query { fields, ..all() })
        .await
        .unwrap();
    assert_eq!(&*page.items[0].body, r#"{"w":null,"x":{"y":1}}"#);
}

#[tokio::test]
async fn limits_of_a_page_hold() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    for n in 0..250 {
        work.put(&items(), &format!("{n:03}"), None, thing(n), Expiry::Never)
            .await
            .unwrap();
    }
    work.commit().await.unwrap();
    let page = fixture
        .begin()
        .await
        .query(
            &items(),
            &Query {
                limit: 10_000,
                total: true,
                ..all()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (page.items.len(), page.total),
        (limits::PAGE_LIMIT_MAX as usize, Some(250))
    );
    let end = fixture
        .begin()
        .await
        .query(
            &items(),
            &Query {
                offset: 248,
                ..all()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (ids(end.items), end.next_cursor),
        (vec!["248".to_owned(), "249".to_owned()], None)
    );
}

#[tokio::test]
async fn the_common_shapes_are_served_by_an_index() {
    for fixture in both().await {
        mixed(&fixture).await;
        let recent = Query {
            sort: vec![by("-created_at")],
            limit: 20,
            ..only(json!({"eq": ["status", "open"]}))
        };
        for (query, direction) in [
            (recent.clone(), "Backward"),
            (
                Query {
                    sort: vec![by("created_at")],
                    ..recent.clone()
                },
                "Forward",
            ),
            (
                Query {
                    sort: vec![by("-n")],
                    filter: None,
                    ..recent.clone()
                },
                "Backward",
            ),
            (
                Query {
                    sort: vec![by("n")],
                    ..only(json!({"gt": ["n", 2]}))
                },
                "Forward",
            ),
        ] {
            let plan = fixture
                .store
                .explain(&fixture.tenant, &items(), &query)
                .await
                .unwrap();
            assert!(
                plan.contains("IndexScan") && plan.contains(direction),
                "{query:?}: {plan}"
            );
            assert!(
                !plan.contains("Sort") && !plan.contains("Filter"),
                "{query:?}: {plan}"
            );
            // The limit is the scan's own, so the engine reads no further.
            assert!(plan.contains(r#""limit":"$p"#), "{query:?}: {plan}");
        }
        let plan = fixture
            .store
            .explain(&fixture.tenant, &items(), &only(json!({"eq": ["n", null]})))
            .await
            .unwrap();
        assert!(plan.contains("IndexScan"), "{plan}");
    }
}

/// An index on a field with arrays must neither serve the order of ids nor list a document twice.
#[tokio::test]
async fn arrays_are_values_like_others() {
    for fixture in both().await {
        fixture
            .put(&[
                ("a", json!({"tags": ["x", "y"]})),
                ("b", json!({"tags": ["x"]})),
                ("c", json!({"tags": "x"})),
            ])
            .await;
        assert_eq!(
            fixture
                .find(&Query {
                    sort: vec![by("-id")],
                    limit: 2,
                    ..all()
                })
                .await,
            ["c", "b"]
        );
        assert_eq!(
            fixture
                .find(&Query {
                    sort: vec![by("tags")],
                    ..all()
                })
                .await,
            ["c", "b", "a"]
        );
        assert_eq!(
            fixture.find(&only(json!({"eq": ["tags", "x"]}))).await,
            ["c"]
        );
        assert_eq!(
            fixture
                .find(&only(json!({"contains": ["tags", "x"]})))
                .await,
            ["a", "b"]
        );
    }
}

fn aggregate(filter: Option<Value>, group_by: &[&str], compute: &[&str]) -> Aggregate {
    Aggregate {
        filter: filter.and_then(|filter| only(filter).filter),
        group_by: group_by
            .iter()
            .map(|key| GroupKey::parse(key).unwrap())
            .collect(),
        compute: compute
            .iter()
            .map(|word| Compute::parse(word).unwrap())
            .collect(),
        limit: 100,
    }
}

#[tokio::test]
async fn aggregates_add_up_own_writes_included() {
    const DAY: i64 = 86_400_000;
    let fixture = in_memory().await;
    fixture
        .put(&[
            ("a", json!({"category": "watch", "stock": 4, "at": DAY})),
            (
                "b",
                json!({"category": "watch", "stock": 15, "at": DAY + 1}),
            ),
            (
                "c",
                json!({"category": "ring", "stock": "many", "at": 2 * DAY}),
            ),
            ("d", json!({"stock": 0.5})),
        ])
        .await;
    let by_category = aggregate(
        None,
        &["category"],
        &["count", "sum:stock", "min:stock", "max:stock", "avg:stock"],
    );
    let committed = [
        json!({"category": null, "count": 1, "sum:stock": 0.5, "min:stock": 0.5, "max:stock": 0.5, "avg:stock": 0.5}),
        json!({"category": "ring", "count": 1, "sum:stock": 0, "min:stock": null, "max:stock": null, "avg:stock": null}),
        json!({"category": "watch", "count": 2, "sum:stock": 19, "min:stock": 4, "max:stock": 15, "avg:stock": 9.5}),
    ];
    let work = fixture.begin().await;
    assert_eq!(
        work.aggregate(&items(), &by_category).await.unwrap(),
        committed
    );
    assert_eq!(
        work.aggregate(&items(), &aggregate(None, &["day:at"], &["count"]))
            .await
            .unwrap(),
        [
            json!({"day:at": null, "count": 1}),
            json!({"day:at": "1970-01-02", "count": 2}),
            json!({"day:at": "1970-01-03", "count": 1})
        ]
    );
    let watches = aggregate(Some(json!({"eq": ["category", "watch"]})), &[], &["count"]);
    assert_eq!(
        work.aggregate(&items(), &watches).await.unwrap(),
        [json!({"count": 2})]
    );
    work.put(
        &items(),
        "a",
        None,
        json!({"category": "ring", "stock": 1}),
        Expiry::Never,
    )
    .await
    .unwrap();
    work.delete(&items(), "d").await.unwrap();
    work.put(
        &items(),
        "e",
        None,
        json!({"category": "watch", "stock": 5}),
        Expiry::Never,
    )
    .await
    .unwrap();
    let own = [
        json!({"category": "ring", "count": 2, "sum:stock": 1, "min:stock": 1, "max:stock": 1, "avg:stock": 1.0}),
        json!({"category": "watch", "count": 2, "sum:stock": 20, "min:stock": 5, "max:stock": 15, "avg:stock": 10.0}),
    ];
    assert_eq!(work.aggregate(&items(), &by_category).await.unwrap(), own);
    assert_eq!(
        work.aggregate(&items(), &watches).await.unwrap(),
        [json!({"count": 2})]
    );
    assert_eq!(
        fixture
            .begin()
            .await
            .aggregate(&items(), &by_category)
            .await
            .unwrap(),
        committed
    );
    work.commit().await.unwrap();
    assert_eq!(
        fixture
            .begin()
            .await
            .aggregate(&items(), &by_category)
            .await
            .unwrap(),
        own
    );
    let none = aggregate(
        Some(json!({"eq": ["category", "none"]})),
        &[],
        &["count", "sum:stock"],
    );
    assert_eq!(
        fixture
            .begin()
            .await
            .aggregate(&items(), &none)
            .await
            .unwrap(),
        [json!({"count": 0, "sum:stock": 0})]
    );
}
