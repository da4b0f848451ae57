//! Who may depend on whom. The engines stay apart, and the two sides of the sandbox share the contract alone.

use crate::workspace::{Dependency, Package, Workspace, root};

/// Members, and the members that they may name. Tests may name [`FOR_TESTS`] as well.
const ARROWS: &[(&str, &[&str])] = &[
    ("stoa-wit", &[]),
    ("stoa-kernel", &["stoa-wit"]),
    ("stoa-store", &["stoa-kernel", "stoa-wit"]),
    ("stoa-runtime", &["stoa-kernel", "stoa-wit"]),
    ("stoa-identity", &["stoa-kernel", "stoa-wit"]),
    ("stoa-blobs", &["stoa-kernel", "stoa-wit"]),
    ("stoa-mail", &["stoa-kernel", "stoa-wit"]),
    ("stoa-quota", &["stoa-kernel", "stoa-wit"]),
    ("stoa-live", &["stoa-kernel", "stoa-wit"]),
    ("stoa-registry", &["stoa-kernel", "stoa-wit"]),
    ("stoa-egress", &["stoa-kernel"]),
    ("stoa-standins", &["stoa-kernel"]),
    ("stoa-telemetry", &["stoa-kernel"]),
    ("stoa-web", &["stoa-kernel", "stoa-wit"]),
    // What authors need knows nothing of a running host.
    ("stoa-workshop", &["stoa-wit"]),
    ("stoa-testkit", OF_ASSEMBLIES),
    ("stoa", OF_ASSEMBLIES),
    ("stoa-guest-macros", &["stoa-wit"]),
    ("stoa-guest", &["stoa-guest-macros", "stoa-wit"]),
    ("xtask", &["stoa-wit", "stoa-workshop"]),
];
/// What puts a whole host together may name: the binary, and what builds one in a test.
const OF_ASSEMBLIES: &[&str] = &[
    "stoa-kernel",
    "stoa-store",
    "stoa-runtime",
    "stoa-identity",
    "stoa-blobs",
    "stoa-mail",
    "stoa-quota",
    "stoa-live",
    "stoa-registry",
    "stoa-egress",
    "stoa-telemetry",
    "stoa-web",
    "stoa-wit",
    "stoa-workshop",
];
/// What every plugin may name.
const OF_PLUGINS: &[&str] = &["stoa-guest"];
/// Where plugins are.
const PLUGIN_FOLDERS: &[&str] = &["plugins", "host/tests/guests"];
/// What only tests may name.
const FOR_TESTS: &[&str] = &["stoa-testkit", "stoa-standins"];
/// Families of crates that few members may name.
const OWNED: &[(&str, &str)] = &[
    ("surrealdb", "stoa-store"),
    ("wasmtime", "stoa-runtime"),
    ("axum", "stoa-web"),
    // Stands in for other services in tests; no host links it.
    ("axum", "stoa-standins"),
    ("hyper", "stoa-web"),
    ("jsonwebtoken", "stoa-identity"),
    ("argon2", "stoa-identity"),
    ("openidconnect", "stoa-identity"),
    ("object_store", "stoa-blobs"),
    ("lettre", "stoa-mail"),
    ("redis", "stoa-quota"),
    ("prost", "stoa-telemetry"),
    ("opentelemetry", "stoa-telemetry"),
];
/// What the kernel must not name, because it does no I/O and has no runtime.
const NOT_IN_KERNEL: &[&str] = &["tokio", "http", "reqwest"];
/// What plugins get through the SDK only.
const NOT_IN_PLUGINS: &[&str] = &["wit-bindgen", "tokio", "reqwest"];

/// One sentence per arrow that should not be there.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let members: Vec<&str> = workspace
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let arrows = workspace
        .packages
        .iter()
        .flat_map(|from| from.dependencies.iter().map(move |to| (from, to)));
    let mut violations: Vec<String> = arrows
        .filter_map(|(from, to)| {
            let reason = if members.contains(&to.name.as_str()) {
                member(from, to)
            } else {
                foreign(from, to)
            };
            reason.map(|reason| format!("{} names {}: {reason}", from.name, to.name))
        })
        .collect();
    violations.sort();
    violations
}

/// Why an arrow between members is wrong.
fn member(from: &Package, to: &Dependency) -> Option<String> {
    if FOR_TESTS.contains(&to.name.as_str()) {
        return (to.kind.as_deref() != Some("dev")).then(|| "it is for tests only".into());
    }
    let allowed = if is_plugin(from) {
        OF_PLUGINS
    } else {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == from.name) else {
            return Some(
                "a new member; say in xtask/src/tidy/dependencies.rs what it may name".into(),
            );
        };
        allowed
    };
    let is_allowed = allowed.contains(&to.name.as_str());
    (!is_allowed).then(|| format!("it may name {allowed:?} of this workspace"))
}

/// Why an arrow to somebody else's crate is wrong.
fn foreign(from: &Package, to: &Dependency) -> Option<String> {
    let owned = OWNED.iter().filter(|(family, _)| is_of(&to.name, family));
    let owners: Vec<&str> = owned.map(|(_, owner)| *owner).collect();
    if !owners.is_empty() && !owners.contains(&from.name.as_str()) {
        return Some(format!("only {} may name it", owners.join(" and ")));
    }
    if from.name == "stoa-kernel" && NOT_IN_KERNEL.contains(&to.name.as_str()) {
        return Some("the kernel does no I/O".into());
    }
    let is_raw = is_plugin(from) && NOT_IN_PLUGINS.contains(&to.name.as_str());
    is_raw.then(|| "plugins reach the world through stoa-guest alone".into())
}

/// `axum` itself and `axum-extra`, but not `axumatic`.
fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_plugin(package: &Package) -> bool {
    PLUGIN_FOLDERS
        .iter()
        .any(|folder| package.folder().starts_with(root().join(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, to: &str, kind: Option<&str>) -> Package {
        Package {
            name: name.into(),
            manifest_path: root().join(folder).join("Cargo.toml"),
            dependencies: vec![Dependency {
                name: to.into(),
                kind: kind.map(Into::into),
            }],
            targets: Vec::new(),
        }
    }

    /// How many violations one arrow makes in a workspace that has all members.
    fn count(name: &str, folder: &str, to: &str, kind: Option<&str>) -> usize {
        let others = ["cart", "stoa-guest"]
            .into_iter()
            .chain(ARROWS.iter().map(|(name, _)| *name));
        let mut packages: Vec<Package> = others
            .map(|other| Package {
                name: other.into(),
                manifest_path: root().join("x/Cargo.toml"),
                dependencies: Vec::new(),
                targets: Vec::new(),
            })
            .collect();
        packages.push(package(name, folder, to, kind));
        check(&Workspace {
            packages,
            target: root().join("target"),
        })
        .len()
    }

    #[test]
    fn each_wrong_arrow_is_found_and_each_right_one_is_not() {
        let dev = Some("dev");
        for (name, folder, to, kind, expected) in [
            ("stoa-web", "host/crates/web", "stoa-kernel", None, 0),
            ("stoa-web", "host/crates/web", "stoa-store", None, 1),
            ("stoa-web", "host/crates/web", "axum-extra", None, 0),
            ("stoa-identity", "host/crates/identity", "axum", None, 1),
            (
                "stoa-runtime",
                "host/crates/runtime",
                "wasmtime-wasi",
                None,
                0,
            ),
            ("stoa", "host", "wasmtime", dev, 1),
            ("stoa", "host", "surrealdb-core", None, 1),
            ("stoa-kernel", "host/crates/kernel", "tokio", None, 1),
            ("stoa-kernel", "host/crates/kernel", "bytes", None, 0),
            ("stoa-store", "host/crates/store", "stoa-testkit", dev, 0),
            ("stoa-store", "host/crates/store", "stoa-testkit", None, 1),
            (
                "stoa-runtime",
                "host/crates/runtime",
                "stoa-workshop",
                None,
                1,
            ),
            (
                "stoa-workshop",
                "host/crates/workshop",
                "stoa-kernel",
                None,
                1,
            ),
            ("stoa", "host", "stoa-standins", dev, 0),
            ("stoa", "host", "stoa-standins", None, 1),
            ("stoa-standins", "host/crates/standins", "axum", None, 0),
            ("orders", "plugins/orders", "stoa-guest", None, 0),
            ("orders", "plugins/orders", "cart", None, 1),
            ("orders", "plugins/orders", "stoa-kernel", None, 1),
            ("orders", "plugins/orders", "wit-bindgen", None, 1),
            ("stoa", "host", "xtask", None, 1),
            ("newcomer", "host/crates/newcomer", "stoa-kernel", None, 1),
        ] {
            assert_eq!(count(name, folder, to, kind), expected, "{name} → {to}");
        }
    }
}
