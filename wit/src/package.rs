//! What one `.wasm` file says about itself: its manifest and the JSON Schemas of its types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::component::{MalformedFile, sections};
use crate::{Manifest, ManifestError};

/// The content of the section [`crate::PACKAGE_SECTION`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What the plugin is.
    pub manifest: Manifest,
    /// JSON Schema (2020-12) by type name; `$ref`s point to `#/components/schemas/<name>`.
    #[serde(default)]
    pub schemas: BTreeMap<String, serde_json::Value>,
}

/// Why the section can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file can't be taken apart.
    #[error(transparent)]
    File(#[from] MalformedFile),
    /// A component that does not say what it is.
    #[error("the component has no {section} section", section = crate::PACKAGE_SECTION)]
    Absent,
    /// Not the JSON that [`Package`] describes.
    #[error("the component's {section} section is malformed: {source}", section = crate::PACKAGE_SECTION)]
    Malformed {
        /// Where and why.
        #[from]
        source: serde_json::Error,
    },
    /// Well-formed, but not a possible manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A route names a type that has no schema.
    #[error("route {route}: no schema for the type {name}; derive stoa_guest::Schema for it")]
    MissingSchema {
        /// `METHOD path` of the route.
        route: String,
        /// The type's name.
        name: String,
    },
}

impl Package {
    /// A package of a manifest's text and the schemas of its types, checked.
    ///
    /// # Errors
    /// [`PackageError::Manifest`] and [`PackageError::MissingSchema`].
    pub fn new(
        manifest: &str,
        schemas: BTreeMap<String, serde_json::Value>,
    ) -> Result<Self, PackageError> {
        let package = Self {
            manifest: Manifest::from_toml(manifest)?,
            schemas,
        };
        package.check()?;
        Ok(package)
    }

    /// Finds, reads and checks the section of a component's file.
    ///
    /// # Errors
    /// Every [`PackageError`].
    pub fn from_file(file: &[u8]) -> Result<Self, PackageError> {
        for section in sections(file)? {
            let section = section?;
            if section.name == Some(crate::PACKAGE_SECTION.as_bytes()) {
                return Self::from_section(section.content);
            }
        }
        Err(PackageError::Absent)
    }

    /// Reads and checks the section's bytes.
    ///
    /// # Errors
    /// Every [`PackageError`].
    pub fn from_section(bytes: &[u8]) -> Result<Self, PackageError> {
        let package: Self = serde_json::from_slice(bytes)?;
        package.check()?;
        Ok(package)
    }

    /// Checks the manifest, and that every type a route names has a schema.
    ///
    /// # Errors
    /// [`PackageError::Manifest`] and [`PackageError::MissingSchema`].
    pub fn check(&self) -> Result<(), PackageError> {
        self.manifest.check()?;
        for route in &self.manifest.routes {
            let named = [&route.request, &route.response, &route.query];
            for name in named.into_iter().flatten() {
                if !self.schemas.contains_key(name) {
                    return Err(PackageError::MissingSchema {
                        route: format!("{} {}", route.method, route.path),
                        name: name.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}
