//! One channel that somebody on this host listens to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use stoa_kernel::live::{Heard, Message, Push};

use crate::connections::ConnectionId;
use crate::limits::HELD_MAX;
use crate::mailbox::SharedMailbox;

/// What a unit of work said, or what is left to be told of it.
pub type Batch = VecDeque<Push>;

/// Who listens.
pub struct Listener {
    /// Whose account it is.
    pub account: Arc<str>,
    /// Where it waits for them.
    pub mailbox: SharedMailbox,
    /// Messages up to this number are none of its business: it was told of them when it joined.
    pub floor: u64,
}

/// A channel. Messages with numbers are told in the order of numbers: two commits may tell of themselves in
/// another order than theirs, and one of another host may never arrive here.
#[derive(Default)]
pub struct Channel {
    /// By connection.
    pub listeners: HashMap<ConnectionId, Listener>,
    /// The number of the last message that was told. None until the first listener has read the history.
    pub last: Option<u64>,
    /// What `last` was at first.
    pub base: u64,
    /// What waits until all numbers before its first message's are told.
    pub held: BTreeMap<u64, Batch>,
    /// Whether somebody sees to what is held for too long.
    pub is_watched: bool,
}

/// Whether something can be told now.
pub enum Turn {
    /// It can.
    Now,
    /// It was told before.
    Past,
    /// Others come first.
    Later(u64),
}

impl Channel {
    /// Whether it is the turn of a message.
    pub fn turn(&self, message: &Message) -> Turn {
        match (message.number, self.last) {
            (None, _) => Turn::Now,
            (Some(number), Some(last)) if number <= last => Turn::Past,
            (Some(number), Some(last)) if number == last + 1 => Turn::Now,
            (Some(number), _) => Turn::Later(number),
        }
    }

    /// Tells everybody. Who can't be told any longer listens no longer.
    pub fn tell(&mut self, message: &Arc<Message>) {
        if message.number.is_some() {
            self.last = message.number;
        }
        let number = message.number.unwrap_or(u64::MAX);
        self.listeners.retain(|_, listener| {
            number <= listener.floor || listener.mailbox.put(Heard::Message(Arc::clone(message)))
        });
    }

    /// Takes an account out.
    pub fn evict(&mut self, name: &Arc<str>, account: &str) {
        self.listeners.retain(|_, listener| {
            let goes = *listener.account == *account;
            if goes {
                listener.mailbox.put(Heard::Evicted(Arc::clone(name)));
            }
            !goes
        });
    }

    /// Whether something is held that comes too late, and nobody sees to it yet: somebody is to do so now.
    pub fn needs_watch(&mut self) -> bool {
        let needs = self.last.is_some() && !self.held.is_empty() && !self.is_watched;
        self.is_watched |= needs;
        needs
    }

    /// Keeps a batch until the turn of its first message, whose number this is.
    pub fn hold(&mut self, number: u64, batch: Batch) {
        self.held.entry(number).or_insert(batch);
    }

    /// Whether more is held than may be.
    pub fn is_overfull(&self) -> bool {
        self.held.len() > HELD_MAX
    }

    /// Begins to tell with the message after `last`, if it has not begun. What is held up to there comes back, to
    /// be told as far as it has not been.
    pub fn begin(&mut self, last: u64) -> Vec<Batch> {
        if self.last.is_some() {
            return Vec::new();
        }
        self.last = Some(last);
        self.base = last;
        self.due()
    }

    /// What is held and need not be any longer.
    pub fn due(&mut self) -> Vec<Batch> {
        let Some(last) = self.last.filter(|_| !self.held.is_empty()) else {
            return Vec::new();
        };
        let later = self.held.split_off(&last.saturating_add(2));
        let due = std::mem::replace(&mut self.held, later);
        due.into_values().collect()
    }

    /// Gives up on what comes before the first message that is held.
    pub fn skip(&mut self) -> Vec<Batch> {
        let Some(first) = self.held.keys().next().copied() else {
            return Vec::new();
        };
        let last = first.saturating_sub(1);
        if self.last.is_none() {
            self.base = last;
        }
        self.last = Some(last);
        self.due()
    }
}
