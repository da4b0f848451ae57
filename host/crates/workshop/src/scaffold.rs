//! A new project: a small plugin that builds, passes its story, and shows where everything goes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use stoa_wit::is_plugin_name;

use crate::project::Language;
use crate::sdk;

/// Every file of the templates by its path.
const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));
/// The templates that all languages share.
const COMMON: &str = "common";
/// What is added to the names of files that cargo or git would take for their own here.
const SUFFIX: &str = ".template";

/// Makes the project in `folder`, which is made as well, or is empty.
///
/// # Errors
/// When the name is none for plugins, the folder has something in it, or can't be written.
pub fn create(folder: &Path, name: &str, language: Language) -> Result<()> {
    if !is_plugin_name(name) {
        bail!("{name:?} is not 1 to 32 of a-z, 0-9 and -, starting with a letter");
    }
    if folder.exists() {
        let mut entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        if entries.next().is_some() {
            bail!("{} is not empty", folder.display());
        }
    }
    for (path, text) in TEMPLATES {
        let Some((group, place)) = path.split_once('/') else {
            continue;
        };
        if group == COMMON || group == language.word() {
            let place = place.strip_suffix(SUFFIX).unwrap_or(place);
            sdk::write(&folder.join(place), &text.replace("{{name}}", name))?;
        }
    }
    sdk::unpack(folder, language.word())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn a_new_project_of_each_language_is_one() {
        for language in [Language::Rust, Language::JavaScript, Language::Python] {
            let folder = tempfile::tempdir().unwrap();
            create(folder.path(), "my-notes", language).unwrap();
            let project = Project::open(folder.path()).unwrap();
            assert_eq!(project.language, language);
            assert_eq!(project.manifest.name, "my-notes");
            for file in ["README.md", ".gitignore", "tests/notes.toml"] {
                assert!(folder.path().join(file).exists(), "{file}");
            }
            let again = create(folder.path(), "my-notes", language).unwrap_err();
            assert!(again.to_string().contains("not empty"), "{again}");
        }
    }

    #[test]
    fn a_name_that_no_plugin_has_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        create(folder.path(), "My Notes", Language::Rust).unwrap_err();
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
