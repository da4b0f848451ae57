//! The WIT world of one plugin: what its manifest asks for and promises, and nothing else.

use std::fs;

use anyhow::{Context as _, Result, bail};
use stoa_wit::{FREE_CAPABILITIES, HOST_INTERFACES, Manifest, WIT_PACKAGES, own};
use wit_parser::{Resolve, UnresolvedPackageGroup};

use crate::pack::promised;
use crate::project::{MANIFEST, Project};

/// The name of the world.
pub const WORLD: &str = "guest";

/// A project's world, with the packages that it brings itself, once all of it is known to make sense.
///
/// # Errors
/// When one of those packages is none, or the manifest names an interface that no package has.
pub fn of_project(project: &Project) -> Result<String> {
    let own = own::packages(&project.folder)?;
    for file in &own.files {
        // Alone, it is told with its own name and lines.
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        if let Err((map, error)) = UnresolvedPackageGroup::parse(file, &text) {
            bail!("{}", error.render(&map));
        }
    }
    let text = of(&project.manifest, &own.text);
    resolve(&text).with_context(|| {
        let folder = own::FOLDER;
        format!("the interfaces of {MANIFEST}, by the packages of the host and of {folder}/")
    })?;
    Ok(text)
}

/// The world's text, understood.
pub(crate) fn resolve(text: &str) -> Result<Resolve> {
    let mut resolve = Resolve::default();
    resolve.push_source("the plugin's world", text)?;
    Ok(resolve)
}

/// A text of WIT with the plugin's world and every package it needs, those in `own` included. A component made for it
/// can import nothing that the manifest does not ask for.
#[must_use]
pub fn of(manifest: &Manifest, own: &str) -> String {
    let imports = HOST_INTERFACES.iter().filter(|(_, capability)| {
        FREE_CAPABILITIES.contains(capability) || manifest.capabilities.contains(*capability)
    });
    let imports = imports.map(|(interface, _)| *interface);
    let used = manifest.used().map(|(_, interface)| interface);
    let lines: String = imports
        .chain(used)
        .map(|interface| format!("    import {interface};\n"))
        .chain(promised(manifest).map(|interface| format!("    export {interface};\n")))
        .collect();
    format!(
        "package stoa:of-{};\n\nworld {WORLD} {{\n{lines}}}\n\n{WIT_PACKAGES}{own}",
        manifest.name
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_world_holds_what_the_manifest_says_and_no_more() {
        let manifest = Manifest::from_toml(
            "name = \"a\"\nversion = \"0.1.0\"\ncapabilities = [\"storage\"]\nlifecycle = true\n\
             [[subscribe]]\nevent = \"b.c\"\nhandler = \"on\"\n[uses]\ncatalog = \"stoa:commerce/catalog@0.1.0\"",
        )
        .unwrap();
        let text = of(&manifest, "");
        let (world, _) = text.split_once('}').unwrap();
        for line in [
            "import stoa:storage/storage@0.1.0;",
            "import stoa:clock/clock@0.1.0;",
            "import stoa:commerce/catalog@0.1.0;",
            "export stoa:events/subscriber@0.1.0;",
            "export stoa:lifecycle/lifecycle@0.1.0;",
        ] {
            assert!(world.contains(line), "{line} is not in {world}");
        }
        for word in ["stoa:mail", "stoa:http/handler", "stoa:schedule"] {
            assert!(!world.contains(word), "{word} is in {world}");
        }
    }
}
