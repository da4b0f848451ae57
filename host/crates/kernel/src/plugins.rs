//! The port through which the edge sees plugins.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_wit::{Channel, ME, Package, Route};

use crate::call::{Request, Response};
use crate::error::Problem;
use crate::identity::{Credential, Principal};
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
    /// Whether this principal may listen, as far as the manifest says: its role is one of the channel's callers, it
    /// is whom `{me}` names, and an API key's scopes cover reading from the plugin. The channel's `join` handler is
    /// to be asked after that.
    ///
    /// # Errors
    /// 401 for a stranger; the same 404 as for a missing channel for everybody else.
    pub fn may_join(&self, principal: &Principal) -> Result<(), Problem> {
        self.admits(principal, true)
    }

    /// Whether this principal may say anything there: it may listen, and an API key's scopes cover writing.
    ///
    /// # Errors
    /// As [`MatchedChannel::may_join`].
    pub fn may_say(&self, principal: &Principal) -> Result<(), Problem> {
        self.admits(principal, false)
    }

    fn admits(&self, principal: &Principal, reads: bool) -> Result<(), Problem> {
        let account = principal.account.as_ref();
        let account = account.ok_or_else(Problem::unauthenticated)?;
        let mut callers = self.channel.callers.iter();
        let is_covered = match &account.credential {
            Credential::Key { scopes, .. } => scopes.admit(&self.plugin, reads),
            Credential::Development | Credential::Session(_) => true,
        };
        let mut own = self.params.iter().filter(|(name, _)| name == ME);
        let is_admitted = callers.any(|caller| caller.admits(account.role))
            && is_covered
            && own.all(|(_, value)| *value == account.id);
        is_admitted.then_some(()).ok_or_else(Problem::not_found)
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

    /// The channel of a full name, if any plugin or the host has such. Who may join is not judged yet: see
    /// [`MatchedChannel::may_join`].
    fn channel(&self, name: &str) -> Option<MatchedChannel>;

    /// Every family of channels: the host's, then in the order of plugins and of their manifests.
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::collections::BTreeSet;

    use stoa_wit::{Caller, Role};

    use super::*;
    use crate::identity::{Account, Scopes};

    fn inbox_of(account: &str) -> MatchedChannel {
        let channel = Channel {
            name: "chat/inbox/{me}".into(),
            callers: BTreeSet::from([Caller::Viewer, Caller::Admin]),
            join: None,
            messages: Default::default(),
            history: 0,
            socket: None,
            greet: false,
            summary: String::new(),
        };
        MatchedChannel {
            key: 0,
            params: channel.params(&format!("chat/inbox/{account}")).unwrap(),
            channel: Arc::new(channel),
            plugin: "chat".into(),
            name: format!("chat/inbox/{account}").into(),
        }
    }

    fn somebody(role: Role, credential: Credential) -> Principal {
        Principal {
            account: Some(Account {
                id: "a1".into(),
                email: None,
                role,
                tenant: None,
                operator: false,
                credential,
            }),
            session: None,
        }
    }

    fn key(scope: &str) -> Credential {
        Credential::Key {
            id: "k1".into(),
            scopes: Arc::new(Scopes::parse([scope]).unwrap()),
        }
    }

    #[test]
    fn who_may_not_listen_learns_no_more_than_that_there_is_nothing() {
        let (own, other) = (inbox_of("a1"), inbox_of("a2"));
        let viewer = somebody(Role::Viewer, Credential::Development);
        own.may_join(&viewer).unwrap();
        own.may_say(&viewer).unwrap();
        let vendor = somebody(Role::Vendor, Credential::Development);
        for (channel, principal) in [(&other, &viewer), (&own, &vendor)] {
            assert_eq!(channel.may_join(principal), Err(Problem::not_found()));
            assert_eq!(channel.may_say(principal), Err(Problem::not_found()));
        }
        let stranger = Principal::default();
        assert_eq!(own.may_join(&stranger).unwrap_err().status, 401);
    }

    #[test]
    fn a_key_listens_and_speaks_as_far_as_its_scopes_go() {
        let channel = inbox_of("a1");
        let reader = somebody(Role::Admin, key("chat:read"));
        channel.may_join(&reader).unwrap();
        assert_eq!(channel.may_say(&reader).unwrap_err().status, 404);
        channel
            .may_say(&somebody(Role::Admin, key("*:write")))
            .unwrap();
        let other = somebody(Role::Admin, key("shop:write"));
        assert_eq!(channel.may_join(&other).unwrap_err().status, 404);
    }
}
