//! Whether a type is written as a JSON object. Serde also reads a struct from an array of its fields'
//! values, which no client means and which would slip past the names that `deny_unknown_fields` checks.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

type Answer = serde::de::value::Error;

/// What the type asked for.
const OBJECT: &str = "object";

/// Whether `T` reads members by name.
pub fn is_object<T: DeserializeOwned>() -> bool {
    T::deserialize(Question).is_err_and(|answer| answer.to_string() == OBJECT)
}

/// Gives no value; its error tells what was asked for.
struct Question;

impl<'de> Deserializer<'de> for Question {
    type Error = Answer;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer::custom(OBJECT))
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer::custom(OBJECT))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Answer> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer::custom("anything"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct enum identifier ignored_any
    }
}
