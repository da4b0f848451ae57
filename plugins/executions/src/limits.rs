//! What the operator may set, within what makes sense.

use stoa_guest::prelude::*;

/// Seconds of silence: below, an ordinary pause of a network loses a run; above, a dead worker is noticed too late.
const LEASE_SECONDS: (u64, u64) = (5, 3_600);
/// Runs among which a worker chooses: more would make age meaningless.
const LEASE_SPREAD: (u64, u64) = (1, 16);
/// Bytes of a log: a few screens at least, and no more than people can search.
const LOG_BYTES: (u64, u64) = (64 << 10, 256 << 20);
/// Days of artefacts.
const ARTEFACT_DAYS: (u64, u64) = (1, 365);

pub fn lease_seconds() -> u64 {
    within("lease_seconds", 60, LEASE_SECONDS)
}

pub fn lease_ms() -> u64 {
    lease_seconds() * 1_000
}

pub fn lease_spread() -> u32 {
    u32::try_from(within("lease_spread", 4, LEASE_SPREAD)).unwrap_or(1)
}

pub fn log_bytes_max() -> u64 {
    within("log_bytes_max", 8 << 20, LOG_BYTES)
}

pub fn artefact_ms() -> u64 {
    within("artefact_days", 30, ARTEFACT_DAYS) * 86_400_000
}

fn within(name: &str, default: u64, (least, most): (u64, u64)) -> u64 {
    settings::get(name).unwrap_or(default).clamp(least, most)
}
