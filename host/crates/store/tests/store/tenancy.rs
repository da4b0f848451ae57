//! Tenants and plugins stay apart.

use serde_json::json;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Expiry, Realm, Store};

use crate::support::{all, both, declaration, in_memory, items};

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
