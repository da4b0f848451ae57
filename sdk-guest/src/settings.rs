//! What is set for this plugin, by its operator or by the tenant's admin.

use serde::de::value::Error as Told;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::{Problem, Result};

/// A setting of the manifest: the tenant's value, else the deployment's, else the default. None if nobody gives one.
/// It is what counts at this moment; a change is seen by the next call.
#[must_use]
pub fn get<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_str(&crate::host::settings::get(name)?).ok()
}

/// Several settings as a struct whose fields have their names, each as [`get`]. One that nobody gives is missing: its
/// field is an `Option` or has a serde default. No `#[serde(flatten)]`.
///
/// ```no_run
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
/// struct Settings {
///     tax_percent: f64,
///     label: Option<String>,
/// }
/// let settings: Settings = stoa_guest::settings::all()?;
/// # Ok::<(), stoa_guest::Problem>(())
/// ```
///
/// # Errors
/// 500, naming the setting that the struct does not take: manifest and code disagree.
pub fn all<T: DeserializeOwned>() -> Result<T> {
    serde_path_to_error::deserialize(Settings).map_err(|error| {
        let (name, reason) = (error.path().to_string(), error.into_inner());
        Problem::internal(format!("the setting {name}: {reason}"))
    })
}

/// Reads the settings that a struct has fields for.
struct Settings;

impl<'de> Deserializer<'de> for Settings {
    type Error = Told;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Told> {
        Err(Told::custom("settings are read into a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Told> {
        let given = fields
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), get(field)?)));
        let given: Map<String, Value> = given.collect();
        let read = Value::Object(given).deserialize_struct(name, fields, visitor);
        read.map_err(Told::custom)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
