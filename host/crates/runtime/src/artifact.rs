//! A plugin's file: one component that says what it is, judged before any of it is compiled or run.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use stoa_kernel::hex::hex;
pub use stoa_kernel::id::HOST_PLUGIN;
use stoa_wit::{
    Bearer, Caller, FREE_CAPABILITIES, HOST_INTERFACES, PACKAGE_SECTION, Package, PackageError,
};
use wasmparser::{Parser, Payload};

/// Bytes of a plugin's file: a JavaScript engine with its program takes 12 MiB, a Python one 18.
pub const ARTIFACT_BYTES_MAX: usize = 32 << 20;

/// Functions of a plugin: far above any real one, far below what exhausts a compiler.
const FUNCTIONS_MAX: u32 = 60_000;

/// A file that may become a plugin.
#[derive(Debug)]
pub struct Artifact {
    /// SHA-256 of the bytes, in hex: the plugin's identity.
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
    /// No component, or a broken one.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// A component that does not say what it is.
    #[error("the component has no {PACKAGE_SECTION} section; pack it with `cargo xtask pack`")]
    NoPackage,
    /// A component that says what it is more than once.
    #[error("the component has more than one {PACKAGE_SECTION} section")]
    TwoPackages,
    /// Its own word about itself makes no sense.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A route that takes access tokens whose time is up.
    #[error("{0}: an access token whose time is up is for the host alone to take")]
    TakesLapsed(String),
    /// A route for operators of the platform.
    #[error("{0}: who runs the platform calls the host alone")]
    ForOperators(String),
    /// The name is the host's own.
    #[error("the name {HOST_PLUGIN:?} is the host's own")]
    ReservedName,
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
        if package.manifest.name == HOST_PLUGIN {
            return Err(ArtifactError::ReservedName);
        }
        for route in &package.manifest.routes {
            let shown = || format!("route {} {}", route.method, route.path);
            if route.bearer == Bearer::Lapsed {
                return Err(ArtifactError::TakesLapsed(shown()));
            }
            if route.callers.contains(&Caller::Operator) {
                return Err(ArtifactError::ForOperators(shown()));
            }
        }
        Ok(Self {
            digest: hex(&Sha256::digest(&bytes)),
            package,
            bytes,
        })
    }
}

/// Walks the component's sections once: counts functions and finds the package.
fn package_of(bytes: &[u8]) -> Result<Package, ArtifactError> {
    let not_a_component =
        |error: wasmparser::BinaryReaderError| ArtifactError::NotAComponent(error.to_string());
    if !Parser::is_component(bytes) {
        return Err(ArtifactError::NotAComponent(
            "the file begins differently".into(),
        ));
    }
    let (mut package, mut functions, mut depth) = (None, 0_u32, 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(not_a_component)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => {
                functions = functions.saturating_add(count);
                if functions > FUNCTIONS_MAX {
                    return Err(ArtifactError::TooManyFunctions);
                }
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

/// What a component's import is to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import<'a> {
    /// An interface of ours, behind this capability.
    Host(&'a str),
    /// A part of WASI that is linked, closed.
    Wasi,
    /// An interface that another plugin provides.
    Plugin,
}

/// Parts of WASI that components from other languages import. What is behind them, `wasi` says.
const WASI_LINKED: &[&str] = &["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"];

/// Why an import can't be satisfied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The manifest does not ask for it.
    #[error("imports {0}, but plugin.toml does not list the capability {1:?}")]
    NotAsked(String, String),
    /// The operator withholds it.
    #[error("imports {0}, but the operator withholds the capability {1:?}")]
    Withheld(String, String),
    /// Nobody has it.
    #[error("imports {0}, which neither the host has nor plugin.toml lists under [uses]")]
    Unknown(String),
}

/// Judges one import of a component against its manifest and the operator's word.
///
/// # Errors
/// Every [`ImportError`].
pub fn judge_import<'a>(
    name: &'a str,
    package: &Package,
    denied: &BTreeSet<String>,
) -> Result<Import<'a>, ImportError> {
    if let Some((_, capability)) = HOST_INTERFACES
        .iter()
        .find(|(interface, _)| *interface == name)
    {
        if denied.contains(*capability) {
            return Err(ImportError::Withheld(name.into(), (*capability).into()));
        }
        let asked = FREE_CAPABILITIES.contains(capability)
            || package.manifest.capabilities.contains(*capability);
        if !asked && !is_types_only(name) {
            return Err(ImportError::NotAsked(name.into(), (*capability).into()));
        }
        return Ok(Import::Host(capability));
    }
    if is_types_only(name) {
        return Ok(Import::Host("types"));
    }
    if WASI_LINKED.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(Import::Wasi);
    }
    if package.manifest.used().any(|(_, used)| used == name) {
        return Ok(Import::Plugin);
    }
    Err(ImportError::Unknown(name.into()))
}

/// Interfaces without functions give nobody anything.
fn is_types_only(name: &str) -> bool {
    name.starts_with("stoa:types/")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn package(toml: &str) -> Package {
        let manifest = stoa_wit::Manifest::from_toml(toml).unwrap();
        Package {
            manifest,
            schemas: Default::default(),
        }
    }

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

    #[test]
    fn an_import_needs_the_manifest_and_the_operator() {
        let plugin = package(
            "name = \"p\"\nversion = \"0.1.0\"\ncapabilities = [\"cache\"]\n[uses]\nc = \"a:b/c@1.0.0\"",
        );
        let judge = |name: &'static str, denied: &[&str]| {
            judge_import(
                name,
                &plugin,
                &denied.iter().map(ToString::to_string).collect(),
            )
        };
        assert_eq!(
            judge("stoa:cache/cache@0.1.0", &[]),
            Ok(Import::Host("cache"))
        );
        assert_eq!(
            judge("stoa:clock/clock@0.1.0", &[]),
            Ok(Import::Host("clock"))
        );
        assert_eq!(judge("a:b/c@1.0.0", &[]), Ok(Import::Plugin));
        assert_eq!(judge("wasi:clocks/wall-clock@0.2.3", &[]), Ok(Import::Wasi));
        assert!(matches!(
            judge("stoa:cache/cache@0.1.0", &["cache"]),
            Err(ImportError::Withheld(..))
        ));
        assert!(matches!(
            judge("stoa:storage/storage@0.1.0", &[]),
            Err(ImportError::NotAsked(..))
        ));
        assert!(matches!(
            judge("wasi:sockets/tcp@0.2.3", &[]),
            Err(ImportError::Unknown(..))
        ));
        assert!(matches!(
            judge("wasi:filesystem/types@0.2.3", &[]),
            Err(ImportError::Unknown(..))
        ));
    }
}
