//! The collections of a candidate: declared while it is tried, and as before when something else serves.

use stoa_kernel::deployment::Scope;
use stoa_kernel::id::CollectionName;
use stoa_kernel::store::{Realm, Store, StoreError};
use stoa_wit::{Collection, Manifest};

use crate::activation::ActivationError;
use crate::sets::Table;

/// Collections of a plugin by their names.
type Collections = Vec<(String, Collection)>;

/// Collections have one shape for all tenants: a version of one tenant may add some, but not change any that others
/// have.
pub fn agree(table: &Table, scope: &Scope, manifest: &Manifest) -> Result<(), ActivationError> {
    let others = table
        .all()
        .filter(|(other, serving)| *other != scope && *serving.revision().name == manifest.name);
    for (_, other) in others {
        let theirs = &other.revision().package.manifest.collections;
        for (name, collection) in &manifest.collections {
            if theirs.get(name).is_some_and(|known| known != collection) {
                return Err(ActivationError::Collection(name.clone()));
            }
        }
    }
    Ok(())
}

/// Those of a version.
pub fn of(manifest: &Manifest) -> Collections {
    let all = manifest.collections.iter();
    all.map(|(name, collection)| (name.clone(), collection.clone()))
        .collect()
}

/// What is declared now under the names of a version's collections.
pub fn declared(store: &dyn Store, manifest: &Manifest) -> Collections {
    let declared = manifest.collections.keys().filter_map(|name| {
        let of = CollectionName::new(&manifest.name, name);
        Some((name.clone(), store.declaration(Realm::Tenants, &of)?))
    });
    declared.collect()
}

/// Declares collections of a plugin.
pub async fn declare(
    store: &dyn Store,
    plugin: &str,
    collections: &[(String, Collection)],
) -> Result<(), StoreError> {
    if collections.is_empty() {
        return Ok(());
    }
    store.declare(Realm::Tenants, plugin, collections).await
}

/// Declares those of a candidate, and has every database ready whose documents could be in the way of another shape.
///
/// # Errors
/// [`ActivationError::Duplicates`] and [`ActivationError::Store`]. It stays declared all the same.
pub async fn try_out(store: &dyn Store, manifest: &Manifest) -> Result<(), ActivationError> {
    let before = declared(store, manifest);
    declare(store, &manifest.name, &of(manifest)).await?;
    let is_as_before = |(name, known): &(String, Collection)| {
        let indexes =
            |collection: &Collection| (collection.unique.clone(), collection.indexes.clone());
        manifest.collections.get(name).map(indexes) == Some(indexes(known))
    };
    if before.iter().all(is_as_before) {
        return Ok(());
    }
    for tenant in store.tenants().await? {
        match store.prepare(&tenant, &manifest.name).await {
            Err(StoreError::NotUnique(fields)) => {
                return Err(ActivationError::Duplicates(tenant, fields));
            }
            prepared => prepared?,
        }
    }
    Ok(())
}
