//! The port through which the edge sees plugins.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_wit::{Package, Route};

use crate::call::{Request, Response};
use crate::error::Problem;
use crate::routing::Lookup;
use crate::status::PartStatus;

/// A route that a path leads to.
#[derive(Debug, Clone)]
pub struct Matched {
    /// Where the snapshot finds the route again; means nothing outside of it.
    pub key: usize,
    /// The manifest's entry.
    pub route: Arc<Route>,
    /// The plugin that serves it.
    pub plugin: Arc<str>,
    /// Path parameters by name, percent-decoded.
    pub params: Vec<(String, String)>,
}

/// An immutable set of plugins. A request takes one and keeps it to its end, so no request is ever served
/// by a mix of versions.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// What a method and a raw path lead to.
    fn find(&self, method: &str, path: &str) -> Lookup;

    /// Every plugin's manifest and schemas, in the order of names.
    fn packages(&self) -> Vec<Arc<Package>>;

    /// Runs the request as one transaction through the plugin behind `matched`, again after a conflict.
    ///
    /// # Errors
    /// The plugin's own problem, or the host's: `plugin-trap` and `plugin-limit` (502), `plugin-timeout`
    /// (504), `busy` and `unavailable` (503), `conflict` (409), and those of idempotency (409, 422).
    async fn handle(&self, matched: &Matched, request: Request) -> Result<Response, Problem>;
}

/// The plugins that are live now.
pub trait Plugins: Send + Sync + 'static {
    /// The current snapshot.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// One entry per plugin file, good or bad.
    fn status(&self) -> Vec<PartStatus>;
}
