//! What services elsewhere answered one request, remembered by the question so that nothing is sent twice.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use stoa_kernel::outbound::{OutboundAnswer, OutboundError, REQUESTS_PER_RUN_MAX};

/// What was told of a request.
pub type Told = Result<OutboundAnswer, OutboundError>;

/// Everything that makes two requests of a plugin the same, as a digest.
pub type Question = [u8; 32];

/// The digest of some texts; no two lists of texts share one.
pub fn digest<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Question {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

/// The requests sent for one cause, over all of its runs.
#[derive(Debug, Default)]
pub struct CallsOut {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    /// What was told, for each time that the question was asked in one run; none where no answer arrived.
    told: HashMap<Question, Vec<Option<Told>>>,
    /// How often the current run has asked each question.
    asked: HashMap<Question, usize>,
    sent: u32,
}

/// What to do about a question.
#[derive(Debug)]
pub enum Asked {
    /// It was asked by a run before.
    Before(Told),
    /// It has to be sent.
    Now(Ticket),
    /// No more may be sent.
    TooMany,
}

/// A request about to be sent.
#[derive(Debug)]
pub struct Ticket {
    question: Question,
    time: usize,
}

impl CallsOut {
    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.log().sent == 0
    }

    /// Begins another run.
    pub fn rewind(&self) {
        self.log().asked.clear();
    }

    /// Asks a question in the current run. What a run before has sent is not sent again, wherever in its order
    /// the current run asks; if it was sent and no answer arrived, that is what is told.
    pub fn ask(&self, question: Question) -> Asked {
        let mut log = self.log();
        let log = &mut *log;
        let times = log.asked.entry(question).or_default();
        let time = *times;
        let told = log.told.entry(question).or_default();
        if let Some(told) = told.get(time) {
            *times += 1;
            let lost = || Err(OutboundError::Unknown("its answer never arrived".into()));
            return Asked::Before(told.clone().unwrap_or_else(lost));
        }
        if log.sent >= REQUESTS_PER_RUN_MAX {
            return Asked::TooMany;
        }
        *times += 1;
        told.push(None);
        log.sent += 1;
        Asked::Now(Ticket { question, time })
    }

    /// Remembers what was told.
    pub fn remember(&self, ticket: &Ticket, told: &Told) {
        let mut log = self.log();
        let known = log.told.get_mut(&ticket.question);
        if let Some(place) = known.and_then(|known| known.get_mut(ticket.time)) {
            *place = Some(told.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16) -> Told {
        Ok(OutboundAnswer {
            status,
            headers: Vec::new(),
            body: Default::default(),
        })
    }

    /// Sends what has to be sent; the answer tells its place.
    fn ask(calls: &CallsOut, question: &[u8]) -> (Told, bool) {
        match calls.ask(digest([question])) {
            Asked::Before(told) => (told, false),
            Asked::Now(ticket) => {
                let sent = calls.log().sent;
                let answer = told(199 + u16::try_from(sent).unwrap_or(0));
                calls.remember(&ticket, &answer);
                (answer, true)
            }
            Asked::TooMany => (Err(OutboundError::Limit(String::new())), false),
        }
    }

    #[test]
    fn a_second_run_is_told_the_same_in_any_order_and_only_what_is_new_is_sent() {
        let calls = CallsOut::default();
        assert!(calls.is_empty());
        assert_eq!(ask(&calls, b"a"), (told(200), true));
        assert_eq!(ask(&calls, b"b"), (told(201), true));
        assert_eq!(
            ask(&calls, b"a"),
            (told(202), true),
            "who asks twice in one run wants two answers"
        );
        calls.rewind();
        assert_eq!(ask(&calls, b"b"), (told(201), false));
        assert_eq!(ask(&calls, b"a"), (told(200), false));
        assert_eq!(ask(&calls, b"a"), (told(202), false));
        assert_eq!(ask(&calls, b"a"), (told(203), true));
        assert_eq!(ask(&calls, b"c"), (told(204), true));
        assert!(!calls.is_empty());
    }

    #[test]
    fn what_was_sent_and_never_answered_is_not_sent_again() {
        let calls = CallsOut::default();
        assert!(matches!(
            calls.ask(digest([b"a".as_slice()])),
            Asked::Now(_)
        ));
        calls.rewind();
        let (told, sent) = ask(&calls, b"a");
        assert!(matches!(told, Err(OutboundError::Unknown(_))) && !sent);
    }

    #[test]
    fn a_cause_sends_so_much_and_no_more_over_all_of_its_runs() {
        let calls = CallsOut::default();
        for n in 0..REQUESTS_PER_RUN_MAX {
            assert!(ask(&calls, &n.to_be_bytes()).1);
        }
        assert!(matches!(
            ask(&calls, b"more").0,
            Err(OutboundError::Limit(_))
        ));
        calls.rewind();
        assert_eq!(ask(&calls, &0_u32.to_be_bytes()), (told(200), false));
        assert!(matches!(
            ask(&calls, b"more").0,
            Err(OutboundError::Limit(_))
        ));
    }
}
