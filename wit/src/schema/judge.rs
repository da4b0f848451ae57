//! Whether a value follows a schema.

use std::collections::BTreeMap;
use std::fmt;

use boon::{Compiler, SchemaIndex, Schemas, ValidationError};
use regex::RegexBuilder;
use serde_json::Value;

use super::VALUE_BYTES_MAX;

/// Bytes of a compiled regular expression: what an ordinary one with Unicode's classes takes, and far less than nested
/// repetitions could ask for. It searches in linear time whatever it is.
const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;

/// What a schema is called while it is compiled. Nothing is ever fetched.
const PLACE: &str = "stoa://plugin/setting";

/// A schema that values are judged by.
pub struct Schema {
    compiled: Schemas,
    index: SchemaIndex,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Why a value does not follow its schema. It tells names and bounds, never the value, which may be a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The JSON Pointer (RFC 6901) of the part at fault; empty for the whole.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.reason),
            pointer => write!(f, "{pointer}: {}", self.reason),
        }
    }
}

impl Schema {
    /// Compiles a schema that [`super::check`] has let pass, or is about to.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn new(schema: &BTreeMap<String, Value>) -> Result<Self, String> {
        let schema: serde_json::Map<_, _> = schema.clone().into_iter().collect();
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        let mut compiled = Schemas::new();
        let added = compiler.add_resource(PLACE, Value::Object(schema));
        added.map_err(|error| format!(": {error}"))?;
        match compiler.compile(PLACE, &mut compiled) {
            Ok(index) => Ok(Self { compiled, index }),
            Err(boon::CompileError::ValidationError { src, .. }) => {
                let error = deepest(&src);
                let place = error.instance_location.to_string().replace('/', ".");
                Err(format!("{place}: {}", error.kind))
            }
            Err(error) => Err(format!(": {error}")),
        }
    }

    /// Judges a value.
    ///
    /// # Errors
    /// The first part of it that does not follow the schema.
    pub fn judge(&self, value: &Value) -> Result<(), Misfit> {
        if value.to_string().len() > VALUE_BYTES_MAX {
            return Err(Misfit {
                pointer: String::new(),
                reason: format!("more than {VALUE_BYTES_MAX} bytes as JSON"),
            });
        }
        if !has_storable_numbers(value) {
            return Err(Misfit {
                pointer: String::new(),
                reason: "a number does not fit 64 bits with a sign".into(),
            });
        }
        self.compiled
            .validate(value, self.index)
            .map_err(|error| misfit(&error))
    }
}

/// Whether documents can hold it: their whole numbers have 64 bits with a sign.
fn has_storable_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_u64() || number.is_i64(),
        Value::Array(items) => items.iter().all(has_storable_numbers),
        Value::Object(members) => members.values().all(has_storable_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// Whether a text is a regular expression of bearable size.
pub(super) fn pattern(text: &str) -> Result<(), String> {
    let built = RegexBuilder::new(text)
        .size_limit(PATTERN_COMPILED_BYTES_MAX)
        .build();
    built.map(drop).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this pattern takes too much memory".to_owned(),
        error => format!("this is no regular expression: {error}"),
    })
}

/// The first cause that has none itself: what the person who wrote the value can do something about.
fn deepest<'a, 's, 'v>(error: &'a ValidationError<'s, 'v>) -> &'a ValidationError<'s, 'v> {
    let mut error = error;
    // Of alternatives no single one is at fault.
    while let [first, ..] = error.causes.as_slice()
        && !matches!(
            error.kind,
            boon::ErrorKind::AnyOf | boon::ErrorKind::OneOf(_)
        )
    {
        error = first;
    }
    error
}

fn misfit(error: &ValidationError) -> Misfit {
    use boon::ErrorKind;
    let error = deepest(error);
    let reason = match &error.kind {
        ErrorKind::Enum { want } => {
            let want: Vec<String> = want.iter().map(ToString::to_string).collect();
            format!("this is none of {}", want.join(", "))
        }
        ErrorKind::Const { want } => format!("this is not {want}"),
        ErrorKind::Pattern { want, .. } => format!("this does not match {want}"),
        ErrorKind::Format { want, .. } => format!("this is no {want}"),
        ErrorKind::Type { want, .. } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("this is no {}", want.join(" or "))
        }
        ErrorKind::AnyOf => "this fits none of the alternatives".into(),
        ErrorKind::OneOf(_) => "this does not fit exactly one of the alternatives".into(),
        ErrorKind::Minimum { want, .. } => format!("this is less than {want}"),
        ErrorKind::Maximum { want, .. } => format!("this is more than {want}"),
        ErrorKind::ExclusiveMinimum { want, .. } => format!("this is not more than {want}"),
        ErrorKind::ExclusiveMaximum { want, .. } => format!("this is not less than {want}"),
        ErrorKind::MultipleOf { want, .. } => format!("this is no multiple of {want}"),
        ErrorKind::PropertyName { .. } => "a member has a name that it may not have".into(),
        // These tell bounds, types, counts and names.
        kind => kind.to_string(),
    };
    Misfit {
        pointer: error.instance_location.to_string(),
        reason,
    }
}
