//! What the outside world told a request, remembered so that a second run is told the same.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use stoa_kernel::clock::Millis;

use crate::calls_out::CallsOut;
use crate::leftovers::Files;

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
#[derive(Default)]
pub struct Outside {
    log: Mutex<Log>,
    /// What services elsewhere answered. A second run that asks the same, at whatever place, is told the same:
    /// what was sent can't be taken back.
    pub calls: CallsOut,
    /// Files that were written, which have the same ids in a second run.
    pub files: Files,
    nonce: OnceLock<String>,
}

#[derive(Debug, Default)]
struct Log {
    told: Vec<Answer>,
    replay: VecDeque<Answer>,
    /// Whether the outside world was reached past this log.
    open: bool,
}

impl Outside {
    /// Whether nothing was asked of the outside world.
    pub fn is_silent(&self) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.told.is_empty() && self.calls.is_empty() && !log.open
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
        self.calls.rewind();
        self.files.rewind();
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
