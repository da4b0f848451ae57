//! File descriptors: each connection takes one, and systems give few unless they are asked.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors besides those of clients: the store's files, compilers, connections to services elsewhere.
const OTHERS: u64 = 512;

/// Takes as many as the system allows, and warns where they are too few for so many connections.
pub fn raise(connections_max: u32) {
    let Rlimit { maximum, current } = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    let needed = u64::from(connections_max) + OTHERS;
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        tracing::warn!(
            allowed,
            needed,
            "too few file descriptors for http.connections_max: some clients will wait for others to go"
        );
    }
}
