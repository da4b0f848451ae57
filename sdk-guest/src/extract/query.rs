//! `Query<T>`: the query string.

use std::collections::BTreeMap;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{FromRequest, refused};
use crate::{Request, Result};

/// The query string as a struct. Numbers and booleans are read from their text; a field of type `Vec`
/// takes repeated keys and comma-separated values; an empty value of an `Option` is none. Fields that
/// `#[serde(flatten)]` brings in are texts only: serde does not say of which type they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<T>(pub T);

type Error = serde::de::value::Error;

impl<T: DeserializeOwned> FromRequest for Query<T> {
    fn from_request(request: &Request) -> Result<Self> {
        parse(&request.query).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    let mut fields: BTreeMap<String, Values> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        fields
            .entry(name.into_owned())
            .or_default()
            .0
            .push(value.into_owned());
    }
    let map = MapDeserializer::new(fields.into_iter());
    serde_path_to_error::deserialize(map).map_err(|error: serde_path_to_error::Error<Error>| {
        refused(error.path(), error.inner().to_string())
    })
}

/// The values of one key.
#[derive(Default)]
struct Values(Vec<String>);

impl Values {
    fn single(mut self) -> Result<String, Error> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(Error::custom("given more than once")),
        }
    }
}

impl IntoDeserializer<'_, Error> for Values {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

/// The value of a text of the type, if it is one that JSON could write, too.
macro_rules! from_text {
    ($($method:ident $visit:ident $type:ty: $is:expr, $what:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.single()?;
            match text.parse::<$type>() {
                Ok(value) if $is(value) => visitor.$visit(value),
                _ => Err(Error::custom(format!("{text:?} is not {}", $what))),
            }
        }
    )*};
}

/// The same for integers.
macro_rules! integers_from_text {
    ($($method:ident $visit:ident $type:ty,)*) => {
        from_text! {$(
            $method $visit $type: |_| true, format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX);
        )*}
    };
}

impl<'de> Deserializer<'de> for Values {
    type Error = Error;

    from_text! {
        deserialize_bool visit_bool bool: |_| true, "true or false";
        deserialize_f32 visit_f32 f32: f32::is_finite, "a number";
        deserialize_f64 visit_f64 f64: f64::is_finite, "a number";
    }

    integers_from_text! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.single()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.iter().all(String::is_empty) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let split = self
            .0
            .iter()
            .flat_map(|value| value.split(','))
            .filter(|part| !part.is_empty());
        let parts: Vec<Values> = split.map(|part| Self(vec![part.to_string()])).collect();
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(parts.into_iter()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.single()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
    struct Search {
        limit: Option<u32>,
        min_price: Option<f64>,
        featured: Option<bool>,
        tags: Vec<String>,
        sort: Option<Sort>,
        q: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Sort {
        PriceAsc,
    }

    #[test]
    fn every_kind_of_field_is_read() {
        let search: Search = parse(
            "limit=5&minPrice=9.5&featured=true&tags=a,b&tags=c&sort=price_asc&q=caf%C3%A9+au",
        )
        .unwrap();
        let tags = ["a", "b", "c"].map(String::from).to_vec();
        let sort = Some(Sort::PriceAsc);
        let expected = Search {
            limit: Some(5),
            min_price: Some(9.5),
            featured: Some(true),
            tags,
            sort,
            q: "café au".into(),
        };
        assert_eq!(search, expected);
        assert_eq!(parse::<Search>("").unwrap(), Search::default());
        assert_eq!(parse::<Search>("limit=").unwrap(), Search::default());
    }

    #[test]
    fn every_mistake_names_its_field() {
        for (query, field) in [
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("minPrice=cheap", "minPrice"),
            ("minPrice=NaN", "minPrice"),
            ("minPrice=inf", "minPrice"),
            ("minPrice=1e999", "minPrice"),
            ("featured=1", "featured"),
            ("sort=random", "sort"),
            ("role=admin", "role"),
        ] {
            let problem = parse::<Search>(query).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{query}: {problem}");
        }
    }

    #[derive(Debug, Deserialize)]
    struct Required {
        #[expect(dead_code, reason = "only its absence matters")]
        from: String,
    }

    #[test]
    fn a_missing_key_is_named_and_a_good_message_says_what_is_expected() {
        assert_eq!(
            parse::<Required>("to=x").unwrap_err().field.as_deref(),
            Some("from")
        );
        let problem = parse::<Search>("limit=99999999999").unwrap_err();
        assert_eq!(
            problem.detail,
            "\"99999999999\" is not a whole number from 0 to 4294967295"
        );
    }
}
