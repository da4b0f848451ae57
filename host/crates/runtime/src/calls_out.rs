//! What services elsewhere answered one request, remembered by the question so that nothing is sent twice.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use stoa_kernel::hex::hex;
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

/// What stays the same however often a request is repeated: what makes up its idempotency key.
pub struct Purpose<'a> {
    /// Whose data.
    pub tenant: &'a str,
    /// Who sends.
    pub plugin: &'a str,
    /// What the run is for.
    pub cause: &'a str,
    /// To whom.
    pub service: &'a str,
    /// The guest's own word; may be empty.
    pub purpose: &'a str,
}

impl Purpose<'_> {
    /// The key. Where the guest has no word, the place among the requests of the cause has to do.
    pub fn key(&self, place: u32) -> String {
        let place = place.to_string();
        let place = self.purpose.is_empty().then_some(place.as_bytes());
        let texts = [
            self.tenant,
            self.plugin,
            self.cause,
            self.service,
            self.purpose,
        ];
        hex(&digest(texts.into_iter().map(str::as_bytes).chain(place)))
    }
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
    cause: Option<String>,
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
    /// How many were sent before it.
    pub place: u32,
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

    /// A cause for a request that has none of its own; the same for all of its runs.
    pub fn cause(&self, make: impl FnOnce() -> String) -> String {
        self.log().cause.get_or_insert_with(make).clone()
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
        let place = log.sent;
        log.sent += 1;
        Asked::Now(Ticket {
            question,
            time,
            place,
        })
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
                let answer = told(200 + u16::try_from(ticket.place).unwrap_or(u16::MAX));
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

    #[test]
    fn a_key_differs_in_everything_that_matters_and_in_nothing_else() {
        let key = |texts: [&str; 5], place| {
            let [tenant, plugin, cause, service, purpose] = texts;
            let purpose = Purpose {
                tenant,
                plugin,
                cause,
                service,
                purpose,
            };
            purpose.key(place)
        };
        let plain = ["t", "p", "c", "s", "refund"];
        assert_eq!(key(plain, 0), key(plain, 7), "a purpose is enough");
        assert_eq!(key(plain, 0).len(), 64);
        for changed in 0..plain.len() {
            let mut other = plain;
            if let Some(text) = other.get_mut(changed) {
                *text = "x";
            }
            assert_ne!(key(plain, 0), key(other, 0), "{other:?}");
        }
        assert_ne!(
            key(["t", "p", "c", "s", ""], 0),
            key(["t", "p", "c", "s", ""], 1)
        );
        assert_ne!(
            key(["tp", "", "c", "s", "x"], 0),
            key(["t", "p", "c", "s", "x"], 0)
        );
    }
}
