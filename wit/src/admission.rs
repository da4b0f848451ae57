//! What a host takes: the bounds of a plugin's file, and which imports its manifest justifies.
//!
//! The host's runtime and the authors' tools judge by these same rules.

use std::collections::BTreeSet;

use crate::{Bearer, Caller, FREE_CAPABILITIES, HOST_INTERFACES, Manifest, Package};

/// Bytes of a plugin's file: a JavaScript engine with its program takes 12 MiB, a Python one 18.
pub const ARTIFACT_BYTES_MAX: usize = 32 << 20;

/// Functions of a plugin: far above any real one, far below what exhausts a compiler.
pub const FUNCTIONS_MAX: u32 = 60_000;

/// Bytes of one function: the largest that interpreters of other languages bring have a tenth of it, and a compiler's
/// time grows faster than a function.
pub const FUNCTION_BYTES_MAX: u32 = 2 << 20;

/// Modules and components within a component: a Python program brings a few dozen.
pub const MODULES_MAX: u32 = 200;

/// How deep they may be within each other.
pub const NESTED_MAX: u32 = 10;

/// Core modules that one instance of a plugin is made of, instantiated. One in Rust has three, one in Python, whose
/// libraries are linked when it starts, 38.
pub const CORE_INSTANCES_MAX: u32 = 48;

/// The name under which the host itself owns things; no plugin may have it.
pub const HOST_NAME: &str = "host";

/// Parts of WASI that components from other languages import. The host links them closed: no files, no environment,
/// its own clocks and randomness.
const WASI_LINKED: &[&str] = &["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"];

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

/// Why an import can't be satisfied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The manifest does not ask for it.
    #[error("imports {0}, but plugin.toml does not list the capability {1:?}")]
    NotAsked(String, String),
    /// The operator withholds it.
    #[error("imports {0}, but the operator withholds the capability {1:?}")]
    Withheld(String, String),
    /// The host has it in another version alone.
    #[error(
        "imports {0}, but the host has {1}: the plugin was built against another version of the host's interfaces"
    )]
    OtherVersion(String, String),
    /// Nobody has it.
    #[error("imports {0}, which neither the host has nor plugin.toml lists under [uses]")]
    Unknown(String),
}

/// Why a manifest that makes sense is not a plugin's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReservedError {
    /// A route that takes access tokens whose time is up.
    #[error("{0}: an access token whose time is up is for the host alone to take")]
    TakesLapsed(String),
    /// A route for operators of the platform.
    #[error("{0}: who runs the platform calls the host alone")]
    ForOperators(String),
    /// The name is the host's own.
    #[error("the name {HOST_NAME:?} is the host's own")]
    Name,
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
        if !asked {
            return Err(ImportError::NotAsked(name.into(), (*capability).into()));
        }
        return Ok(Import::Host(capability));
    }
    // Interfaces without functions give nobody anything.
    if name.starts_with("stoa:types/") {
        return Ok(Import::Host("types"));
    }
    if WASI_LINKED.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(Import::Wasi);
    }
    if package.manifest.used().any(|(_, used)| used == name) {
        return Ok(Import::Plugin);
    }
    let path = |name: &'a str| name.split_once('@').map(|(path, _)| path);
    let mut known = HOST_INTERFACES.iter().map(|(interface, _)| *interface);
    Err(match known.find(|known| path(known) == path(name)) {
        Some(known) => ImportError::OtherVersion(name.into(), known.into()),
        None => ImportError::Unknown(name.into()),
    })
}

/// What is the host's own and no plugin may have.
///
/// # Errors
/// Every [`ReservedError`].
pub fn judge_manifest(manifest: &Manifest) -> Result<(), ReservedError> {
    if manifest.name == HOST_NAME {
        return Err(ReservedError::Name);
    }
    for route in &manifest.routes {
        let shown = || format!("route {} {}", route.method, route.path);
        if route.bearer == Bearer::Lapsed {
            return Err(ReservedError::TakesLapsed(shown()));
        }
        if route.callers.contains(&Caller::Operator) {
            return Err(ReservedError::ForOperators(shown()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn package(toml: &str) -> Package {
        Package {
            manifest: Manifest::from_toml(toml).unwrap(),
            schemas: Default::default(),
        }
    }

    #[test]
    fn an_import_needs_the_manifest_and_the_operator() {
        let plugin = package(
            "name = \"p\"\nversion = \"0.1.0\"\ncapabilities = [\"cache\"]\n[uses]\nc = \"a:b/c@1.0.0\"",
        );
        let judge = |name: &'static str, denied: &[&str]| {
            let denied = denied.iter().map(ToString::to_string).collect();
            judge_import(name, &plugin, &denied)
        };
        for (name, expected) in [
            ("stoa:cache/cache@0.1.0", Import::Host("cache")),
            ("stoa:clock/clock@0.1.0", Import::Host("clock")),
            ("stoa:types/types@0.1.0", Import::Host("types")),
            ("a:b/c@1.0.0", Import::Plugin),
            ("wasi:clocks/wall-clock@0.2.3", Import::Wasi),
        ] {
            assert_eq!(judge(name, &[]), Ok(expected), "{name}");
        }
        let withheld = judge("stoa:cache/cache@0.1.0", &["cache"]);
        assert!(matches!(withheld, Err(ImportError::Withheld(..))));
        let not_asked = judge("stoa:storage/storage@0.1.0", &[]);
        assert!(matches!(not_asked, Err(ImportError::NotAsked(..))));
        let newer = judge("stoa:cache/cache@0.2.0", &[]);
        assert!(
            matches!(newer, Err(ImportError::OtherVersion(_, known)) if known.ends_with("0.1.0"))
        );
        for name in ["wasi:sockets/tcp@0.2.3", "wasi:filesystem/types@0.2.3"] {
            let unknown = judge(name, &[]);
            assert!(matches!(unknown, Err(ImportError::Unknown(..))), "{name}");
        }
    }

    #[test]
    fn what_is_the_hosts_own_is_no_plugins() {
        let named = |name: &str| package(&format!("name = {name:?}\nversion = \"0.1.0\"")).manifest;
        assert_eq!(judge_manifest(&named("host")), Err(ReservedError::Name));
        assert_eq!(judge_manifest(&named("hosts")), Ok(()));
        let with_route = |more: &str| {
            let route = "[[route]]\nmethod = \"POST\"\npath = \"/p\"\nhandler = \"p\"";
            package(&format!(
                "name = \"p\"\nversion = \"0.1.0\"\n{route}\n{more}"
            ))
            .manifest
        };
        let lapsed = with_route("callers = [\"public\"]\nbearer = \"lapsed\"");
        let refused = judge_manifest(&lapsed);
        assert!(matches!(refused, Err(ReservedError::TakesLapsed(_))));
        let refused = judge_manifest(&with_route("callers = [\"operator\"]"));
        assert!(matches!(refused, Err(ReservedError::ForOperators(_))));
    }
}
