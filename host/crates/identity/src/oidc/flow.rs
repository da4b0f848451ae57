//! A sign-in under way: what the callback has to know.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::random::Random;

use crate::token;

/// How long a sign-in may take, in seconds: time enough to look for a telephone.
pub(super) const FLOW_S_MAX: u32 = 600;

/// What the callback has to know. It leaves the host only sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    /// Comes back in the callback's query.
    pub(super) state: String,
    /// Comes back in the ID token.
    pub(super) nonce: String,
    /// PKCE: shows the provider that whoever brings the code began the sign-in (RFC 7636).
    pub(super) verifier: String,
    /// Where the browser goes afterwards; checked.
    pub(super) return_to: Option<String>,
    /// When it is too late.
    pub(super) ends_at: Millis,
}

impl Flow {
    /// A new one. Each of its secrets has 256 random bits; as text they fit the verifier's 43 characters.
    pub(super) fn new(random: &dyn Random, now: Millis, return_to: Option<String>) -> Self {
        Self {
            state: token::fresh(random),
            nonce: token::fresh(random),
            verifier: token::fresh(random),
            return_to,
            ends_at: now.saturating_add(u64::from(FLOW_S_MAX) * 1_000),
        }
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::atomic::{AtomicU8, Ordering};

    use stoa_kernel::random::Random;

    /// Bytes that tests can foresee.
    #[derive(Default)]
    pub(in crate::oidc) struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, into: &mut [u8]) {
            into.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_its_own_and_long_enough_for_pkce() {
        let flow = Flow::new(&testing::Counting::default(), 5, None);
        assert_ne!(flow.state, flow.nonce);
        assert_ne!(flow.nonce, flow.verifier);
        assert_eq!(flow.verifier.len(), 43);
        assert_eq!(flow.ends_at, 600_005);
    }

    #[test]
    fn same_means_every_character() {
        assert!(is_same("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!is_same("abc", other), "{other}");
        }
    }
}
