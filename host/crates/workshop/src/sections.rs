//! What a WebAssembly binary says about itself: its custom sections, and what a component exports.

use anyhow::{Context, Result, bail};
use wasm_encoder::{CustomSection, Encode, Section as _};
use wasmparser::{BinaryReader, Parser, Payload};

/// Magic number, version and layer.
const HEADER_BYTES: usize = 8;
/// The id of custom sections in modules and components.
const CUSTOM_ID: u8 = 0;

/// One outermost section of a binary.
struct Section<'a> {
    /// The name, when it is a custom section.
    name: Option<&'a str>,
    /// What follows the name, or the id and size.
    content: &'a [u8],
    /// All of it, to be copied.
    raw: &'a [u8],
}

/// Whether the bytes are a component rather than a core module.
#[must_use]
pub fn is_component(binary: &[u8]) -> bool {
    Parser::is_component(binary)
}

/// The contents of all custom sections of this name, in order.
///
/// # Errors
/// When the bytes are no WebAssembly, or cut off.
pub fn read<'a>(binary: &'a [u8], name: &str) -> Result<Vec<&'a [u8]>> {
    let sections = sections(binary)?;
    Ok(sections
        .into_iter()
        .filter(|section| section.name == Some(name))
        .map(|section| section.content)
        .collect())
}

/// The binary without the custom sections of these names.
///
/// # Errors
/// When the bytes are no WebAssembly, or cut off.
pub fn without(binary: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let mut kept = binary.get(..HEADER_BYTES).unwrap_or_default().to_vec();
    for section in sections(binary)? {
        if !section.name.is_some_and(|name| names.contains(&name)) {
            kept.extend_from_slice(section.raw);
        }
    }
    Ok(kept)
}

/// Adds a custom section at the end.
pub fn append(binary: &mut Vec<u8>, name: &str, content: &[u8]) {
    let section = CustomSection {
        name: name.into(),
        data: content.into(),
    };
    binary.push(section.id());
    section.encode(binary);
}

/// The names that a component imports.
///
/// # Errors
/// When the bytes are no WebAssembly.
pub fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    outermost(component, |payload| {
        if let Payload::ComponentImportSection(imports) = payload {
            for import in imports {
                names.push(import?.name.name.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(names)
}

/// The names that a component exports.
///
/// # Errors
/// When the bytes are no WebAssembly.
pub fn exports(component: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    outermost(component, |payload| {
        if let Payload::ComponentExportSection(exports) = payload {
            for export in exports {
                names.push(export?.name.name.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(names)
}

/// Visits what is not within a nested module or component.
fn outermost(component: &[u8], mut visit: impl FnMut(Payload<'_>) -> Result<()>) -> Result<()> {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            payload if depth == 0 => visit(payload)?,
            _ => {}
        }
    }
    Ok(())
}

fn sections(binary: &[u8]) -> Result<Vec<Section<'_>>> {
    if !Parser::is_component(binary) && !Parser::is_core_wasm(binary) {
        bail!("this is neither a WebAssembly module nor a component");
    }
    let body = binary
        .get(HEADER_BYTES..)
        .context("the header is cut off")?;
    let mut reader = BinaryReader::new(body, HEADER_BYTES);
    let mut sections = Vec::new();
    while !reader.eof() {
        let begin = reader.current_position();
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()?;
        let mut content = BinaryReader::new(
            reader.read_bytes(size as usize)?,
            reader.original_position(),
        );
        let raw = body
            .get(begin..reader.current_position())
            .context("a section is cut off")?;
        let name = if id == CUSTOM_ID {
            Some(content.read_string()?)
        } else {
            None
        };
        let content = content.read_bytes(content.bytes_remaining())?;
        sections.push(Section { name, content, raw });
    }
    Ok(sections)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn module() -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        module.section(&wasm_encoder::TypeSection::new());
        module.finish()
    }

    #[test]
    fn what_is_appended_can_be_read_in_order_and_removed() {
        let bare = module();
        let mut binary = bare.clone();
        append(&mut binary, "a", b"one");
        append(&mut binary, "b", b"two");
        append(&mut binary, "a", &[7; 300]);
        wasmparser::validate(&binary).unwrap();
        assert_eq!(read(&binary, "a").unwrap(), [b"one".as_slice(), &[7; 300]]);
        let only_b = without(&binary, &["a"]).unwrap();
        assert!(read(&only_b, "a").unwrap().is_empty());
        assert_eq!(read(&only_b, "b").unwrap(), [b"two"]);
        assert_eq!(without(&binary, &["a", "b"]).unwrap(), bare);
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_refused() {
        let mut binary = module();
        append(&mut binary, "a", b"content");
        binary.pop();
        read(&binary, "a").unwrap_err();
        read(b"\x7fELF and more", "a").unwrap_err();
        read(b"", "a").unwrap_err();
    }
}
