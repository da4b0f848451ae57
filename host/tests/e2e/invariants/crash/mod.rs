//! The real binary dies, is started again, and nothing is half done: at every named place of the work, between any two
//! steps of a sale, and at random moments.
//!
//! `dev.crash_at` is where it dies by itself; where a place can be reached from outside, the test kills it there.

mod batch;
pub mod house;
mod moments;
mod places;
mod plugins;
pub mod sale;
mod upload;

/// How often each place is tried where nobody wants it otherwise. Each time costs two starts of the binary.
const ROUNDS: usize = 2;

/// The same, as somebody wants it who has the time: a whole number from 1 on.
const ROUNDS_VARIABLE: &str = "STOA_TEST_CRASH_ROUNDS";

/// How often each place is tried.
fn rounds() -> usize {
    let Ok(wanted) = std::env::var(ROUNDS_VARIABLE) else {
        return ROUNDS;
    };
    let rounds = wanted.parse().ok().filter(|rounds| *rounds > 0);
    rounds.unwrap_or_else(|| panic!("{ROUNDS_VARIABLE} is no number of rounds: {wanted:?}"))
}
