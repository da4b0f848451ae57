//! JSON Schemas in files: `schemas/<Type>.json`, for languages that tell nothing of their types.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::fresh::has_extension;
use crate::pack::Schemas;

/// The folder of a project that has them.
pub const FOLDER: &str = "schemas";

/// Those of a project, by the files' names; none if it has no such folder.
pub fn read(project: &Path) -> Result<Schemas> {
    let folder = project.join(FOLDER);
    let mut schemas = Schemas::new();
    if !folder.exists() {
        return Ok(schemas);
    }
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let file = entry?.path();
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        if let (true, Some(name)) = (has_extension(&file, "json"), stem) {
            let text = fs::read(&file).with_context(|| file.display().to_string())?;
            let schema =
                serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            schemas.insert(name.to_owned(), schema);
        }
    }
    Ok(schemas)
}
