//! Answers that are told again instead of being worked out again.
//!
//! Every input of a guest passes the host, so the host knows what an answer rests on: the request's own members,
//! the documents and collections that were read, the copies that were found in the plugin's cache. As long as
//! those are as they were, a handler that only reads would answer the same, and need not run. An entry is
//! checked each time, so a write is seen by the next request; nothing has to be invalidated.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::store::Basis;

use crate::cache::{PluginCache, Reading};
use crate::scope::Scope;

/// Larger answers are rare and would push out many small ones.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// What an entry costs beside its texts.
const ENTRY_BYTES: usize = 1 << 10;
/// Guess of an answer's size, by which the cache sizes its tables.
const ANSWER_BYTES_TYPICAL: u64 = 4 << 10;

/// A route of a set of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The set's number.
    pub set: u64,
    /// The route's key in it.
    pub route: usize,
    /// How often something had been set for plugins when the request came: a handler may have read it.
    pub set_since: u64,
}

/// A request to one of the routes: the key of its answer.
#[derive(Debug, Clone)]
struct Question {
    place: Place,
    request: Arc<Request>,
}

/// The same, borrowed.
struct Asked<'a> {
    place: Place,
    request: &'a Request,
}

/// Everything of a request that reaches the guest, and whose data it works on.
#[derive(PartialEq, Eq, Hash)]
struct Told<'a> {
    place: Place,
    tenant: &'a TenantId,
    params: &'a [(String, String)],
    query: &'a str,
    body: &'a [u8],
    account: Option<(&'a str, Option<&'a str>, &'static str)>,
    session: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn told(&self) -> Told<'a> {
        let Request {
            tenant,
            principal,
            params,
            query,
            body,
            ..
        } = self.request;
        let account = principal.account.as_ref();
        Told {
            place: self.place,
            tenant,
            params,
            query,
            body,
            account: account.map(|account| {
                (
                    account.id.as_str(),
                    account.email.as_deref(),
                    account.role.as_str(),
                )
            }),
            session: principal.session.as_deref(),
        }
    }
}

impl Question {
    fn told(&self) -> Told<'_> {
        Asked {
            place: self.place,
            request: &self.request,
        }
        .told()
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.told().hash(state);
    }
}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.told().hash(state);
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.told() == other.told()
    }
}

impl Eq for Question {}

impl Equivalent<Question> for Asked<'_> {
    fn equivalent(&self, question: &Question) -> bool {
        self.told() == question.told()
    }
}

/// An answer and what it rests on.
struct Answer {
    response: Response,
    basis: Arc<dyn Basis>,
    readings: Vec<Reading>,
}

impl Answer {
    fn holds(&self, cache: &PluginCache, now: Millis) -> bool {
        self.basis.holds()
            && self
                .readings
                .iter()
                .all(|reading| reading.holds(cache, now))
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Question, Arc<Answer>> for ByBytes {
    fn weight(&self, question: &Question, answer: &Arc<Answer>) -> u64 {
        let request = &question.request;
        let pairs = |pairs: &[(String, String)]| -> usize {
            let lengths = pairs.iter().map(|(name, value)| name.len() + value.len());
            lengths.sum()
        };
        let asked = request.query.len()
            + request.body.len()
            + pairs(&request.headers)
            + pairs(&request.params);
        let told = answer.response.body.len() + pairs(&answer.response.headers);
        let readings: usize = answer.readings.iter().map(Reading::bytes).sum();
        (ENTRY_BYTES + asked + told + answer.basis.bytes() + readings) as u64
    }
}

/// The answers of all sets of plugins. Nobody asks for those of a set that serves no more, and they make room.
pub struct Answers(Option<Cache<Question, Arc<Answer>, ByBytes>>);

impl Answers {
    /// None yet, and never more than so many bytes of them; 0 keeps none.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / ANSWER_BYTES_TYPICAL).unwrap_or(usize::MAX);
        Self((bytes_max > 0).then(|| Cache::with_weighter(items.max(16), bytes_max, ByBytes)))
    }

    /// The answer that the handler would give.
    pub fn find(
        &self,
        place: Place,
        request: &Request,
        cache: &PluginCache,
        now: Millis,
    ) -> Option<Response> {
        let answer = self.0.as_ref()?.get(&Asked { place, request })?;
        answer.holds(cache, now).then(|| answer.response.clone())
    }

    /// Keeps what a run has answered, if the same request would be answered the same as long as what it read
    /// is as it was: it told nobody, changed nothing, and asked neither for the time nor for chance.
    pub fn keep(&self, place: Place, scope: &Scope, response: &Response) {
        let Some(answers) = &self.0 else { return };
        let is_plain = response.status == 200 && response.body.len() <= ANSWER_BYTES_MAX;
        if !is_plain || !scope.outside.is_silent() || scope.budget.has_logged() {
            return;
        }
        let (Some(basis), Some(readings)) = (scope.unit.basis(), scope.cache_changes.readings())
        else {
            return;
        };
        let question = Question {
            place,
            request: Arc::clone(&scope.request),
        };
        let answer = Answer {
            response: Response {
                source: Source::Memory,
                ..response.clone()
            },
            basis,
            readings,
        };
        answers.insert(question, Arc::new(answer));
    }
}
