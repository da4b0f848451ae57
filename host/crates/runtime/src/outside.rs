//! What the outside world told a request, remembered so that a second run is told the same.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use stoa_kernel::clock::Millis;
use stoa_kernel::outbound::{OutboundAnswer, OutboundError};

/// What a service elsewhere answered, or why there is no answer.
type Heard = Result<OutboundAnswer, OutboundError>;

/// One answer of the outside world.
#[derive(Debug, Clone)]
enum Answer {
    Time(Millis),
    Random(Bytes),
}

/// The answers given so far, in order, and how many of them the current run has been told again.
///
/// A second run may ask differently, because it may have read different documents. From the first
/// question that does not fit, answers are made afresh: what has been told before no longer matters.
#[derive(Debug, Default)]
pub struct Outside {
    log: Mutex<Log>,
    nonce: OnceLock<String>,
}

#[derive(Debug, Default)]
struct Log {
    told: Vec<Answer>,
    replay: VecDeque<Answer>,
    /// What services elsewhere answered, by the request's digest. A second run that sends the same request, at
    /// whatever place, is told the same and sends nothing.
    heard: Vec<([u8; 32], Heard)>,
    replay_heard: Vec<([u8; 32], Heard)>,
    /// Whether the outside world was reached past this log.
    open: bool,
}

impl Outside {
    /// Whether nothing was asked of the outside world.
    pub fn is_silent(&self) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.told.is_empty() && log.heard.is_empty() && !log.open
    }

    /// Says that something was asked that is not remembered here.
    pub fn open(&self) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).open = true;
    }

    /// A text that is this request's alone, in all of its runs.
    pub fn nonce(&self, make: impl FnOnce() -> String) -> String {
        self.nonce.get_or_init(make).clone()
    }

    /// Begins another run: everything told so far will be told again.
    pub fn rewind(&self) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut replay: VecDeque<Answer> = log.told.drain(..).collect();
        replay.extend(log.replay.drain(..));
        log.replay = replay;
        let heard = std::mem::take(&mut log.heard);
        log.replay_heard.splice(..0, heard);
    }

    /// What a run before was told when it sent the same request; each answer is told once a run.
    pub fn replayed(&self, digest: &[u8; 32]) -> Option<Heard> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let place = log
            .replay_heard
            .iter()
            .position(|(known, _)| known == digest)?;
        Some(log.replay_heard.remove(place).1)
    }

    /// Remembers what a service elsewhere answered in this run.
    pub fn answered(&self, digest: [u8; 32], heard: Heard) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.heard.push((digest, heard));
    }

    /// The time.
    pub fn time(&self, ask: impl FnOnce() -> Millis) -> Millis {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match log.replay.pop_front() {
            Some(Answer::Time(now)) => now,
            _ => {
                log.replay.clear();
                ask()
            }
        };
        log.told.push(Answer::Time(now));
        now
    }

    /// `len` random bytes.
    pub fn random(&self, len: usize, ask: impl FnOnce() -> Bytes) -> Bytes {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match log.replay.pop_front() {
            Some(Answer::Random(bytes)) if bytes.len() == len => bytes,
            _ => {
                log.replay.clear();
                ask()
            }
        };
        log.told.push(Answer::Random(bytes.clone()));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_sent_is_not_sent_again_whatever_comes_before_it() {
        let outside = Outside::default();
        let (pay, ask) = ([1; 32], [2; 32]);
        let heard = |text: &'static str| {
            Ok(OutboundAnswer {
                status: 200,
                headers: Vec::new(),
                body: Bytes::from_static(text.as_bytes()),
            })
        };
        assert!(outside.is_silent());
        assert_eq!(outside.replayed(&pay), None);
        outside.answered(pay, heard("first"));
        outside.answered(pay, heard("second"));
        outside.answered(ask, Err(OutboundError::Unknown("late".into())));
        assert!(!outside.is_silent());
        outside.rewind();
        assert_eq!(
            outside.replayed(&ask),
            Some(Err(OutboundError::Unknown("late".into())))
        );
        assert_eq!(outside.replayed(&pay), Some(heard("first")));
        outside.answered(pay, heard("first"));
        // A third run is told both, though the second one came to an end after the first.
        outside.rewind();
        assert_eq!(outside.replayed(&pay), Some(heard("first")));
        assert_eq!(outside.replayed(&pay), Some(heard("second")));
        assert_eq!(outside.replayed(&pay), None);
    }

    #[test]
    fn a_second_run_is_told_the_same_and_a_different_question_something_new() {
        let outside = Outside::default();
        assert_eq!(outside.time(|| 1), 1);
        assert_eq!(outside.random(2, || Bytes::from_static(b"ab")), "ab");
        outside.rewind();
        assert_eq!(outside.time(|| 9), 1);
        assert_eq!(outside.random(2, || Bytes::from_static(b"xx")), "ab");
        assert_eq!(outside.time(|| 10), 10, "the second run asks for more");
        outside.rewind();
        assert_eq!(
            outside.random(2, || Bytes::from_static(b"yy")),
            "yy",
            "it asks differently"
        );
        assert_eq!(outside.time(|| 11), 11);
    }
}
