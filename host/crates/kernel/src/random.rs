//! Randomness as a port, so that tests control it.

use crate::clock::Millis;

/// Yields unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `into` with bytes that nobody can predict.
    fn fill(&self, into: &mut [u8]);
}

/// A ULID (<https://github.com/ulid/spec>) of this time with 80 fresh random bits: 26 characters, sortable by time.
#[must_use]
pub fn ulid(now: Millis, random: &dyn Random) -> String {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    ulid::Ulid::from_parts(now, u128::from_le_bytes(bytes)).to_string()
}

/// The time of a ULID; none if the text is none in the form that [`ulid`] gives it.
#[must_use]
pub fn ulid_time(text: &str) -> Option<Millis> {
    let ulid = ulid::Ulid::from_string(text).ok()?;
    (ulid.to_string() == text).then(|| ulid.timestamp_ms())
}
