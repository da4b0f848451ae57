//! When a delivery that failed is tried again, and when no more.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::query::Query;
use stoa_kernel::random::Random;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};

use super::{FAILURES, collection, delivery_id};

/// Failures after which a delivery is given up: with the pauses below that is after about 20 minutes, within
/// which whoever broke a plugin has noticed.
pub const ATTEMPTS_MAX: u32 = 12;

/// The pause after the first failure: what passes by itself has mostly passed then.
pub const FIRST_RETRY_MS: Millis = 1_000;

/// The longest pause: what was repaired should not wait for much longer.
pub const RETRY_MS_MAX: Millis = 300_000;

/// The first pause when the host could not deliver, because it is busy or its store is away.
pub const FIRST_DEFERRAL_MS: Millis = 50;

/// The longest of those.
pub const DEFERRAL_MS_MAX: Millis = 30_000;

/// One part in so many is added by chance, so that what failed together does not come back together.
const JITTER_PART: Millis = 4;

/// Bytes of a reason that are kept.
pub const REASON_BYTES_MAX: usize = 1_024;

/// How often a record of the host's own is written again after a conflict.
const TRIES_MAX: u32 = 10;

/// The pause after the failure number `times`, counted from 1.
pub fn pause_ms(times: u32, random: &dyn Random) -> Millis {
    doubled(FIRST_RETRY_MS, RETRY_MS_MAX, times, random)
}

/// The pause after the host could not for the `times`th time.
pub fn deferral_ms(times: u32, random: &dyn Random) -> Millis {
    doubled(FIRST_DEFERRAL_MS, DEFERRAL_MS_MAX, times, random)
}

fn doubled(first: Millis, max: Millis, times: u32, random: &dyn Random) -> Millis {
    let factor = 1_u64.checked_shl(times.saturating_sub(1));
    let base = factor
        .and_then(|factor| first.checked_mul(factor))
        .unwrap_or(max)
        .min(max);
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    base + u64::from_le_bytes(bytes) % (base / JITTER_PART)
}

/// What is known of a delivery that failed and will be tried again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    /// The event's id.
    pub event: String,
    /// Whose delivery.
    pub subscriber: String,
    /// How often it has failed.
    pub failed: u32,
    /// When it is tried again.
    pub next_at: Millis,
    /// Why it failed the last time.
    pub reason: String,
}

impl Failure {
    /// Remembers it.
    ///
    /// # Errors
    /// The store's; the delivery is tried again all the same.
    pub async fn write(&self, store: &dyn Store, tenant: &TenantId) -> Result<(), CommitError> {
        let id = delivery_id(&self.event, &self.subscriber);
        let unavailable = |error: StoreError| CommitError::Unavailable(error.to_string());
        let body = serde_json::to_value(self)
            .map_err(|error| CommitError::Unavailable(error.to_string()))?;
        let mut tried = 1;
        loop {
            let unit = store.begin(tenant).await.map_err(unavailable)?;
            unit.put(
                &collection(FAILURES),
                &id,
                None,
                body.clone(),
                Expiry::Never,
            )
            .await
            .map_err(unavailable)?;
            match unit.commit().await {
                Err(CommitError::Conflict) if tried < TRIES_MAX => tried += 1,
                outcome => return outcome,
            }
        }
    }

    /// All of a tenant.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(store: &dyn Store, tenant: &TenantId) -> Result<Vec<Self>, StoreError> {
        let unit = store.begin(tenant).await?;
        let (mut failures, mut cursor) = (Vec::new(), None);
        loop {
            let query = Query {
                limit: PAGE_LIMIT_MAX,
                cursor,
                ..Query::default()
            };
            let page = unit.query(&collection(FAILURES), &query).await?;
            let read = |body: &str| serde_json::from_str(body).ok();
            failures.extend(page.items.iter().filter_map(|item| read(&item.body)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(failures);
            }
        }
    }
}

/// A reason's first bytes, cut between characters.
#[must_use]
pub fn cut(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same(u8);
    impl Random for Same {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_chance_adds_a_quarter_at_most() {
        let pauses: Vec<Millis> = (1..=4).map(|n| pause_ms(n, &Same(0))).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000]);
        for times in [10, 63, 64, 65, u32::MAX] {
            assert_eq!(pause_ms(times, &Same(0)), RETRY_MS_MAX);
            assert_eq!(deferral_ms(times.max(12), &Same(0)), DEFERRAL_MS_MAX);
        }
        for byte in 0..=u8::MAX {
            assert!((1_000..1_250).contains(&pause_ms(1, &Same(byte))));
        }
        let whole: Millis = (1..ATTEMPTS_MAX).map(|n| pause_ms(n, &Same(0))).sum();
        assert!((600_000..1_500_000).contains(&whole), "{whole} ms in all");
    }
}
