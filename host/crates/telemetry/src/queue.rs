//! What waits to be sent: so much and no more. Whoever puts something in never waits.

use metrics::counter;
use tokio::sync::mpsc;

/// Counts what did not fit.
pub(crate) const DROPPED: &str = "telemetry_dropped_total";

/// One signal's end at which things are put in.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    signal: &'static str,
    sender: mpsc::Sender<T>,
}

/// A queue for so many, and the end at which they are taken out.
pub(crate) fn queue<T>(signal: &'static str, max: usize) -> (Queue<T>, mpsc::Receiver<T>) {
    let (sender, receiver) = mpsc::channel(max);
    (Queue { signal, sender }, receiver)
}

impl<T> Queue<T> {
    /// Puts something in, or drops and counts it.
    pub(crate) fn put(&self, thing: T) {
        if self.sender.try_send(thing).is_err() {
            counter!(DROPPED, "signal" => self.signal).increment(1);
        }
    }
}
