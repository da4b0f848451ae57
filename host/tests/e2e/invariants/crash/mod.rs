//! The real binary dies, is started again, and nothing is half done: at every named place of the work, between any two
//! steps of a sale, and at random moments.
//!
//! `dev.crash_at` is where it dies by itself; where a place can be reached from outside, the test kills it there.

mod batch;
mod house;
mod moments;
mod places;
mod plugins;
mod sale;
mod upload;

/// How often each place is tried. Each time costs two starts of the binary.
const ROUNDS: usize = 2;
