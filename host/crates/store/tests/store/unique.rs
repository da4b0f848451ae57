//! Unique fields.

use serde_json::json;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};

use crate::support::{NOW, both, in_memory, items};

fn taken(fields: &str) -> Result<u64, StoreError> {
    Err(StoreError::NotUnique(fields.into()))
}

#[tokio::test]
async fn a_value_belongs_to_one_document() {
    for fixture in both().await {
        let work = fixture.begin().await;
        work.create(
            &items(),
            "a",
            json!({"slug": "x", "vendor": 1, "sku": "s"}),
            Expiry::Never,
        )
        .await
        .unwrap();
        assert_eq!(
            work.create(&items(), "b", json!({"slug": "x"}), Expiry::Never)
                .await,
            taken("slug")
        );
        work.commit().await.unwrap();

        let work = fixture.begin().await;
        assert_eq!(
            work.create(&items(), "b", json!({"slug": "x"}), Expiry::Never)
                .await,
            taken("slug")
        );
        assert_eq!(
            work.put(
                &items(),
                "b",
                None,
                json!({"vendor": 1.0, "sku": "s"}),
                Expiry::Never
            )
            .await,
            taken("vendor,sku")
        );
        assert_eq!(
            work.create(
                &items(),
                "b",
                json!({"vendor": 2, "sku": "s"}),
                Expiry::Never
            )
            .await,
            Ok(1)
        );
        // What is missing is nobody's.
        assert_eq!(
            work.create(
                &items(),
                "c",
                json!({"vendor": 2, "slug": null}),
                Expiry::Never
            )
            .await,
            Ok(1)
        );
        assert_eq!(
            work.create(&items(), "d", json!({"vendor": 2}), Expiry::Never)
                .await,
            Ok(1)
        );
        let patched = work.patch(&items(), "d", json!({"sku": "s"}), None).await;
        assert_eq!(patched, Err(StoreError::NotUnique("vendor,sku".into())));
        // One's own value is no obstacle.
        assert_eq!(
            work.put(&items(), "a", None, json!({"slug": "x"}), Expiry::Never)
                .await,
            Ok(2)
        );
        work.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_value_may_pass_to_another_document() {
    let fixture = in_memory().await;
    fixture
        .put(&[("a", json!({"slug": "x"})), ("b", json!({"slug": "y"}))])
        .await;
    let work = fixture.begin().await;
    work.patch(&items(), "a", json!({"slug": "z"}), None)
        .await
        .unwrap();
    work.create(&items(), "0", json!({"slug": "x"}), Expiry::Never)
        .await
        .unwrap();
    work.delete(&items(), "b").await.unwrap();
    work.patch(&items(), "a", json!({"slug": "y"}), None)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(fixture.get("a").await, Some(json!({"slug": "y"})));
    assert_eq!(fixture.get("0").await, Some(json!({"slug": "x"})));
}

#[tokio::test]
async fn of_two_at_once_one_runs_again_and_is_told() {
    for fixture in both().await {
        let (first, second) = (fixture.begin().await, fixture.begin().await);
        first
            .create(&items(), "a", json!({"slug": "x"}), Expiry::Never)
            .await
            .unwrap();
        second
            .create(&items(), "b", json!({"slug": "x"}), Expiry::Never)
            .await
            .unwrap();
        first.commit().await.unwrap();
        assert_eq!(second.commit().await, Err(CommitError::Conflict));
        let again = fixture.begin().await;
        assert_eq!(
            again
                .create(&items(), "b", json!({"slug": "x"}), Expiry::Never)
                .await,
            taken("slug")
        );
    }
}

#[tokio::test]
async fn an_expired_document_gives_its_value_up() {
    for fixture in both().await {
        let work = fixture.begin().await;
        work.create(&items(), "a", json!({"slug": "x"}), Expiry::At(NOW + 10))
            .await
            .unwrap();
        work.commit().await.unwrap();
        fixture.clock.advance(10);
        let work = fixture.begin().await;
        assert_eq!(
            work.create(&items(), "b", json!({"slug": "x"}), Expiry::Never)
                .await,
            Ok(1)
        );
        work.commit().await.unwrap();
        assert_eq!(fixture.store.sweep().await, Ok(1), "what is left of a");
        assert_eq!(fixture.get("b").await, Some(json!({"slug": "x"})));
    }
}

#[tokio::test]
async fn who_presumes_new_learns_at_the_commit_and_then_for_certain() {
    let items = &items();
    for fixture in both().await {
        let work = fixture.begin().await;
        work.create(items, "a", json!({"slug": "x"}), Expiry::Never)
            .await
            .unwrap();
        work.create(items, "gone", json!({"slug": "z"}), Expiry::At(NOW + 10))
            .await
            .unwrap();
        work.commit().await.unwrap();
        fixture.clock.advance(10);

        for (id, slug) in [("b", "x"), ("b", "z")] {
            let body = json!({"slug": slug});
            let hopeful = fixture.begin().await;
            hopeful.presume_new();
            assert!(!hopeful.has_presumed());
            let created = hopeful.create(items, id, body.clone(), Expiry::Never);
            assert_eq!(created.await, Ok(1), "{id} {slug}");
            assert!(hopeful.has_presumed());
            let other = hopeful.create(items, "other", json!({}), Expiry::Never);
            assert_eq!(other.await, Ok(1));
            assert_eq!(
                hopeful.commit().await,
                Err(CommitError::Conflict),
                "{id} {slug}"
            );
        }
        let certain = fixture.begin().await;
        let refused = certain.create(items, "b", json!({"slug": "x"}), Expiry::Never);
        assert_eq!(refused.await, taken("slug"));
        let replaced = certain.create(items, "gone", json!({"slug": "z"}), Expiry::Never);
        assert_eq!(replaced.await, Ok(1));
        certain.commit().await.unwrap();
        assert_eq!(fixture.get("other").await, None);

        // What is known to be there is not presumed away, and what is new needs one run.
        let hopeful = fixture.begin().await;
        hopeful.presume_new();
        let known = hopeful.create(items, "a", json!({}), Expiry::Never).await;
        assert_eq!(known, Err(StoreError::AlreadyExists));
        let new = hopeful.create(items, "c", json!({"slug": "c"}), Expiry::Never);
        assert_eq!(new.await, Ok(1));
        hopeful.commit().await.unwrap();
        assert_eq!(fixture.get("c").await, Some(json!({"slug": "c"})));
    }
}
