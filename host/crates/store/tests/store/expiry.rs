//! Documents that end.

use serde_json::json;
use stoa_kernel::query::{Aggregate, Compute, Query};
use stoa_kernel::store::{Expiry, Store, StoreError};

use crate::support::{NOW, all, both, ids, in_memory, items, only, thing};

#[tokio::test]
async fn an_expired_document_is_absent_everywhere() {
    for fixture in both().await {
        fixture.put(&[("stays", thing(1))]).await;
        fixture
            .put_until(Expiry::At(NOW + 1_000), &[("goes", thing(2))])
            .await;
        let total = Query {
            total: true,
            ..all()
        };
        assert_eq!(fixture.find(&total).await, ["goes", "stays"]);
        fixture.clock.advance(1_000);
        let work = fixture.begin().await;
        assert_eq!(work.get(&items(), "goes").await, Ok(None));
        assert!(
            work.get_many(&items(), &["goes".into()])
                .await
                .unwrap()
                .is_empty()
        );
        let page = work.query(&items(), &total).await.unwrap();
        assert_eq!(
            (ids(page.items), page.total),
            (vec!["stays".to_owned()], Some(1))
        );
        let count = Aggregate {
            filter: None,
            group_by: vec![],
            compute: vec![Compute::Count],
            limit: 1,
        };
        assert_eq!(
            work.aggregate(&items(), &count).await.unwrap(),
            [json!({"count": 1})]
        );
        assert_eq!(work.delete(&items(), "goes").await, Ok(false));
        assert_eq!(
            work.patch(&items(), "goes", json!({}), None).await,
            Err(StoreError::NotFound)
        );
        assert_eq!(
            work.increment(&items(), "goes", "n", 1).await,
            Err(StoreError::NotFound)
        );
    }
}

/// The engine goes through what the query asks for, not through all that has an end.
#[tokio::test]
async fn ends_choose_no_index() {
    for fixture in both().await {
        fixture
            .put_until(Expiry::At(NOW + 1_000), &[("goes", thing(2))])
            .await;
        for filter in [
            json!({"eq": ["n", 2]}),
            json!({"gt": ["n", 1]}),
            // The first of an index's columns.
            json!({"eq": ["status", "new"]}),
        ] {
            let query = only(filter);
            let plan = fixture
                .store
                .explain(&fixture.tenant, &items(), &query)
                .await
                .unwrap();
            assert!(plan.contains(r#""operator":"IndexScan""#), "{plan}");
            assert!(!plan.contains(r#""index":"exp""#), "{plan}");
        }
        let query = only(json!({"eq": ["n", 2]}));
        assert_eq!(fixture.find(&query).await, ["goes"]);
    }
}

#[tokio::test]
async fn what_was_read_holds_until_the_first_of_it_ends_or_changes() {
    for fixture in both().await {
        for (id, ends_at) in [("first", NOW + 1_000), ("second", NOW + 2_000)] {
            fixture
                .put_until(Expiry::At(ends_at), &[(id, thing(1))])
                .await;
        }
        let read = async |ids: &[&str]| {
            let work = fixture.begin().await;
            for id in ids {
                work.get(&items(), id).await.unwrap();
            }
            work.basis().unwrap()
        };
        let (both, second) = (read(&["second", "first"]).await, read(&["second"]).await);
        fixture.clock.advance(999);
        assert!(both.holds() && second.holds());
        fixture.clock.advance(1);
        assert!(!both.holds() && second.holds());
        fixture.put(&[("second", thing(2))]).await;
        assert!(!second.holds());
    }
}

#[tokio::test]
async fn an_expired_document_can_be_written_over() {
    for fixture in both().await {
        fixture
            .put_until(Expiry::At(NOW + 10), &[("a", thing(1))])
            .await;
        fixture.clock.advance(10);
        let work = fixture.begin().await;
        assert_eq!(
            work.create(&items(), "a", thing(2), Expiry::Never).await,
            Ok(1)
        );
        work.commit().await.unwrap();
        assert_eq!(fixture.get("a").await, Some(thing(2)));
        assert_eq!(fixture.store.sweep().await, Ok(0));
        assert_eq!(fixture.get("a").await, Some(thing(2)));
    }
}

/// In a collection whose documents end anyway, a removed one stays behind until the sweep; nobody may notice.
#[tokio::test]
async fn a_removed_document_leaves_no_trace_where_others_expire() {
    for fixture in both().await {
        let work = fixture.begin().await;
        work.put(&items(), "ends", None, thing(1), Expiry::At(NOW + 60_000))
            .await
            .unwrap();
        for id in ["a", "b"] {
            let document = json!({"slug": id, "n": 1});
            work.create(&items(), id, document, Expiry::Never)
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
        let work = fixture.begin().await;
        for id in ["a", "b"] {
            assert_eq!(work.delete(&items(), id).await, Ok(true));
        }
        work.commit().await.unwrap();

        let work = fixture.begin().await;
        assert_eq!(work.get(&items(), "a").await, Ok(None));
        assert!(work.basis().unwrap().holds());
        assert_eq!(work.delete(&items(), "a").await, Ok(false));
        let total = Query {
            total: true,
            ..all()
        };
        let page = work.query(&items(), &total).await.unwrap();
        assert_eq!(
            (ids(page.items), page.total),
            (vec!["ends".into()], Some(1))
        );
        // Its unique values are free, for others as for itself.
        for (id, slug) in [("b", "a"), ("c", "b")] {
            let document = json!({"slug": slug, "n": 2});
            assert_eq!(
                work.create(&items(), id, document, Expiry::Never).await,
                Ok(1)
            );
        }
        work.commit().await.unwrap();
        assert_eq!(fixture.store.sweep().await, Ok(1), "what is left of a");
        assert_eq!(fixture.find(&all()).await, ["b", "c", "ends"]);
    }
}

/// One sweep removes more than one batch.
#[tokio::test]
async fn a_sweep_goes_on_until_nothing_is_left() {
    let fixture = in_memory().await;
    for portion in 0..3 {
        let work = fixture.begin().await;
        for n in 0..400 {
            let id = format!("{portion}-{n}");
            work.put(&items(), &id, None, thing(1), Expiry::At(NOW + 1))
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
    }
    fixture.clock.advance(1);
    assert_eq!(fixture.store.sweep().await, Ok(1_200));
}

#[tokio::test]
async fn a_sweep_removes_what_has_expired_and_nothing_else() {
    for fixture in both().await {
        fixture.put(&[("never", thing(1))]).await;
        let work = fixture.begin().await;
        work.put(&items(), "later", None, thing(2), Expiry::At(NOW + 100))
            .await
            .unwrap();
        for n in 0..5 {
            work.put(
                &items(),
                &format!("now-{n}"),
                None,
                thing(3),
                Expiry::At(NOW + 10),
            )
            .await
            .unwrap();
        }
        work.keep_answer("key", crate::events::answer(NOW + 10));
        work.commit().await.unwrap();
        assert_eq!(fixture.store.sweep().await, Ok(0));
        fixture.clock.advance(10);
        assert_eq!(fixture.store.sweep().await, Ok(6));
        assert_eq!(fixture.store.sweep().await, Ok(0));
        assert_eq!(fixture.find(&all()).await, ["later", "never"]);
        let work = fixture.begin().await;
        assert_eq!(
            work.create(&items(), "now-0", thing(4), Expiry::Never)
                .await,
            Ok(1)
        );
        work.commit().await.unwrap();
        assert_eq!(fixture.get("now-0").await, Some(thing(4)));
    }
}

#[tokio::test]
async fn a_change_keeps_the_expiry_and_a_write_sets_it() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    work.put(&items(), "a", None, thing(1), Expiry::At(NOW + 10))
        .await
        .unwrap();
    work.increment(&items(), "a", "n", 1).await.unwrap();
    work.patch(&items(), "a", json!({"x": 1}), None)
        .await
        .unwrap();
    work.put(&items(), "b", None, thing(1), Expiry::At(NOW + 10))
        .await
        .unwrap();
    work.patch(&items(), "b", json!({"x": 1}), Some(Expiry::At(NOW + 20)))
        .await
        .unwrap();
    work.put(&items(), "c", None, thing(1), Expiry::At(NOW + 10))
        .await
        .unwrap();
    work.put(&items(), "c", None, thing(1), Expiry::Never)
        .await
        .unwrap();
    work.commit().await.unwrap();
    fixture.clock.advance(10);
    assert_eq!(fixture.find(&all()).await, ["b", "c"]);
    fixture.clock.advance(10);
    assert_eq!(fixture.find(&all()).await, ["c"]);
}
