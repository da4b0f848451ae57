//! Single documents: what each call answers and what it leaves.

use serde_json::json;
use stoa_kernel::limits;
use stoa_kernel::store::{Expiry, Store, StoreError};

use crate::support::{all, both, ids, in_memory, items, only, thing};

#[tokio::test]
async fn a_document_lives_through_its_calls() {
    for fixture in both().await {
        let work = fixture.begin().await;
        assert_eq!(work.get(&items(), "a").await, Ok(None));
        assert_eq!(
            work.create(&items(), "a", json!({"n": 1, "x": null}), Expiry::Never)
                .await,
            Ok(1)
        );
        assert_eq!(
            work.create(&items(), "a", json!({}), Expiry::Never).await,
            Err(StoreError::AlreadyExists)
        );
        assert_eq!(
            work.put(
                &items(),
                "a",
                None,
                json!({"n": 2, "x": null}),
                Expiry::Never
            )
            .await,
            Ok(1)
        );
        work.commit().await.unwrap();
        assert_eq!(fixture.get("a").await, Some(json!({"n": 2, "x": null})));

        let work = fixture.begin().await;
        assert_eq!(
            work.put(&items(), "a", Some(7), json!({}), Expiry::Never)
                .await,
            Err(StoreError::VersionMismatch(1))
        );
        assert_eq!(
            work.put(&items(), "b", Some(1), json!({}), Expiry::Never)
                .await,
            Err(StoreError::NotFound)
        );
        assert_eq!(
            work.put(&items(), "a", Some(1), json!({"n": 3}), Expiry::Never)
                .await,
            Ok(2)
        );
        let patched = work
            .patch(&items(), "a", json!({"n": null, "m": {"k": 1}}), None)
            .await
            .unwrap();
        assert_eq!((&*patched.body, patched.version), (r#"{"m":{"k":1}}"#, 2));
        assert_eq!(
            work.patch(&items(), "b", json!({}), None).await,
            Err(StoreError::NotFound)
        );
        work.commit().await.unwrap();
        assert_eq!(
            (fixture.get("a").await, fixture.version("a").await),
            (Some(json!({"m": {"k": 1}})), Some(2))
        );

        let work = fixture.begin().await;
        assert_eq!(work.delete(&items(), "a").await, Ok(true));
        assert_eq!(work.delete(&items(), "a").await, Ok(false));
        assert_eq!(work.get(&items(), "a").await, Ok(None));
        work.commit().await.unwrap();
        assert_eq!(fixture.get("a").await, None);

        let work = fixture.begin().await;
        assert_eq!(
            work.create(&items(), "a", json!({}), Expiry::Never).await,
            Ok(1)
        );
        work.commit().await.unwrap();
        assert_eq!(fixture.version("a").await, Some(1));
    }
}

#[tokio::test]
async fn counting_keeps_to_integers_and_to_what_there_is() {
    let fixture = in_memory().await;
    fixture
        .put(&[(
            "a",
            json!({"stock": 5, "deep": {"n": 1}, "name": "x", "price": 1.5}),
        )])
        .await;
    let work = fixture.begin().await;
    let items = &items();
    assert_eq!(work.increment(items, "a", "stock", 2).await, Ok(7));
    assert_eq!(work.increment(items, "a", "deep.n", -4).await, Ok(-3));
    assert_eq!(work.increment(items, "a", "new.counter", 9).await, Ok(9));
    assert_eq!(
        work.take_if_at_least(items, "a", "stock", 7).await,
        Ok(Some(0))
    );
    assert_eq!(
        work.take_if_at_least(items, "a", "stock", 1).await,
        Ok(None)
    );
    assert_eq!(
        work.take_if_at_least(items, "a", "missing", 1).await,
        Ok(None)
    );
    assert_eq!(
        work.take_if_at_least(items, "b", "stock", 1).await,
        Err(StoreError::NotFound)
    );
    for (path, by) in [
        ("name", 1),
        ("price", 1),
        ("name.x", 1),
        ("id", 1),
        ("a b", 1),
    ] {
        assert!(
            matches!(
                work.increment(items, "a", path, by).await,
                Err(StoreError::Invalid(_))
            ),
            "{path}"
        );
    }
    assert!(matches!(
        work.increment(items, "a", "new.counter", i64::MAX).await,
        Err(StoreError::Invalid(_))
    ));
    assert!(matches!(
        work.take_if_at_least(items, "a", "stock", 0).await,
        Err(StoreError::Invalid(_))
    ));
    work.commit().await.unwrap();
    let expected =
        json!({"stock": 0, "deep": {"n": -3}, "name": "x", "price": 1.5, "new": {"counter": 9}});
    assert_eq!(fixture.get("a").await, Some(expected));
}

#[tokio::test]
async fn get_many_answers_in_the_order_of_the_ids() {
    let fixture = in_memory().await;
    fixture
        .put(&[("a", thing(1)), ("b", thing(2)), ("c", thing(3))])
        .await;
    let work = fixture.begin().await;
    work.delete(&items(), "b").await.unwrap();
    work.put(&items(), "d", None, thing(4), Expiry::Never)
        .await
        .unwrap();
    let wanted: Vec<String> = ["d", "x", "c", "b", "a", "c"].map(str::to_owned).to_vec();
    assert_eq!(
        ids(work.get_many(&items(), &wanted).await.unwrap()),
        ["d", "c", "a", "c"]
    );
    let too_many = vec![String::from("a"); limits::GET_MANY_MAX + 1];
    assert!(matches!(
        work.get_many(&items(), &too_many).await,
        Err(StoreError::Limit(_))
    ));
}

#[tokio::test]
async fn own_writes_are_seen_everywhere_and_by_nobody_else() {
    let fixture = in_memory().await;
    fixture
        .put(&[("a", thing(1)), ("b", thing(2)), ("c", thing(3))])
        .await;
    let work = fixture.begin().await;
    work.put(&items(), "a", None, thing(10), Expiry::Never)
        .await
        .unwrap();
    work.delete(&items(), "b").await.unwrap();
    work.create(&items(), "d", thing(12), Expiry::Never)
        .await
        .unwrap();
    let open = stoa_kernel::query::Query {
        total: true,
        ..only(json!({"eq": ["status", "open"]}))
    };
    let page = work.query(&items(), &open).await.unwrap();
    assert_eq!(
        (ids(page.items), page.total),
        (vec!["a".into(), "d".into()], Some(2))
    );
    assert_eq!(fixture.find(&open).await, ["b"]);
    assert_eq!(
        ids(work.query(&items(), &all()).await.unwrap().items),
        ["a", "c", "d"]
    );
    work.commit().await.unwrap();
    assert_eq!(fixture.find(&open).await, ["a", "d"]);
}

#[tokio::test]
async fn a_rollback_takes_back_writes_and_events_but_not_reads() {
    let fixture = in_memory().await;
    fixture.put(&[("a", thing(1)), ("b", thing(2))]).await;
    let work = fixture.begin().await;
    work.put(&items(), "a", None, thing(10), Expiry::Never)
        .await
        .unwrap();
    let savepoint = work.savepoint();
    work.put(&items(), "a", None, thing(20), Expiry::Never)
        .await
        .unwrap();
    work.delete(&items(), "b").await.unwrap();
    work.create(&items(), "c", thing(3), Expiry::Never)
        .await
        .unwrap();
    work.raise(crate::events::event("1")).unwrap();
    work.rollback_to(savepoint);
    assert_eq!(
        ids(work.query(&items(), &all()).await.unwrap().items),
        ["a", "b"]
    );
    // What the undone part read is still relied on.
    fixture.put(&[("b", thing(5))]).await;
    assert_eq!(
        work.commit().await,
        Err(stoa_kernel::store::CommitError::Conflict)
    );

    let work = fixture.begin().await;
    work.put(&items(), "a", None, thing(10), Expiry::Never)
        .await
        .unwrap();
    let savepoint = work.savepoint();
    work.put(&items(), "a", None, thing(20), Expiry::Never)
        .await
        .unwrap();
    work.rollback_to(savepoint);
    work.commit().await.unwrap();
    assert_eq!(fixture.get("a").await, Some(thing(10)));
    assert_eq!(
        fixture.store.outbox(&fixture.tenant, None, 10).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn what_a_request_replaces_is_kept_only_for_who_may_return_to_it() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    let large = |n: usize| json!({"n": n, "text": "x".repeat(limits::DOCUMENT_BYTES_MAX - 40)});
    let write = async |n: usize| {
        work.put(&items(), "a", None, large(n), Expiry::Never)
            .await
            .map(drop)
    };
    let kept_max = limits::UNDO_BYTES_PER_REQUEST_MAX / limits::DOCUMENT_BYTES_MAX;
    for n in 0..2 * kept_max {
        write(n).await.unwrap();
    }
    let first = work.savepoint();
    for n in 0..kept_max {
        work.savepoint();
        write(n).await.unwrap();
        // Nobody can return to what lies between two writes after one savepoint.
        write(n).await.unwrap();
    }
    work.savepoint();
    assert!(matches!(write(0).await, Err(StoreError::Limit(_))));
    work.rollback_to(first);
    write(7).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(fixture.get("a").await, Some(large(7)));
}

#[tokio::test]
async fn what_is_malformed_or_too_much_is_refused() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    let long = "x".repeat(limits::DOCUMENT_ID_BYTES_MAX + 1);
    for id in ["", "a\nb", "\u{7f}", &long] {
        assert!(
            matches!(work.get(&items(), id).await, Err(StoreError::Invalid(_))),
            "{id:?}"
        );
    }
    for body in [json!([]), json!(1), json!({"n": u64::MAX})] {
        assert!(matches!(
            work.put(&items(), "a", None, body, Expiry::Never).await,
            Err(StoreError::Invalid(_))
        ));
    }
    let huge = json!({"text": "x".repeat(limits::DOCUMENT_BYTES_MAX)});
    assert!(matches!(
        work.put(&items(), "a", None, huge, Expiry::Never).await,
        Err(StoreError::Limit(_))
    ));
    let large = json!({"text": "x".repeat(limits::DOCUMENT_BYTES_MAX - 20)});
    for n in 0..limits::WRITE_BYTES_PER_REQUEST_MAX / limits::DOCUMENT_BYTES_MAX {
        work.put(&items(), &n.to_string(), None, large.clone(), Expiry::Never)
            .await
            .unwrap();
    }
    assert!(matches!(
        work.put(&items(), "z", None, large.clone(), Expiry::Never)
            .await,
        Err(StoreError::Limit(_))
    ));
    // Writing the same document again replaces its bytes.
    work.put(&items(), "0", None, large, Expiry::Never)
        .await
        .unwrap();
    work.commit().await.unwrap();
    let undeclared = stoa_kernel::id::CollectionName::new("shop", "secrets");
    assert!(matches!(
        work.get(&undeclared, "a").await,
        Err(StoreError::Invalid(_))
    ));
}

#[tokio::test]
async fn the_writes_of_a_request_are_counted() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    for n in 0..limits::WRITES_PER_REQUEST_MAX {
        work.put(
            &items(),
            &format!("{n:04}"),
            None,
            json!({"n": n}),
            Expiry::Never,
        )
        .await
        .unwrap();
    }
    assert!(matches!(
        work.put(&items(), "more", None, json!({}), Expiry::Never)
            .await,
        Err(StoreError::Limit(_))
    ));
    work.put(&items(), "0000", None, json!({}), Expiry::Never)
        .await
        .unwrap();
    work.commit().await.unwrap();
    let total = stoa_kernel::query::Query {
        total: true,
        limit: 1,
        ..all()
    };
    let page = fixture.begin().await.query(&items(), &total).await.unwrap();
    assert_eq!(page.total, Some(limits::WRITES_PER_REQUEST_MAX as u64));
}

#[tokio::test]
async fn an_indexed_field_may_be_long() {
    for fixture in crate::support::both().await {
        let long = "x".repeat(100_000);
        fixture
            .put(&[
                ("a", json!({"status": long, "slug": long})),
                ("b", json!({"status": "y"})),
            ])
            .await;
        assert_eq!(
            fixture.find(&only(json!({"eq": ["status", long]}))).await,
            ["a"]
        );
        assert_eq!(
            fixture
                .find(&stoa_kernel::query::Query {
                    sort: vec![crate::support::by("-status")],
                    ..all()
                })
                .await,
            ["b", "a"]
        );
    }
}
