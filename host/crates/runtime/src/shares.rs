//! How much of the host one plugin may use for one tenant, whichever of its versions serves and however it is called.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::{Usage, UsagePage, UsageQuery, Used};
use stoa_kernel::id::TenantId;

use crate::latency::Latencies;

/// The length of what is counted "per minute", in milliseconds.
const MINUTE_MS: Millis = 60_000;

/// Milliseconds after which somebody should ask again when calls at the same time are too many: others end soon.
const CROWDED_MS: Millis = 1_000;

/// How long a tenant's plan is not asked again, in milliseconds, as long as everything fits.
const BOUND_KEPT_MS: Millis = 10_000;

/// Bytes of a stored document that is not its body: its id, its version, its places in indexes. Rather too many.
pub const DOCUMENT_BYTES: u64 = 512;

/// What one plugin may use for one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareLimits {
    /// Calls at the same time.
    pub concurrency_max: u32,
    /// Milliseconds of computing a minute; what it lets others compute counts, too.
    pub cpu_ms_per_minute: u64,
    /// Events raised a minute.
    pub events_per_minute: u64,
    /// Requests to services elsewhere a minute.
    pub outbound_per_minute: u64,
    /// Bytes of its documents and of the messages that its channels keep, where the tenant's plan does not say less.
    pub stored_bytes_max: u64,
}

impl ShareLimits {
    /// More than a busy shop needs of any of its plugins, and less than a host of its size has.
    pub const DEFAULT: Self = Self {
        // Less than a plugin's slots: one tenant never has all of them.
        concurrency_max: 224,
        cpu_ms_per_minute: 600_000,
        events_per_minute: 600_000,
        outbound_per_minute: 60_000,
        stored_bytes_max: 10 << 30,
    };
}

/// What is used of one thing in the current minute. It begins when the first of it is used.
#[derive(Debug, Default)]
struct Minute(Mutex<(Millis, u64)>);

impl Minute {
    fn with<R>(&self, now: Millis, act: impl FnOnce(&mut u64, Millis) -> R) -> R {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back ends it, too.
        if minute.1 == 0 || now.abs_diff(minute.0) >= MINUTE_MS {
            *minute = (now, 0);
        }
        let left_ms = (minute.0 + MINUTE_MS).saturating_sub(now);
        act(&mut minute.1, left_ms)
    }

    /// Uses some without asking.
    fn spend(&self, amount: u64, now: Millis) {
        self.with(now, |spent, _| *spent = spent.saturating_add(amount));
    }

    /// Whether any is left, or in how many milliseconds there will be.
    fn check(&self, max: u64, now: Millis) -> Result<(), Millis> {
        self.with(now, |spent, left_ms| {
            (*spent < max).then_some(()).ok_or(left_ms)
        })
    }

    /// Uses one if there is one left.
    fn take(&self, max: u64, now: Millis) -> bool {
        self.with(now, |spent, _| {
            let is_left = *spent < max;
            *spent += u64::from(is_left);
            is_left
        })
    }
}

/// Bytes that are stored: those that were measured, and those written since. Never fewer than there are.
#[derive(Debug, Default)]
struct Stored {
    bytes: AtomicU64,
    /// Whether what was there before this process is counted, or is being looked at.
    is_known: AtomicBool,
    /// Whether it is counted.
    is_found: AtomicBool,
    /// How many there may be, and when that was asked.
    bound: Mutex<Option<(u64, Millis)>>,
}

/// What one plugin uses for one tenant.
#[derive(Debug, Default)]
pub struct Share {
    running: AtomicU32,
    cpu_us: Minute,
    events: Minute,
    outbound: Minute,
    stored: Stored,
    /// When its documents were measured; held while they are.
    pub measured_at: Arc<tokio::sync::Mutex<Option<Millis>>>,
    calls: AtomicU64,
    faults: AtomicU64,
    cpu_us_used: AtomicU64,
    events_used: AtomicU64,
    outbound_used: AtomicU64,
    /// Every fault by its word, and whatever kept a call from beginning.
    faults_by_word: Mutex<BTreeMap<&'static str, u64>>,
    memory_peak_bytes: AtomicU64,
    latencies: Latencies,
}

/// A call, until dropped.
#[derive(Debug)]
pub struct Running(Arc<Share>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Release);
    }
}

/// Why no call may begin: in how many milliseconds one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted(pub Millis, pub &'static str);

impl Share {
    /// Begins a call.
    ///
    /// # Errors
    /// [`Exhausted`] when too many run, or when no computing is left in this minute.
    pub fn begin(
        self: &Arc<Self>,
        limits: &ShareLimits,
        now: Millis,
    ) -> Result<Running, Exhausted> {
        let cpu_us = limits.cpu_ms_per_minute.saturating_mul(1_000);
        self.cpu_us
            .check(cpu_us, now)
            .map_err(|left_ms| Exhausted(left_ms, "its computing of this minute is used up"))?;
        let running = self.running.fetch_add(1, Ordering::AcqRel);
        let running = (running, Running(Arc::clone(self)));
        match running {
            (before, running) if before < limits.concurrency_max => Ok(running),
            _ => Err(Exhausted(CROWDED_MS, "it runs too often at the same time")),
        }
    }

    /// A call has ended.
    pub fn called(&self, cpu: Duration, is_fault: bool, now: Millis) {
        let cpu_us = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
        self.cpu_us.spend(cpu_us, now);
        self.cpu_us_used.fetch_add(cpu_us, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.faults
            .fetch_add(u64::from(is_fault), Ordering::Relaxed);
    }

    /// How a call went that has ended: how long it took, and how much memory its instance had, if that is known.
    pub fn lasted(&self, took: Duration, memory_bytes: usize) {
        self.latencies
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.memory_peak_bytes
            .fetch_max(memory_bytes as u64, Ordering::Relaxed);
    }

    /// A call has ended in a fault of this word, or could not begin for it.
    pub fn faulted(&self, word: &'static str) {
        let mut faults = self
            .faults_by_word
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *faults.entry(word).or_default() += 1;
    }

    /// Raises an event, if it may.
    pub fn raise(&self, limits: &ShareLimits, now: Millis) -> bool {
        let may = self.events.take(limits.events_per_minute, now);
        self.events_used
            .fetch_add(u64::from(may), Ordering::Relaxed);
        may
    }

    /// Sends a request elsewhere, if it may.
    pub fn send(&self, limits: &ShareLimits, now: Millis) -> bool {
        let may = self.outbound.take(limits.outbound_per_minute, now);
        self.outbound_used
            .fetch_add(u64::from(may), Ordering::Relaxed);
        may
    }

    /// How many bytes may be stored, if that was asked a moment ago.
    pub fn bound(&self, now: Millis) -> Option<u64> {
        let bound = self.stored.bound.lock();
        let bound = *bound.unwrap_or_else(PoisonError::into_inner);
        let (bytes_max, asked_at) = bound?;
        (now.abs_diff(asked_at) < BOUND_KEPT_MS).then_some(bytes_max)
    }

    /// Takes note of how many bytes may be stored.
    pub fn bind(&self, bytes_max: u64, now: Millis) {
        let mut bound = self
            .stored
            .bound
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *bound = Some((bytes_max, now));
    }

    /// Writes a document with so many bytes of body. False when that may be more than it may store, and it has to be
    /// measured.
    pub fn write(&self, bytes_max: u64, bytes: usize) -> bool {
        let more = (bytes as u64).saturating_add(DOCUMENT_BYTES);
        let add = |known: u64| {
            let with_it = known.saturating_add(more);
            (with_it <= bytes_max).then_some(with_it)
        };
        let bytes = &self.stored.bytes;
        let added = bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        added.is_ok()
    }

    /// Takes note of what is really stored, with a write of so many bytes on its way; whether that fits.
    pub fn measured(&self, bytes_max: u64, stored: u64, bytes: usize) -> bool {
        let with_it = stored
            .saturating_add(bytes as u64)
            .saturating_add(DOCUMENT_BYTES);
        let fits = with_it <= bytes_max;
        let known = if fits { with_it } else { stored };
        self.stored.bytes.store(known, Ordering::Release);
        self.stored.is_known.store(true, Ordering::Release);
        self.stored.is_found.store(true, Ordering::Release);
        fits
    }

    /// Adds what was stored before this process, once.
    pub fn found(&self, stored: u64) {
        self.stored.bytes.fetch_add(stored, Ordering::AcqRel);
        self.stored.is_found.store(true, Ordering::Release);
    }

    /// Whether what was stored before this process has still to be looked at; true once.
    pub fn begin_looking(&self) -> bool {
        !self.stored.is_known.load(Ordering::Acquire)
            && !self.stored.is_known.swap(true, Ordering::AcqRel)
    }

    /// Looking has failed: the next write begins again.
    pub fn look_again(&self) {
        self.stored.is_known.store(false, Ordering::Release);
    }

    fn usage(&self) -> Usage {
        let faults = self.faults_by_word.lock();
        let faults = faults.unwrap_or_else(PoisonError::into_inner).clone();
        let is_found = self.stored.is_found.load(Ordering::Acquire);
        Usage {
            used: self.used(),
            faults,
            memory_peak_bytes: self.memory_peak_bytes.load(Ordering::Relaxed),
            p50_us: self.latencies.percentile(50),
            p99_us: self.latencies.percentile(99),
            stored_bytes: is_found.then(|| self.stored.bytes.load(Ordering::Acquire)),
        }
    }

    fn used(&self) -> Used {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Used {
            calls: of(&self.calls),
            faults: of(&self.faults),
            cpu_us: of(&self.cpu_us_used),
            events: of(&self.events_used),
            outbound: of(&self.outbound_used),
        }
    }
}

/// The shares of one plugin, by tenant.
#[derive(Debug, Default)]
pub struct Shares(RwLock<HashMap<TenantId, Arc<Share>>>);

impl Shares {
    /// A tenant's.
    pub fn of(&self, tenant: &TenantId) -> Arc<Share> {
        let shares = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(tenant) {
            return Arc::clone(share);
        }
        drop(shares);
        let mut shares = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shares.entry(tenant.clone()).or_default())
    }

    /// What tenants have used, and how their calls went.
    pub fn usage(&self, query: &UsageQuery) -> UsagePage {
        let shares = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_asked = |tenant: &TenantId| query.tenant.as_ref().is_none_or(|own| own == tenant);
        let mut found: Vec<_> = shares
            .iter()
            .filter(|(tenant, _)| is_asked(tenant))
            .collect();
        let total = found.len() as u64;
        if let Some(after) = &query.after {
            found.retain(|(tenant, _)| tenant.as_str() > after.as_str());
        }
        found.sort_unstable_by_key(|(tenant, _)| *tenant);
        let mut rest = found.into_iter().skip(query.offset);
        let items = rest.by_ref().take(query.limit);
        let items = items.map(|(tenant, share)| (tenant.clone(), share.usage()));
        UsagePage {
            items: items.collect(),
            total,
            more: rest.next().is_some(),
        }
    }

    /// What each tenant has used.
    pub fn used(&self) -> BTreeMap<TenantId, Used> {
        let shares = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = shares.iter();
        used.map(|(tenant, share)| (tenant.clone(), share.used()))
            .collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    const LIMITS: ShareLimits = ShareLimits {
        concurrency_max: 2,
        cpu_ms_per_minute: 100,
        events_per_minute: 2,
        outbound_per_minute: 1,
        stored_bytes_max: 10_000,
    };

    #[test]
    fn so_many_calls_run_and_no_more() {
        let share = Arc::new(Share::default());
        let (first, _second) = (share.begin(&LIMITS, 0), share.begin(&LIMITS, 0));
        assert_eq!(share.begin(&LIMITS, 0).unwrap_err().0, CROWDED_MS);
        drop(first);
        let _third = share.begin(&LIMITS, 0).unwrap();
        assert!(share.begin(&LIMITS, 0).is_err());
    }

    #[test]
    fn what_a_minute_has_is_there_again_in_the_next() {
        let share = Arc::new(Share::default());
        share.called(Duration::from_millis(99), false, 5_000);
        drop(share.begin(&LIMITS, 5_000).unwrap());
        share.called(Duration::from_millis(2), true, 6_000);
        assert_eq!(share.begin(&LIMITS, 15_000).unwrap_err().0, 50_000);
        drop(share.begin(&LIMITS, 65_000).unwrap());

        assert!(share.raise(&LIMITS, 0) && share.raise(&LIMITS, 0) && !share.raise(&LIMITS, 0));
        assert!(share.raise(&LIMITS, 60_000));
        assert!(share.send(&LIMITS, 0) && !share.send(&LIMITS, 59_999));
        assert!(share.raise(&LIMITS, 60_000) && !share.raise(&LIMITS, 60_000));
        assert!(share.raise(&LIMITS, 0), "the clock was set back");
        let used = share.used();
        assert_eq!((used.calls, used.faults, used.cpu_us), (2, 1, 101_000));
        assert_eq!((used.events, used.outbound), (5, 1));
    }

    #[test]
    fn usage_is_told_by_tenant_and_page() {
        let shares = Shares::default();
        let tenants = ["a", "b", "c"].map(|id| TenantId::parse(id).unwrap());
        for (count, tenant) in (1..).zip(&tenants) {
            let share = shares.of(tenant);
            (0..count).for_each(|_| share.called(Duration::ZERO, false, 0));
            share.lasted(Duration::from_micros(100), 7);
            share.faulted("busy");
        }
        let of = |after: Option<&str>, tenant: Option<&TenantId>| {
            let page = shares.usage(&UsageQuery {
                tenant: tenant.cloned(),
                after: after.map(Into::into),
                offset: 0,
                limit: 2,
            });
            let calls = page.items.iter().map(|(_, usage)| usage.used.calls);
            (calls.collect::<Vec<_>>(), page.total, page.more)
        };
        assert_eq!(of(None, None), (vec![1, 2], 3, true));
        assert_eq!(of(Some("b"), None), (vec![3], 3, false));
        assert_eq!(of(None, tenants.get(1)), (vec![2], 1, false));
        let usage = shares.of(tenants.first().unwrap()).usage();
        assert_eq!(usage.faults, BTreeMap::from([("busy", 1)]));
        assert_eq!((usage.memory_peak_bytes, usage.p50_us), (7, Some(112)));
        assert_eq!(usage.stored_bytes, None);
    }

    #[test]
    fn what_may_be_too_much_is_measured_and_what_is_too_much_refused() {
        let share = Share::default();
        let most = LIMITS.stored_bytes_max;
        assert!(share.write(most, 9_000));
        assert!(!share.write(most, 9_000), "it may be too much");
        assert!(share.measured(most, 0, 9_000), "it wrote over itself");
        assert!(!share.write(most, 1_000));
        assert!(!share.measured(most, 9_100, 1_000));
        assert!(share.write(most, 100), "what was refused is not stored");
    }

    #[test]
    fn a_bound_is_known_for_a_moment() {
        let share = Share::default();
        assert_eq!(share.bound(0), None);
        share.bind(7, 5_000);
        assert_eq!(share.bound(5_000 + BOUND_KEPT_MS - 1), Some(7));
        assert_eq!(share.bound(5_000 + BOUND_KEPT_MS), None);
    }
}
