//! The same component under another manifest: how tests make plugins that ask for too much or too little.

use stoa_wit::{PACKAGE_SECTION, Package};
use wasm_encoder::{CustomSection, Encode as _, Section as _};
use wasmparser::{Parser, Payload};

/// A copy of a plugin's bytes whose package has been changed by `change`.
///
/// # Panics
/// When the bytes are no plugin.
#[must_use]
pub fn repack(plugin: &[u8], change: impl FnOnce(&mut Package)) -> Vec<u8> {
    let (mut found, mut depth) = (None, 0_u32);
    for payload in Parser::new(0).parse_all(plugin) {
        match payload.expect("a component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == PACKAGE_SECTION => {
                found = Some((section.range(), section.data().to_vec()));
            }
            _ => {}
        }
    }
    let (range, data) = found.expect("a package section");
    let mut package: Package = serde_json::from_slice(&data).expect("a package");
    change(&mut package);

    // The range covers the section's content; its id and size stand before it.
    let mut size = Vec::new();
    (range.end - range.start).encode(&mut size);
    let begin = range.start - size.len() - 1;
    let mut bytes = plugin.get(..begin).expect("the part before").to_vec();
    bytes.extend_from_slice(plugin.get(range.end..).expect("the part after"));
    let data = serde_json::to_vec(&package).expect("JSON");
    let section = CustomSection {
        name: PACKAGE_SECTION.into(),
        data: (&data).into(),
    };
    bytes.push(section.id());
    section.encode(&mut bytes);
    bytes
}
