//! JSON Schemas of a service's types, by name.

#[cfg(test)]
use serde_json::Value;

pub(crate) use stoa_kernel::schemas::{Add, Schemas, add, all};

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
