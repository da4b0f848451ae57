//! JSON Schemas of a service's types, by name.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// Schemas by the types' names.
pub(crate) type Schemas = BTreeMap<String, Value>;

/// Adds one type: [`add`] of it.
pub(crate) type Add = fn(&mut Schemas) -> Result<(), serde_json::Error>;

/// The schemas of these types.
///
/// # Errors
/// When a schema can't be written as JSON.
pub(crate) fn all(types: &[Add]) -> Result<Schemas, serde_json::Error> {
    let mut schemas = Schemas::new();
    types.iter().try_for_each(|add| add(&mut schemas))?;
    Ok(schemas)
}

/// Adds a type with those that it refers to.
///
/// # Errors
/// When a schema can't be written as JSON.
pub(crate) fn add<T: ToSchema>(schemas: &mut Schemas) -> Result<(), serde_json::Error> {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        schemas.insert(name, serde_json::to_value(schema)?);
    }
    Ok(())
}

/// Checks that a service of this name says what each route is for, and that every reference of its schemas leads
/// to one. `indirect` is a type that only other types name.
#[cfg(test)]
pub(crate) fn assert_whole(package: &stoa_kernel::wit::Package, name: &str, indirect: &str) {
    let (manifest, schemas) = (&package.manifest, &package.schemas);
    assert_eq!(manifest.name, name);
    assert!(
        manifest
            .routes
            .iter()
            .all(|route| !route.summary.is_empty())
    );
    let text = Value::from_iter(schemas.clone()).to_string();
    let references: Vec<&str> = text
        .split("#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.contains(&indirect), "{references:?}");
    for name in references {
        assert!(schemas.contains_key(name), "{name} has no schema");
    }
}
