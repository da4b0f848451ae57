//! The contract between host and plugins: the WIT packages beside this crate and the plugin manifest.
//!
//! It is the only crate that both sides share. It knows nothing of either side, and reads nothing but, for authors'
//! tools, the packages that a project brings itself ([`own`]).

pub mod admission;
mod component;
mod manifest;
mod nesting;
pub mod own;
mod package;
mod permission;
pub mod schema;
pub mod signature;
pub mod value;

pub use component::MalformedFile;
pub use manifest::{
    BUDGET_MS_MAX, Bearer, BothFields, CHANNEL_BYTES_MAX, Caller, Channel, Collection, Done,
    ERASED, Extension, HISTORY_MAX, Instance, Limits, ME, MIGRATIONS_MAX, Manifest, ManifestError,
    Method, Migration, OPERATIONS_MAX, Operation, Outbound, OutboundAuth, Reuse, Role, Route,
    RouteClass, SCHEDULE_S_MAX, SCHEDULE_S_MIN, SETTINGS_MAX, Schedule, Secret, Setting,
    SettingScope, Subscription, TIMEOUT_MS_MAX, Tally, is_event_name, is_host_event,
    is_plugin_name, version_numbers,
};
pub use package::{Package, PackageError};
pub use permission::{InvalidPermission, PERMISSION_BYTES_MAX, Permission};

/// Every WIT package under `deps/`, written so that it may follow a package of one's own in the same text.
pub const WIT_PACKAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/packages.wit"));

/// The packages as they were in each version that plugins were built against, oldest first: every host since still has
/// what they have. Each is a text as [`WIT_PACKAGES`].
pub const RELEASED_WIT_PACKAGES: &[(&str, &str)] =
    include!(concat!(env!("OUT_DIR"), "/released.rs"));

/// Custom section of a component that holds its [`Package`] as JSON.
pub const PACKAGE_SECTION: &str = "stoa:package";

/// Custom section of a guest's core module in which the SDK's `Schema` derive leaves one line of JSON
/// per type: `{"name":"NewItem","schema":{…}}`. The packer gathers them into the [`Package`].
pub const SCHEMA_SECTION: &str = "stoa:schema";

/// Prefix of the interfaces that the host itself implements, as opposed to those that plugins provide.
/// A component's import `stoa:storage/storage@0.1.0` is granted by the capability word `storage`.
pub const HOST_INTERFACES: &[(&str, &str)] = &[
    ("stoa:http/inbound@0.1.0", "http"),
    ("stoa:storage/storage@0.1.0", "storage"),
    ("stoa:cache/cache@0.1.0", "cache"),
    ("stoa:settings/settings@0.1.0", "settings"),
    ("stoa:clock/clock@0.1.0", "clock"),
    ("stoa:random/random@0.1.0", "random"),
    ("stoa:log/log@0.1.0", "log"),
    ("stoa:events/events@0.1.0", "events"),
    ("stoa:http/outbound@0.1.0", "http-client"),
    ("stoa:secrets/secrets@0.1.0", "secrets"),
    ("stoa:blobs/blobs@0.1.0", "blobs"),
    ("stoa:mail/mail@0.1.0", "mail"),
    ("stoa:directory/directory@0.1.0", "directory"),
    ("stoa:directory/roles@0.1.0", "roles"),
    ("stoa:plans/plans@0.1.0", "plans"),
    ("stoa:live/live@0.1.0", "live"),
];

/// Capabilities that every plugin has without asking: they reach nothing outside of the call.
pub const FREE_CAPABILITIES: &[&str] = &["http", "log", "clock", "random", "settings"];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_text_holds_the_package_of_every_interface() {
        for (interface, _) in HOST_INTERFACES {
            let (name, version) = interface.split_once('@').unwrap();
            let (package, interface) = name.split_once('/').unwrap();
            let header = format!("package {package}@{version} {{\n");
            let (_, rest) = WIT_PACKAGES.split_once(&header).unwrap();
            assert!(
                rest.contains(&format!("interface {interface} {{")),
                "{name}"
            );
        }
    }
}
