//! Counting: integer fields that are added to and taken from.

use serde_json::{Map, Value};
use stoa_kernel::query::Path;
use stoa_kernel::store::StoreError;

use super::Work;
use crate::table::Key;

impl Work {
    pub(super) async fn add(&self, key: &Key, path: &str, by: i64) -> Result<i64, StoreError> {
        let path = field_path(path)?;
        let mut sum = 0;
        self.change(key, None, |document| {
            let field = field_mut(document, &path)?;
            let too_large = || {
                StoreError::Invalid(format!(
                    "{}: beyond a signed number of 64 bits",
                    path.as_str()
                ))
            };
            sum = integer(field, &path)?
                .checked_add(by)
                .ok_or_else(too_large)?;
            *field = sum.into();
            Ok(())
        })
        .await?;
        Ok(sum)
    }

    pub(super) async fn take(
        &self,
        key: &Key,
        path: &str,
        amount: i64,
    ) -> Result<Option<i64>, StoreError> {
        let path = field_path(path)?;
        if amount <= 0 {
            return Err(StoreError::Invalid("amount: a positive number".into()));
        }
        let view = self.view(key).await?;
        let current = view.current.as_ref().ok_or(StoreError::NotFound)?;
        let left = integer(path.of(&current.value), &path)?.saturating_sub(amount);
        if left < 0 {
            return Ok(None);
        }
        self.add(key, path.as_str(), -amount).await.map(Some)
    }
}

fn field_path(text: &str) -> Result<Path, StoreError> {
    let path = Path::parse(text).map_err(|error| StoreError::Invalid(format!("path: {error}")))?;
    if path.is_id() {
        Err(StoreError::Invalid("path: the id is no field".into()))
    } else {
        Ok(path)
    }
}

/// An integer; missing counts as 0.
fn integer(field: &Value, path: &Path) -> Result<i64, StoreError> {
    match field {
        Value::Null => Ok(0),
        field => field
            .as_i64()
            .ok_or_else(|| StoreError::Invalid(format!("{}: not an integer", path.as_str()))),
    }
}

/// The field, made if it is missing.
fn field_mut<'v>(document: &'v mut Value, path: &Path) -> Result<&'v mut Value, StoreError> {
    path.segments().try_fold(document, |value, segment| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(members) => Ok(members.entry(segment).or_insert(Value::Null)),
            _ => Err(StoreError::Invalid(format!(
                "{}: leads through something that is no object",
                path.as_str()
            ))),
        }
    })
}
