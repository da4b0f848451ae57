//! A plugin's file: one component that says what it is, judged before any of it is compiled or run.

use sha2::{Digest as _, Sha256};
use stoa_kernel::hex::hex;
pub use stoa_kernel::id::HOST_PLUGIN;
use stoa_wit::admission::{
    self, FUNCTION_BYTES_MAX, FUNCTIONS_MAX, MODULES_MAX, NESTED_MAX, ReservedError,
};
pub use stoa_wit::admission::{ARTIFACT_BYTES_MAX, Import, ImportError, judge_import};
use stoa_wit::{PACKAGE_SECTION, Package, PackageError, signature};
use wasmparser::{Parser, Payload};

/// A file that may become a plugin.
#[derive(Debug)]
pub struct Artifact {
    /// SHA-256 of the bytes without signatures, in hex: the plugin's identity.
    pub digest: String,
    /// What it says of itself.
    pub package: Package,
    /// The component.
    pub bytes: Vec<u8>,
}

/// Why a file is no plugin.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Too large a file.
    #[error("{0} bytes are more than {ARTIFACT_BYTES_MAX}")]
    TooLarge(usize),
    /// Too many functions.
    #[error("more than {FUNCTIONS_MAX} functions")]
    TooManyFunctions,
    /// Too large a function.
    #[error("a function of more than {} bytes", admission::FUNCTION_BYTES_MAX)]
    FunctionTooLarge,
    /// Too many parts.
    #[error("more than {} modules and components", admission::MODULES_MAX)]
    TooManyModules,
    /// Parts within parts.
    #[error("components are nested more than {} deep", admission::NESTED_MAX)]
    TooDeep,
    /// No component, or a broken one.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// A component that does not say what it is.
    #[error("the component has no {PACKAGE_SECTION} section; pack it with `stoa plugin pack`")]
    NoPackage,
    /// A component that says what it is more than once.
    #[error("the component has more than one {PACKAGE_SECTION} section")]
    TwoPackages,
    /// Signatures where none can be.
    #[error(transparent)]
    Signatures(#[from] signature::MalformedSignatures),
    /// Its own word about itself makes no sense.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It wants what is the host's own.
    #[error(transparent)]
    Reserved(#[from] ReservedError),
}

impl Artifact {
    /// Reads a file's bytes: a component with a package section, within bounds.
    ///
    /// # Errors
    /// Every [`ArtifactError`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, ArtifactError> {
        if bytes.len() > ARTIFACT_BYTES_MAX {
            return Err(ArtifactError::TooLarge(bytes.len()));
        }
        let package = package_of(&bytes)?;
        admission::judge_manifest(&package.manifest)?;
        let (content, _) = signature::split(&bytes)?;
        Ok(Self {
            digest: hex(&Sha256::digest(content)),
            package,
            bytes,
        })
    }
}

/// Walks the component's sections once: bounds what a compiler would have to do, and finds the package.
fn package_of(bytes: &[u8]) -> Result<Package, ArtifactError> {
    let not_a_component =
        |error: wasmparser::BinaryReaderError| ArtifactError::NotAComponent(error.to_string());
    if !Parser::is_component(bytes) {
        return Err(ArtifactError::NotAComponent(
            "the file begins differently".into(),
        ));
    }
    let (mut package, mut functions) = (None, 0_u32);
    let (mut modules, mut depth) = (0_u32, 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(not_a_component)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                (modules, depth) = (modules + 1, depth + 1);
                if modules > MODULES_MAX {
                    return Err(ArtifactError::TooManyModules);
                }
                if depth > NESTED_MAX {
                    return Err(ArtifactError::TooDeep);
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => {
                functions = functions.saturating_add(count);
                if functions > FUNCTIONS_MAX {
                    return Err(ArtifactError::TooManyFunctions);
                }
            }
            Payload::CodeSectionEntry(body) if body.range().len() > FUNCTION_BYTES_MAX as usize => {
                return Err(ArtifactError::FunctionTooLarge);
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == PACKAGE_SECTION => {
                let before = package.replace(Package::from_section(section.data())?);
                before.map_or(Ok(()), |_| Err(ArtifactError::TwoPackages))?;
            }
            _ => {}
        }
    }
    package.ok_or(ArtifactError::NoPackage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_refused_without_a_panic() {
        for bytes in [
            &b""[..],
            b"\0asm",
            b"\x7fELF\x02\x01\x01",
            b"(component)",
            b"\0asm\x01\0\0\0",
            b"\0asm\x0d\0\x01\0",
        ] {
            assert!(Artifact::read(bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }
}
