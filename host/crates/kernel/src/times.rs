//! Times as clients read them.

use crate::clock::Millis;
use jiff::Timestamp;

/// RFC 3339 in UTC with milliseconds, such as `2026-01-01T00:00:00.000Z`.
#[must_use]
pub fn rfc3339(millis: Millis) -> String {
    let time = i64::try_from(millis)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok());
    format!("{:.3}", time.unwrap_or(Timestamp::MAX))
}

/// The milliseconds of a time as [`rfc3339`] writes it, in any zone and precision.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    let time: Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_milliseconds_and_a_zone() {
        assert_eq!(rfc3339(1_767_225_600_007), "2026-01-01T00:00:00.007Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            parse_rfc3339("2026-01-01T01:00:00.007+01:00"),
            Some(1_767_225_600_007)
        );
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
