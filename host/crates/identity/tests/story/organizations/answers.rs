//! What handlers answer, read as tests want it.

use serde_json::Value;
use stoa_kernel::call::Response;
use stoa_kernel::error::Problem;

/// What a handler answered.
pub type Answer = Result<Response, Problem>;

/// The body of a good answer.
pub fn body(answer: Answer) -> Value {
    let answer = answer.unwrap();
    assert!((200..300).contains(&answer.status), "{}", answer.status);
    serde_json::from_slice(&answer.body).unwrap()
}

/// Status and word of a refusal.
pub fn refusal(answer: Answer) -> (u16, String) {
    let problem = answer.map(|answer| answer.status).unwrap_err();
    (problem.status, problem.code.into_owned())
}

/// The same as a pair of texts.
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// How many answers succeeded, and that all others were refused with one of these words.
pub fn successes(answers: Vec<Answer>, words: &[&str]) -> usize {
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in bad {
        let problem = answer.map(|answer| answer.status).unwrap_err();
        assert!(words.contains(&&*problem.code), "{problem:?}");
    }
    good.len()
}
