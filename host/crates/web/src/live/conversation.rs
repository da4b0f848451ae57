//! A connection without its protocol: who is connected, what it has joined, what it hears and when it ends.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{AuthenticationError, Credential, Principal};
use stoa_kernel::live::{Ear, Heard, JoinError, Listener, Message};
use stoa_kernel::random::ulid;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::caller::Caller;
use super::parting::Parting;
use super::saying::{self, Saying};
use crate::auth::RETRY_AFTER_S;
use crate::edge::Shared;

/// How often it is asked whether whoever is connected still may be. Ends that happen here are heard at once; this is
/// for what nobody tells, such as time that runs out.
const CHECKED_EVERY_MS: Millis = 30_000;

/// How often the clock is looked at for that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A connection.
pub(crate) struct Conversation {
    shared: Arc<Shared>,
    caller: Caller,
    ear: Box<dyn Ear>,
    joined: BTreeSet<Arc<str>>,
    put_out: VecDeque<Arc<str>>,
    checked_at: Millis,
    looks: Interval,
}

/// What whoever joins is told.
pub(crate) struct Welcome {
    /// The channel's full name.
    pub channel: Arc<str>,
    /// The number of its last kept message.
    pub last: u64,
    /// Whether messages are missing before `missed`.
    pub gap: bool,
    /// Whether it keeps messages at all.
    pub keeps: bool,
    /// What was said since the client was there last.
    pub missed: Vec<Arc<Message>>,
    /// What the plugin says to it.
    pub data: Value,
}

/// What comes next.
pub(crate) enum Event {
    /// Somebody says something on a channel.
    Message(Arc<Message>),
    /// The connection was put out of a channel.
    Left(Arc<str>),
    /// It ends.
    End(Parting),
}

impl Conversation {
    /// Begins one.
    pub(crate) fn open(shared: &Arc<Shared>, caller: Caller) -> Result<Self, Problem> {
        let session = match &caller.account.credential {
            Credential::Session(id) | Credential::Key { id, .. } => Some(Arc::clone(id)),
            Credential::Development => None,
        };
        let listener = Listener {
            tenant: caller.tenant.clone(),
            account: caller.account.id.as_str().into(),
            session,
        };
        let ear = shared.ports.live.listen(listener).map_err(not_joined)?;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            checked_at: shared.ports.clock.now(),
            shared: Arc::clone(shared),
            caller,
            ear,
            joined: BTreeSet::new(),
            put_out: VecDeque::new(),
            looks,
        })
    }

    /// Whose channels it hears.
    pub(crate) const fn tenant(&self) -> &TenantId {
        &self.caller.tenant
    }

    /// The account's id.
    pub(crate) fn account(&self) -> &str {
        &self.caller.account.id
    }

    /// Under which id something that the client wants is found again.
    pub(crate) fn fresh_id(&self) -> String {
        let ports = &self.shared.ports;
        ulid(ports.clock.now(), &*ports.random)
    }

    /// Joins a channel if its manifest and its plugin admit the account. The ear listens before the plugin is asked,
    /// so that nothing is missed between its answer and the first message; nothing is heard before the answer.
    pub(crate) async fn join(
        &mut self,
        id: &str,
        name: &str,
        after: Option<u64>,
    ) -> Result<Welcome, Problem> {
        let principal = saying::turn(&self.shared, &self.caller).await?;
        let plugins = &self.shared.ports.plugins;
        let snapshot = plugins.snapshot_for(&self.caller.tenant);
        let matched = snapshot.channel(name).ok_or_else(Problem::not_found)?;
        matched.may_join(&principal)?;
        let joined = self.ear.join(&matched.name, after).await;
        let joined = joined.map_err(not_joined)?;
        let request = saying::request(id.into(), &self.caller, principal, &matched, Bytes::new());
        let asked = saying::within(&self.shared, snapshot.join(&matched, request)).await;
        let data =
            asked.and_then(|answer| answer.map_or(Ok(Value::Null), |answer| saying::data(&answer)));
        match data {
            Ok(data) => {
                self.joined.insert(Arc::clone(&matched.name));
                Ok(Welcome {
                    channel: matched.name,
                    last: joined.last,
                    gap: joined.gap,
                    keeps: matched.channel.history > 0,
                    missed: joined.missed,
                    data,
                })
            }
            Err(problem) => {
                self.leave(name);
                Err(problem)
            }
        }
    }

    /// Leaves a channel.
    pub(crate) fn leave(&mut self, name: &str) {
        self.ear.leave(name);
        self.joined.remove(name);
    }

    /// What the plugin answers to what the client says on a channel that it has joined; for whoever awaits it, while
    /// the conversation goes on.
    pub(crate) fn say(
        &self,
        saying: Saying,
    ) -> impl Future<Output = Result<Value, Problem>> + Send + use<> {
        let has_joined = self.joined.contains(&saying.channel);
        let (shared, caller) = (Arc::clone(&self.shared), self.caller.clone());
        async move {
            if !has_joined {
                let detail = "Join the channel before you say something there.";
                return Err(Problem::new(409, "not-joined", detail));
            }
            saying::say(shared, caller, saying).await
        }
    }

    /// What comes next. Safe to cancel. After [`Event::End`] nothing more comes.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some(channel) = self.put_out.pop_front() {
                return Event::Left(channel);
            }
            tokio::select! {
                heard = self.ear.next() => match heard {
                    // What was on its way when the channel was left.
                    Heard::Message(message) if !self.joined.contains(&message.channel) => {}
                    Heard::Message(message) => return Event::Message(message),
                    Heard::Evicted(channel) if self.joined.remove(&channel) => return Event::Left(channel),
                    Heard::Evicted(_) => {}
                    Heard::End(end) => return Event::End(end.into()),
                },
                _ = self.looks.tick() => {
                    let now = self.shared.ports.clock.now();
                    if now.abs_diff(self.checked_at) >= CHECKED_EVERY_MS {
                        if let Err(end) = self.check().await {
                            return Event::End(end);
                        }
                        self.checked_at = now;
                    }
                }
            }
        }
    }

    /// Whether whoever is connected still may be, and where.
    async fn check(&mut self) -> Result<(), Parting> {
        let ports = &self.shared.ports;
        let account = match ports.identity.renew(&self.caller.account).await {
            Ok(account) => account,
            Err(AuthenticationError::Invalid(_)) => return Err(Parting::SessionEnded),
            // Nobody can tell; the next look will.
            Err(AuthenticationError::Unavailable(error)) => {
                tracing::warn!(%error, "whether a session goes on can't be found out");
                return Ok(());
            }
        };
        if account
            .tenant
            .as_ref()
            .is_some_and(|tenant| *tenant != self.caller.tenant)
        {
            return Err(Parting::SessionEnded);
        }
        let principal = Principal {
            account: Some(account.clone()),
            session: None,
        };
        self.caller.account = account;
        let snapshot = ports.plugins.snapshot_for(&self.caller.tenant);
        let may_stay = |name: &Arc<str>| {
            let matched = snapshot.channel(name);
            matched.is_some_and(|matched| matched.may_join(&principal).is_ok())
        };
        let out: Vec<_> = self
            .joined
            .iter()
            .filter(|name| !may_stay(name))
            .cloned()
            .collect();
        for name in out {
            self.leave(&name);
            self.put_out.push_back(name);
        }
        Ok(())
    }
}

fn not_joined(error: JoinError) -> Problem {
    match error {
        JoinError::Limit(limit) => Problem {
            retry_after_s: Some(RETRY_AFTER_S),
            ..Problem::new(429, "too-many", limit)
        },
        JoinError::Store(error) => Problem::unavailable(RETRY_AFTER_S, error.to_string()),
    }
}
