//! What waits for one connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;
use stoa_kernel::live::{End, Heard};
use tokio::sync::Notify;

use crate::limits::{MESSAGE_BYTES, WAITING_BYTES_MAX, WAITING_MAX};

/// Bounded: one that is full is emptied and ends, and takes nothing more.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    heard: VecDeque<Heard>,
    bytes: usize,
    end: Option<End>,
    /// Whether the end was told.
    is_over: bool,
}

impl Waiting {
    fn end(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.heard = VecDeque::new();
            self.bytes = 0;
        }
    }
}

impl Mailbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets something wait; false if nothing can any longer.
    pub fn put(&self, heard: Heard) -> bool {
        let mut waiting = self.waiting();
        if waiting.end.is_some() {
            return false;
        }
        let bytes = waiting.bytes + weight(&heard);
        let has_room = bytes <= WAITING_BYTES_MAX && waiting.heard.len() < WAITING_MAX;
        if has_room {
            waiting.bytes = bytes;
            waiting.heard.push_back(heard);
        } else {
            counter!("live_slow_readers_total").increment(1);
            waiting.end(End::SlowReader);
        }
        drop(waiting);
        self.bell.notify_one();
        has_room
    }

    /// Nothing waits any longer but the end. Of several the first counts.
    pub fn end(&self, end: End) {
        self.waiting().end(end);
        self.bell.notify_one();
    }

    /// Forgets what waits of a channel, as far as `forgets` says so.
    pub fn forget(&self, channel: &str, forgets: impl Fn(&Heard) -> bool) {
        let mut waiting = self.waiting();
        let mut freed = 0;
        waiting.heard.retain(|heard| {
            let goes = channel_of(heard) == Some(channel) && forgets(heard);
            if goes {
                freed += weight(heard);
            }
            !goes
        });
        waiting.bytes -= freed;
    }

    /// What comes next; nothing ever after the end.
    pub async fn next(&self) -> Heard {
        loop {
            let rings = self.bell.notified();
            {
                let mut waiting = self.waiting();
                if let Some(heard) = waiting.heard.pop_front() {
                    waiting.bytes -= weight(&heard);
                    return heard;
                }
                if let Some(end) = waiting.end.filter(|_| !waiting.is_over) {
                    waiting.is_over = true;
                    return Heard::End(end);
                }
            }
            rings.await;
        }
    }
}

fn channel_of(heard: &Heard) -> Option<&str> {
    match heard {
        Heard::Message(message) => Some(&message.channel),
        Heard::Evicted(channel) => Some(channel),
        Heard::End(_) => None,
    }
}

fn weight(heard: &Heard) -> usize {
    MESSAGE_BYTES
        + match heard {
            Heard::Message(message) => {
                message.channel.len() + message.event.len() + message.payload.len()
            }
            Heard::Evicted(channel) => channel.len(),
            Heard::End(_) => 0,
        }
}

/// Shared between the connection and the channels that it listens to.
pub type SharedMailbox = Arc<Mailbox>;
