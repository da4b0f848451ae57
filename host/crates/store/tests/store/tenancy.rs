//! Tenants and plugins stay apart.

use serde_json::json;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Expiry, Realm, Store, StoreError};
use stoa_kernel::wit::Collection;
use stoa_store::SurrealStore;

use crate::support::{Fixture, all, both, declaration, in_memory, items, on_disk, until_committed};

#[tokio::test]
async fn the_same_ids_in_two_tenants_are_two_documents() {
    for fixture in both().await {
        let other = TenantId::parse("acme-2").unwrap();
        fixture
            .put(&[("a", json!({"slug": "x", "of": "acme"}))])
            .await;
        let work = fixture.store.begin(&other).await.unwrap();
        assert_eq!(work.get(&items(), "a").await, Ok(None));
        assert!(work.query(&items(), &all()).await.unwrap().items.is_empty());
        work.put(
            &items(),
            "a",
            None,
            json!({"slug": "x", "of": "other"}),
            Expiry::Never,
        )
        .await
        .unwrap();
        work.commit().await.unwrap();
        assert_eq!(
            fixture.get("a").await,
            Some(json!({"slug": "x", "of": "acme"}))
        );
        let found = fixture
            .store
            .begin(&other)
            .await
            .unwrap()
            .query(&items(), &all())
            .await
            .unwrap();
        assert_eq!(&*found.items[0].body, r#"{"of":"other","slug":"x"}"#);
        let names: Vec<String> = fixture
            .store
            .tenants()
            .await
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["acme", "acme-2"]);
    }
}

#[tokio::test]
async fn plugins_with_like_names_have_their_own_collections() {
    let fixture = in_memory().await;
    let names = [("a-b", "c"), ("a", "b_c"), ("ab", "c")];
    for (plugin, name) in names {
        fixture
            .store
            .declare(Realm::Tenants, plugin, &[(name.into(), declaration())])
            .await
            .unwrap();
    }
    let work = fixture.begin().await;
    for (plugin, name) in names {
        work.create(
            &CollectionName::new(plugin, name),
            "x",
            json!({"of": plugin}),
            Expiry::Never,
        )
        .await
        .unwrap();
    }
    work.commit().await.unwrap();
    for (plugin, name) in names {
        let found = fixture
            .begin()
            .await
            .get(&CollectionName::new(plugin, name), "x")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&*found.body, json!({"of": plugin}).to_string());
    }
}

#[tokio::test]
async fn a_later_declaration_reaches_tenants_that_are_open() {
    for fixture in both().await {
        fixture
            .put(&[
                ("a", json!({"colour": "red"})),
                ("b", json!({"colour": "blue"})),
            ])
            .await;
        let late = CollectionName::new("late", "things");
        assert!(fixture.begin().await.get(&late, "x").await.is_err());
        let mut more = declaration();
        more.indexes.push(vec!["colour".into()]);
        more.unique.push(vec!["colour".into()]);
        fixture
            .store
            .declare(Realm::Tenants, "shop", &[("items".into(), more)])
            .await
            .unwrap();
        fixture
            .store
            .declare(Realm::Tenants, "late", &[("things".into(), declaration())])
            .await
            .unwrap();
        let work = fixture.begin().await;
        assert_eq!(work.get(&late, "x").await, Ok(None));
        let taken = work
            .create(&items(), "c", json!({"colour": "red"}), Expiry::Never)
            .await;
        assert_eq!(
            taken,
            Err(stoa_kernel::store::StoreError::NotUnique("colour".into()))
        );
        let query = crate::support::only(json!({"eq": ["colour", "red"]}));
        assert_eq!(fixture.find(&query).await, ["a"]);
        let plan = fixture
            .store
            .explain(&fixture.tenant, &items(), &query)
            .await
            .unwrap();
        assert!(plan.contains("IndexScan"), "{plan}");
    }
}

#[tokio::test]
async fn a_declaration_with_a_bad_name_is_refused() {
    let fixture = in_memory().await;
    for (plugin, name, field) in [
        ("a`b", "c", "x"),
        ("a", "c d", "x"),
        ("a", "c", "x`"),
        ("", "c", "x"),
    ] {
        let collection = stoa_kernel::wit::Collection {
            indexes: vec![vec![field.into()]],
            ..Default::default()
        };
        assert!(
            fixture
                .store
                .declare(Realm::Tenants, plugin, &[(name.into(), collection)])
                .await
                .is_err(),
            "{plugin} {name} {field}"
        );
    }
}

fn unique(lists: &[&str]) -> Collection {
    Collection {
        unique: lists.iter().map(|field| vec![(*field).into()]).collect(),
        ..Default::default()
    }
}

async fn declare(store: &SurrealStore, plugin: &str, name: &str, collection: Collection) {
    let collections = [(name.to_owned(), collection)];
    let declared = store.declare(Realm::Tenants, plugin, &collections).await;
    declared.unwrap();
}

async fn create(
    fixture: &Fixture,
    tenant: &TenantId,
    id: &str,
    body: serde_json::Value,
) -> Result<u64, StoreError> {
    until_committed(&fixture.store, tenant, async |work| {
        work.create(&items(), id, body.clone(), Expiry::Never).await
    })
    .await
}

#[tokio::test]
async fn a_tenant_keeps_what_it_has_where_its_documents_stand_against_a_declaration() {
    for fixture in both().await {
        let other = TenantId::parse("other").unwrap();
        let red = || json!({"colour": "red"});
        fixture.put(&[("a", red()), ("b", red())]).await;
        create(&fixture, &other, "a", red()).await.unwrap();
        declare(&fixture.store, "shop", "items", unique(&["colour"])).await;
        declare(&fixture.store, "late", "things", declaration()).await;

        let taken = Err(StoreError::NotUnique("colour".into()));
        let prepared = fixture.store.prepare(&fixture.tenant, "shop").await;
        assert_eq!(prepared, Err(StoreError::NotUnique("colour".into())));
        assert_eq!(fixture.store.prepare(&fixture.tenant, "late").await, Ok(()));
        assert_eq!(fixture.store.prepare(&other, "shop").await, Ok(()));
        assert_eq!(create(&fixture, &other, "b", red()).await, taken);
        assert_eq!(create(&fixture, &fixture.tenant, "c", red()).await, Ok(1));
        let late = CollectionName::new("late", "things");
        assert_eq!(fixture.begin().await.get(&late, "x").await, Ok(None));

        // Once they are not in its way any more, it comes to it by itself.
        fixture.put(&[("b", json!({})), ("c", json!({}))]).await;
        assert_eq!(create(&fixture, &fixture.tenant, "d", red()).await, Ok(1));
        fixture.put(&[("d", json!({}))]).await;
        fixture.clock.advance(10_000);
        assert_eq!(create(&fixture, &fixture.tenant, "e", red()).await, taken);
        assert_eq!(fixture.store.prepare(&fixture.tenant, "shop").await, Ok(()));
    }
}

#[tokio::test]
async fn what_is_declared_no_longer_is_in_nobodys_way() {
    let red = || json!({"slug": "s", "colour": "red"});
    let fixture = on_disk().await;
    fixture.put(&[("a", red())]).await;
    declare(&fixture.store, "shop", "items", unique(&["colour"])).await;
    let taken = Err(StoreError::NotUnique("colour".into()));
    assert_eq!(create(&fixture, &fixture.tenant, "b", red()).await, taken);
    declare(&fixture.store, "shop", "items", declaration()).await;
    let b = json!({"slug": "t", "colour": "red"});
    assert_eq!(create(&fixture, &fixture.tenant, "b", b).await, Ok(1));
    let fixture = fixture.reopened().await;
    // The index of the slugs is of an earlier opening.
    declare(&fixture.store, "shop", "items", unique(&["none"])).await;
    let name = items();
    assert_eq!(
        fixture.store.declaration(Realm::Tenants, &name),
        Some(unique(&["none"]))
    );
    assert_eq!(create(&fixture, &fixture.tenant, "c", red()).await, Ok(1));
}

#[tokio::test]
async fn a_plugin_that_was_never_there_is_missing_alone() {
    let fixture = on_disk().await;
    let crimson = || json!({"colour": "crimson"});
    fixture.put(&[("a", crimson()), ("b", crimson())]).await;
    let fixture = fixture.reopened().await;
    declare(&fixture.store, "shop", "items", unique(&["colour"])).await;
    declare(&fixture.store, "late", "things", declaration()).await;
    let work = fixture.begin().await;
    let late = CollectionName::new("late", "things");
    assert_eq!(work.get(&late, "x").await, Ok(None));
    let missing = work.get(&items(), "a").await.unwrap_err();
    assert!(matches!(missing, StoreError::Unavailable(_)), "{missing}");
    assert!(!missing.to_string().contains("crimson"), "{missing}");
    declare(&fixture.store, "shop", "items", declaration()).await;
    assert_eq!(fixture.get("a").await, Some(json!({"colour": "crimson"})));
}
