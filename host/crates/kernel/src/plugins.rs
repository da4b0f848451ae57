//! The port through which the edge sees plugins.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_wit::{Channel, ME, Package, Route};

use crate::call::{Request, Response};
use crate::error::Problem;
use crate::identity::{Denied, Principal};
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

/// A channel that a name leads to.
#[derive(Debug, Clone)]
pub struct MatchedChannel {
    /// Where the snapshot finds the channel again; means nothing outside of it.
    pub key: usize,
    /// The manifest's entry.
    pub channel: Arc<Channel>,
    /// The plugin that owns it.
    pub plugin: Arc<str>,
    /// Its full name.
    pub name: Arc<str>,
    /// Its parameters by name.
    pub params: Vec<(String, String)>,
}

impl MatchedChannel {
    /// Whether this principal may listen to the channel, or speak on it, as far as the manifest says. The channel's
    /// `join` handler has yet to be asked.
    ///
    /// # Errors
    /// 401 without an account, 403 for one of the wrong kind, and 404 for a channel of somebody else's own: who asks
    /// learns nothing about other accounts.
    pub fn admit(&self, principal: &Principal, speaks: bool) -> Result<(), Problem> {
        let callers = &self.channel.callers;
        let admitted = principal.is_one_of(&self.plugin, callers, !speaks);
        admitted.map_err(|denied| match denied {
            Denied::Unauthenticated => Problem::unauthenticated(),
            Denied::Forbidden => Problem::forbidden(),
        })?;
        let account = principal.account.as_ref().map(|account| account.id.as_str());
        let mut own = self.params.iter().filter(|(name, _)| name == ME);
        if own.all(|(_, value)| Some(value.as_str()) == account) {
            Ok(())
        } else {
            Err(Problem::not_found())
        }
    }
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

    /// The channel of a full name, if any plugin has such. Who may join is not judged yet.
    fn channel(&self, name: &str) -> Option<MatchedChannel>;

    /// Every family of channels, in the order of plugins and of their manifests.
    fn channels(&self) -> Vec<Arc<Channel>>;

    /// Asks a channel's `join` handler, by a request that is no client's HTTP: path parameters are the channel's.
    /// None if it has no such handler.
    ///
    /// # Errors
    /// As [`Snapshot::handle`].
    async fn join(
        &self,
        matched: &MatchedChannel,
        request: Request,
    ) -> Result<Option<Response>, Problem>;

    /// Hands what a client says on a channel to the handler of the word; `request`'s body is the message.
    ///
    /// # Errors
    /// As [`Snapshot::handle`]; 404 `unknown-message` when clients may say no such thing there.
    async fn say(
        &self,
        matched: &MatchedChannel,
        word: &str,
        request: Request,
    ) -> Result<Response, Problem>;
}

/// The plugins that are live now.
pub trait Plugins: Send + Sync + 'static {
    /// The current snapshot.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// One entry per plugin file, good or bad.
    fn status(&self) -> Vec<PartStatus>;
}
