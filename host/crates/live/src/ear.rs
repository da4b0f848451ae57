//! A connection's end of its mailbox.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::live::{Ear, Heard, JoinError, Joined, Listener};

use crate::channel;
use crate::connections::ConnectionId;
use crate::hub::Inner;
use crate::limits::CHANNELS_PER_CONNECTION_MAX;
use crate::mailbox::SharedMailbox;
use crate::tenant::Began;

/// One connection's.
pub struct HubEar {
    inner: Arc<Inner>,
    id: ConnectionId,
    listener: Listener,
    mailbox: SharedMailbox,
    joined: HashSet<Arc<str>>,
}

impl HubEar {
    /// Listens to nothing yet.
    pub fn new(
        inner: Arc<Inner>,
        id: ConnectionId,
        listener: Listener,
        mailbox: SharedMailbox,
    ) -> Self {
        Self {
            inner,
            id,
            listener,
            mailbox,
            joined: HashSet::new(),
        }
    }

    fn listen(&self, channel: &Arc<str>) -> bool {
        let listener = channel::Listener {
            account: Arc::clone(&self.listener.account),
            mailbox: Arc::clone(&self.mailbox),
            floor: 0,
        };
        self.inner.with(&self.listener.tenant, |channels| {
            channels.listen(channel, self.id, listener)
        })
    }
}

/// Leaves the channel again unless joining it comes to its end.
struct Joining<'a> {
    ear: &'a mut HubEar,
    channel: Arc<str>,
    is_done: bool,
}

impl Drop for Joining<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.ear.leave(&self.channel);
        }
    }
}

#[async_trait]
impl Ear for HubEar {
    async fn join(&mut self, channel: &str, after: Option<u64>) -> Result<Joined, JoinError> {
        let channel: Arc<str> = channel.into();
        let is_known = self.joined.contains(&channel);
        if !is_known && self.joined.len() >= CHANNELS_PER_CONNECTION_MAX {
            return Err(JoinError::Limit(
                "the connection has joined as many channels as it may",
            ));
        }
        self.joined.insert(Arc::clone(&channel));
        // First it listens, then it reads: what is said in between is in one of both, or in both.
        let is_new = self.listen(&channel);
        let joining = Joining {
            ear: self,
            channel,
            is_done: false,
        };
        loop {
            let (ear, channel) = (&*joining.ear, &joining.channel);
            let tenant = &ear.listener.tenant;
            let joined = ear.inner.missed(tenant, channel, after).await?;
            // Who listens already and asks for nothing that it missed goes on as it did.
            let began = match is_new || after.is_some() {
                true => ear
                    .inner
                    .with(tenant, |channels| channels.begin(channel, ear.id, &joined)),
                false => Began::Now,
            };
            if began != Began::TooEarly {
                let mut joining = joining;
                joining.is_done = true;
                return Ok(joined);
            }
        }
    }

    fn leave(&mut self, channel: &str) {
        self.joined.remove(channel);
        self.inner.with(&self.listener.tenant, |channels| {
            channels.leave(channel, self.id);
        });
        self.mailbox.forget(channel, |_| true);
    }

    async fn next(&mut self) -> Heard {
        let heard = self.mailbox.next().await;
        if let Heard::Evicted(channel) = &heard {
            self.joined.remove(channel);
        }
        heard
    }
}

impl Drop for HubEar {
    fn drop(&mut self) {
        let joined = std::mem::take(&mut self.joined);
        self.inner.with(&self.listener.tenant, |channels| {
            for channel in &joined {
                channels.leave(channel, self.id);
            }
        });
        self.inner.connections.remove(self.id);
    }
}
