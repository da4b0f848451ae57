//! What the operator has set for the site.

use stoa_guest::prelude::*;

/// What the site is called.
pub fn name() -> String {
    settings::get("site_name").unwrap_or_else(|| "Stoa".into())
}

/// What the site is about, in a sentence.
pub fn description() -> String {
    settings::get("site_description").unwrap_or_default()
}

/// The address of a page: the operator's base and a path that begins with a slash.
pub fn url(path: &str) -> String {
    let base: String = settings::get("base_url").unwrap_or_default();
    format!("{}{path}", base.trim_end_matches('/'))
}

/// The address of something that may stand on this host, such as a picture: as it is elsewhere, or under the origin
/// of the operator's base.
pub fn absolute(address: &str) -> String {
    if !address.starts_with('/') {
        return address.to_owned();
    }
    let base: String = settings::get("base_url").unwrap_or_default();
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let host = base.get(after_scheme..).unwrap_or_default();
    let origin = after_scheme + host.find('/').unwrap_or(host.len());
    format!("{}{address}", base.get(..origin).unwrap_or_default())
}
