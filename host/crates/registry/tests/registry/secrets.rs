//! Secrets of plugins: sealed at rest, handed to the runtime, shown to nobody.

use std::sync::Arc;

use stoa_kernel::deployment::Scope;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::records::all;
use stoa_kernel::secret::Secret;
use stoa_kernel::status::Part as _;
use stoa_kernel::store::{Expiry, Store as _};
use stoa_registry::records::{Audit, SecretRow};
use stoa_registry::{Kept, SECRET_BYTES_MAX};

use crate::support::{World, operator, tenant, told, world};

fn kept(scope: &Scope, secret: &str) -> Kept {
    Kept {
        scope: scope.clone(),
        plugin: "acme-notes".into(),
        secret: secret.into(),
    }
}

async fn set(world: &World, scope: &Scope, secret: &str, value: &str, keep_before: bool) {
    let (who, kept, value) = (operator(), kept(scope, secret), Secret::new(value));
    let set = world.registry.set_secret(&who, &kept, &value, keep_before);
    set.await.unwrap();
}

/// What the runtime was told last.
fn given(world: &World, scope: &Scope, secret: &str) -> Vec<String> {
    let kept = world.runtime.kept.lock().unwrap();
    let values = kept.get(&(scope.clone(), "acme-notes".to_owned()));
    let values = values.and_then(|secrets| secrets.get(secret));
    let values = values.into_iter().flatten();
    values.map(|value| value.expose().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_sealed_at_rest_and_live_at_once_and_after_a_restart() {
    let mut world = world().await;
    let (all_tenants, (_, acme)) = (Scope::Deployment, tenant("acme"));
    set(&world, &all_tenants, "key", "hunter2", false).await;
    set(&world, &acme, "key", "open sesame", false).await;
    set(&world, &all_tenants, "key", "hunter3", true).await;
    assert_eq!(given(&world, &all_tenants, "key"), ["hunter3", "hunter2"]);
    assert_eq!(given(&world, &acme, "key"), ["open sesame"]);

    let unit = world.host.store.begin(&TenantId::platform()).await.unwrap();
    let rows = CollectionName::new("registry", "secrets");
    let rows = all::<SecretRow>(&*unit, &rows, None).await.unwrap();
    assert_eq!(rows.len(), 2);
    let audit = CollectionName::new("registry", "audit");
    let audit = all::<Audit>(&*unit, &audit, None).await.unwrap();
    let noted = audit.iter().filter(|row| row.record.what == "secret.set");
    assert_eq!(noted.count(), 3);
    let text = rows
        .iter()
        .map(|row| serde_json::to_string(&row.record).unwrap());
    let text: String = text.chain([format!("{audit:?}")]).collect();
    for value in ["hunter", "sesame"] {
        assert!(!text.contains(value), "{text}");
    }

    world.runtime.kept.lock().unwrap().clear();
    world.restart(|_| {}).await;
    assert_eq!(given(&world, &all_tenants, "key"), ["hunter3", "hunter2"]);
    assert_eq!(given(&world, &acme, "key"), ["open sesame"]);
    set(&world, &all_tenants, "key", "hunter4", false).await;
    assert_eq!(given(&world, &all_tenants, "key"), ["hunter4"]);

    let (who, theirs) = (operator(), kept(&acme, "key"));
    world.registry.remove_secret(&who, &theirs).await.unwrap();
    assert!(given(&world, &acme, "key").is_empty());
    let again = world.registry.remove_secret(&who, &theirs).await;
    assert_eq!(told(again).0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_for_one_opens_as_no_others() {
    let mut world = world().await;
    let (all_tenants, (_, acme)) = (Scope::Deployment, tenant("acme"));
    set(&world, &all_tenants, "key", "hunter2", false).await;
    // Somebody with the database alone gives a tenant the deployment's secret.
    let unit = world.host.store.begin(&TenantId::platform()).await.unwrap();
    let rows = CollectionName::new("registry", "secrets");
    let mut row = all::<SecretRow>(&*unit, &rows, None)
        .await
        .unwrap()
        .remove(0);
    row.record.scope = acme.to_string();
    let body = serde_json::to_value(&row.record).unwrap();
    let id = format!("{acme}/acme-notes/key");
    unit.put(&rows, &id, None, body, Expiry::Never)
        .await
        .unwrap();
    unit.commit().await.unwrap();
    world.runtime.kept.lock().unwrap().clear();
    world.restart(|_| {}).await;
    assert!(given(&world, &acme, "key").is_empty());
    assert_eq!(given(&world, &all_tenants, "key"), ["hunter2"]);
    let health = Arc::clone(&world.registry).status().detail.unwrap();
    assert_eq!(health, "1 of tenants");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_and_too_much_are_no_secrets() {
    let world = world().await;
    for value in [String::new(), "x".repeat(SECRET_BYTES_MAX + 1)] {
        let (kept, value) = (kept(&Scope::Deployment, "key"), Secret::new(value));
        let who = operator();
        let set = world.registry.set_secret(&who, &kept, &value, false);
        let problem = set.await.unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (422, Some("/value"))
        );
    }
}
