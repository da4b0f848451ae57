//! When a letter that could not be sent is tried again, and when no more.

use stoa_kernel::clock::Millis;
use stoa_kernel::random::Random;

/// The pause after the first failure: what a server that restarts needs.
pub const FIRST_RETRY_MS: Millis = 5_000;

/// The longest pause: a server that comes back after hours should not wait for much longer.
pub const RETRY_MS_MAX: Millis = 3_600_000;

/// How long a letter is tried at all: after a day, codes and links in it are long void.
pub const GIVE_UP_MS: Millis = 86_400_000;

/// One part in so many is added by chance, so that letters that failed together don't come back together.
const JITTER_PART: Millis = 4;

/// The pause after the failure number `tries`, counted from 1. A server that names a time is heard, within
/// the longest pause.
pub(crate) fn pause_ms(tries: u32, asked_ms: Option<Millis>, random: &dyn Random) -> Millis {
    let doubled = 1_u64
        .checked_shl(tries.saturating_sub(1))
        .and_then(|factor| FIRST_RETRY_MS.checked_mul(factor))
        .unwrap_or(RETRY_MS_MAX);
    let base = doubled.max(asked_ms.unwrap_or(0)).min(RETRY_MS_MAX);
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    base + u64::from_le_bytes(bytes) % (base / JITTER_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always the same bytes.
    struct Same(u8);

    impl Random for Same {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<Millis> = (1..=5).map(|n| pause_ms(n, None, &Same(0))).collect();
        assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 80_000]);
        for tries in [11, 63, 64, 65, u32::MAX] {
            assert_eq!(pause_ms(tries, None, &Same(0)), RETRY_MS_MAX, "{tries}");
        }
    }

    #[test]
    fn chance_adds_a_quarter_at_most() {
        for byte in 0..=u8::MAX {
            let pause = pause_ms(1, None, &Same(byte));
            assert!((5_000..6_250).contains(&pause), "{pause}");
        }
        assert_ne!(pause_ms(1, None, &Same(1)), pause_ms(1, None, &Same(2)));
    }

    #[test]
    fn a_server_that_names_a_time_is_heard_within_reason() {
        assert_eq!(pause_ms(1, Some(60_000), &Same(0)), 60_000);
        assert_eq!(pause_ms(1, Some(1), &Same(0)), FIRST_RETRY_MS);
        assert_eq!(pause_ms(1, Some(Millis::MAX), &Same(0)), RETRY_MS_MAX);
    }
}
