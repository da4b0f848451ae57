//! What a span or a line of the log says of itself, field by field.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};

use crate::otlp::{KeyValue, Value};

/// Attributes of one span or line; more are left out.
const ATTRIBUTES_MAX: usize = 32;

/// Collects fields.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Those without a meaning of their own.
    pub attributes: Vec<KeyValue>,
    /// What is named by one of the special names, by that name.
    pub special: Vec<(&'static str, String)>,
    names: &'static [&'static str],
    text_bytes_max: usize,
}

impl Fields {
    /// For fields of which these names are special, and texts are cut to so many bytes.
    pub(crate) const fn new(names: &'static [&'static str], text_bytes_max: usize) -> Self {
        Self {
            attributes: Vec::new(),
            special: Vec::new(),
            names,
            text_bytes_max,
        }
    }

    /// Takes what a special field says.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.special.iter().position(|(known, _)| *known == name)?;
        Some(self.special.swap_remove(at).1)
    }

    fn text(&mut self, field: &Field, text: String) {
        let name = field.name();
        if self.names.contains(&name) {
            self.special.push((name, text));
        } else {
            self.add(field, Value::String(text));
        }
    }

    fn add(&mut self, field: &Field, value: Value) {
        let mut known = self.attributes.iter_mut();
        if let Some(known) = known.find(|known| known.key == field.name()) {
            known.value = Some(value.into());
        } else if self.attributes.len() < ATTRIBUTES_MAX {
            self.attributes.push(KeyValue::new(field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(self.text_bytes_max);
        let text = value.get(..end).unwrap_or_default().to_owned();
        self.text(field, text);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Int(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Double(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Bool(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Cut(String::new(), self.text_bytes_max);
        // It fails where the text is full, and what is there by then is what counts.
        let _ = write!(text, "{value:?}");
        self.text(field, text.0);
    }
}

/// A text that takes so many bytes and no more.
struct Cut(String, usize);

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.1.saturating_sub(self.0.len());
        let fitting = text.get(..text.floor_char_boundary(room));
        self.0.push_str(fitting.unwrap_or_default());
        if text.len() > room {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}
