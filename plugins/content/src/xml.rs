//! XML that is well-formed whatever it tells.

use std::io::Cursor;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use stoa_guest::prelude::*;

/// A document being written.
pub type Document = Writer<Cursor<Vec<u8>>>;

/// A document with one element around everything.
pub fn document(
    root: &str,
    attributes: &[(&str, &str)],
    write: impl FnOnce(&mut Document) -> std::io::Result<()>,
) -> Result<Vec<u8>> {
    let mut document = Writer::new(Cursor::new(Vec::new()));
    let written = document
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| {
            let element = document.create_element(root);
            let element = element.with_attributes(attributes.iter().copied());
            element.write_inner_content(write).map(|_| ())
        });
    written.map_err(|error| Problem::internal(format!("xml: {error}")))?;
    Ok(document.into_inner().into_inner())
}

/// Adds an element that holds a text.
pub fn element(document: &mut Document, name: &str, text: &str) -> std::io::Result<()> {
    let text: String = text.chars().filter(|c| is_char(*c)).collect();
    let element = document.create_element(name);
    element
        .write_text_content(BytesText::new(&text))
        .map(|_| ())
}

/// What XML 1.0 can say, even escaped.
const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// An answer of this type.
pub fn answer(content_type: &str, body: Vec<u8>) -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), content_type.into())],
        body,
    }
}
