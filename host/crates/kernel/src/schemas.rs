//! JSON Schemas of a service's types, by name.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// Schemas by the types' names.
pub type Schemas = BTreeMap<String, Value>;

/// Adds one type: [`add`] of it.
pub type Add = fn(&mut Schemas) -> Result<(), serde_json::Error>;

/// The schemas of these types.
///
/// # Errors
/// When a schema can't be written as JSON.
pub fn all(types: &[Add]) -> Result<Schemas, serde_json::Error> {
    let mut schemas = Schemas::new();
    types.iter().try_for_each(|add| add(&mut schemas))?;
    Ok(schemas)
}

/// Adds a type with those that it refers to.
///
/// # Errors
/// When a schema can't be written as JSON.
pub fn add<T: ToSchema>(schemas: &mut Schemas) -> Result<(), serde_json::Error> {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        schemas.insert(name, serde_json::to_value(schema)?);
    }
    Ok(())
}
