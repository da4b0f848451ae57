//! `stoa:types/types`: callers and problems on their way in and out.

use stoa_kernel::error::Problem;
use stoa_kernel::identity::Principal;

use crate::bindings::stoa::types::types as wire;
use crate::state::State;

/// Bytes of a problem's code.
const CODE_BYTES_MAX: usize = 64;
/// Bytes of a problem's detail.
const DETAIL_BYTES_MAX: usize = 1_024;
/// Bytes of a problem's field.
const FIELD_BYTES_MAX: usize = 256;

impl wire::Host for State {}

/// The caller as a guest sees it.
#[must_use]
pub fn caller(principal: &Principal) -> wire::Caller {
    let session = principal.session.clone();
    match &principal.account {
        Some(account) => wire::Caller {
            kind: wire::CallerKind::User,
            id: account.id.clone(),
            email: account.email.clone(),
            role: account.role.as_str().into(),
            session,
        },
        None => wire::Caller {
            kind: if session.is_some() {
                wire::CallerKind::Session
            } else {
                wire::CallerKind::Anonymous
            },
            id: String::new(),
            email: None,
            role: String::new(),
            session,
        },
    }
}

/// A guest's problem, clamped to what a problem may be.
#[must_use]
pub fn problem(problem: wire::Problem) -> Problem {
    if !(400..=599).contains(&problem.status) {
        return Problem::internal(format!(
            "a plugin answered a problem with status {}: {}",
            problem.status, problem.detail
        ));
    }
    let code = if is_code(&problem.code) {
        problem.code
    } else {
        "problem".into()
    };
    let detail = cut(problem.detail, DETAIL_BYTES_MAX);
    let field = problem.field.map(|field| cut(field, FIELD_BYTES_MAX));
    Problem {
        field,
        ..Problem::new(problem.status, code, detail)
    }
}

fn is_code(code: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The text's first `bytes_max` bytes, cut between characters.
fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_outside_of_its_bounds_is_made_to_fit() {
        let wild = |status, code: &str| {
            problem(wire::Problem {
                status,
                code: code.into(),
                detail: "ä".repeat(1_000),
                field: Some("x".repeat(999)),
            })
        };
        assert_eq!(wild(200, "ok").status, 500);
        let clamped = wild(409, "Not A Code");
        assert_eq!(clamped.code, "problem");
        assert_eq!(clamped.detail.len(), DETAIL_BYTES_MAX);
        assert_eq!(
            clamped.field.map(|field| field.len()),
            Some(FIELD_BYTES_MAX)
        );
    }
}
