//! Services elsewhere, as a plugin's own tests imagine them.

use std::cell::RefCell;
use std::fmt;

use crate::bindings::stoa::http::outbound::{Error, Request, Response};

type Answers = Box<dyn FnMut(&Request) -> Result<Response, Error>>;

/// Who answers in this thread.
#[derive(Default)]
struct Elsewhere(Option<Answers>);

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere")
    }
}

thread_local! {
    static ELSEWHERE: RefCell<Elsewhere> = RefCell::default();
}

pub(super) fn install(answers: Option<Answers>) {
    ELSEWHERE.with_borrow_mut(|elsewhere| elsewhere.0 = answers);
}

/// What the test's function answers; unreachable without one.
pub(super) fn answer(request: &Request) -> Result<Response, Error> {
    // Taken out meanwhile, so that it may itself use the fakes.
    let mut answers = ELSEWHERE.with_borrow_mut(|elsewhere| elsewhere.0.take());
    let answer = match &mut answers {
        Some(answers) => answers(request),
        None => Err(Error::Unreachable("nobody answers in this test".into())),
    };
    install(answers);
    answer
}
