//! The channels of one tenant, and the order in which what is said is told.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use stoa_kernel::live::{Heard, Joined, Message, Push};

use crate::channel::{Batch, Channel, Listener, Turn};
use crate::connections::ConnectionId;

/// Those that somebody on this host listens to.
#[derive(Default)]
pub struct Channels {
    by_name: HashMap<Arc<str>, Channel>,
    /// Where something is missing that nobody looks for yet.
    stalled: Vec<Arc<str>>,
}

impl Channels {
    /// Whether nobody listens to anything.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The channels where something is missing: whoever is told of them looks for it.
    pub fn take_stalled(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.stalled)
    }

    /// Lets somebody listen from now on; false if it does already.
    pub fn listen(&mut self, name: &Arc<str>, id: ConnectionId, listener: Listener) -> bool {
        let channel = self.by_name.entry(Arc::clone(name)).or_default();
        let Entry::Vacant(place) = channel.listeners.entry(id) else {
            return false;
        };
        // It may have been put out, and not know it yet.
        listener.mailbox.forget(name, |_| true);
        place.insert(listener);
        true
    }

    /// Lets somebody who listens begin where the history that it has read ends.
    pub fn begin(&mut self, name: &Arc<str>, id: ConnectionId, joined: &Joined) -> Began {
        let Some(channel) = self.by_name.get_mut(name) else {
            return Began::Gone;
        };
        let due = channel.begin(joined.last);
        let began = match channel.listeners.get_mut(&id) {
            None => Began::Gone,
            Some(_) if joined.last < channel.base => Began::TooEarly,
            Some(listener) => {
                listener.floor = joined.last;
                let is_told = |message: &Message| message.number.is_some_and(|n| n <= joined.last);
                listener.mailbox.forget(
                    name,
                    |heard| matches!(heard, Heard::Message(message) if is_told(message)),
                );
                Began::Now
            }
        };
        self.tell_all(due);
        self.watch(name);
        began
    }

    /// Lets somebody listen no longer.
    pub fn leave(&mut self, name: &str, id: ConnectionId) {
        if let Some(channel) = self.by_name.get_mut(name) {
            channel.listeners.remove(&id);
        }
        let due = self.close_if_empty(name);
        self.tell_all(due);
    }

    /// Forgets a channel that nobody listens to. What it held back is held no longer.
    fn close_if_empty(&mut self, name: &str) -> Vec<Batch> {
        match self.by_name.get(name) {
            Some(channel) if channel.listeners.is_empty() => {}
            _ => return Vec::new(),
        }
        let closed = self.by_name.remove(name);
        closed.map_or_else(Vec::new, |channel| channel.held.into_values().collect())
    }

    /// Tells what a unit of work said, in its order.
    pub fn tell(&mut self, batch: Batch) {
        self.tell_all(vec![batch]);
    }

    fn watch(&mut self, name: &Arc<str>) {
        let channel = self.by_name.get_mut(name);
        if channel.is_some_and(Channel::needs_watch) {
            self.stalled.push(Arc::clone(name));
        }
    }

    fn tell_all(&mut self, mut batches: Vec<Batch>) {
        // The first one comes last, to be taken first.
        batches.reverse();
        while let Some(mut batch) = batches.pop() {
            while let Some(push) = batch.pop_front() {
                let name = match &push {
                    Push::Say(message) => Arc::clone(&message.channel),
                    Push::Evict { channel, .. } => Arc::clone(channel),
                };
                let Some(channel) = self.by_name.get_mut(&name) else {
                    continue;
                };
                match &push {
                    Push::Evict { account, .. } => channel.evict(&name, account),
                    Push::Say(message) => match channel.turn(message) {
                        Turn::Past => {}
                        Turn::Now => channel.tell(message),
                        Turn::Later(number) => {
                            batch.push_front(push);
                            channel.hold(number, std::mem::take(&mut batch));
                            if channel.is_overfull() {
                                batches.extend(channel.skip().into_iter().rev());
                            }
                            self.watch(&name);
                            continue;
                        }
                    },
                }
                let due = channel.due();
                batches.splice(0..0, due.into_iter().rev());
                let closed = self.close_if_empty(&name);
                batches.splice(0..0, closed.into_iter().rev());
            }
        }
    }

    /// The channels whose history was read, and the number of the last message that was told there.
    pub fn begun(&self) -> Vec<(Arc<str>, u64)> {
        let channels = self.by_name.iter();
        let begun = channels.filter_map(|(name, channel)| Some((Arc::clone(name), channel.last?)));
        begun.collect()
    }

    /// After which message something is missing, if anything still is; the watch ends if not.
    pub fn missing_after(&mut self, name: &str) -> Option<u64> {
        let channel = self.by_name.get_mut(name)?;
        match channel.last {
            Some(last) if !channel.held.is_empty() => Some(last),
            _ => {
                channel.is_watched = false;
                None
            }
        }
    }

    /// Tells what the history has of what was missing. What it has not is given up.
    pub fn make_up(&mut self, name: &str, found: Vec<Arc<Message>>) {
        let mut batches = Vec::new();
        let Some(channel) = self.by_name.get_mut(name) else {
            return;
        };
        let first = found.first().and_then(|message| message.number);
        channel.last = channel
            .last
            .max(first.map(|number| number.saturating_sub(1)));
        for message in found {
            let held = message
                .number
                .and_then(|number| channel.held.remove(&number));
            batches.push(held.unwrap_or_else(|| Batch::from([Push::Say(message)])));
        }
        if batches.is_empty() {
            batches = channel.skip();
        }
        self.tell_all(batches);
    }
}

/// Whether somebody who joins has begun to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Began {
    /// It has.
    Now,
    /// What it has read of the history ends before what it hears begins.
    TooEarly,
    /// It listens no longer.
    Gone,
}
