//! Keeps a version from those for whom it fails over and over, and tries it again one request at a time.
//!
//! Each caller has one voice ([`voice`]). Somebody whose calls fail is kept away alone; a tenant is, when as many of its
//! callers fail as are served; and a new version makes room for the one before it, when as many tenants are kept
//! away as are served. So one client with a poisoned request takes nothing from anybody else.

mod circuit;
mod voice;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use stoa_kernel::call::Request;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;

use circuit::Circuit;
pub use circuit::{FAULTS_MAX, FAULTS_WITHIN_MS, Tripped};
use voice::Voice;

/// Tenants whose faults are remembered; beyond it those are forgotten that are long past.
const REMEMBERED_MAX: usize = 1_024;

/// Tenants that are known to have been served: enough to outvote those in which a version fails.
const SERVED_MAX: usize = 1_024;

/// What one version did in which tenant. Of those in which it never failed it is known that it served.
#[derive(Debug, Default)]
pub struct Breaker {
    circuits: Mutex<HashMap<TenantId, Circuit>>,
    /// How many circuits there are: most versions have none, and look no further.
    known: AtomicUsize,
    served: RwLock<HashSet<TenantId>>,
}

/// A request that tries a version; when it is dropped without a verdict, the next one may.
#[derive(Debug)]
pub struct Trial {
    breaker: Arc<Breaker>,
    tenant: TenantId,
    voice: Voice,
}

impl Breaker {
    fn circuits(&self) -> MutexGuard<'_, HashMap<TenantId, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, circuits: &HashMap<TenantId, Circuit>) {
        self.known.store(circuits.len(), Ordering::Release);
    }

    fn is_unknown(&self) -> bool {
        self.known.load(Ordering::Acquire) == 0
    }

    /// Lets a request pass, as a trial if that is what it is; or says in how many milliseconds another one may.
    pub fn admit(
        self: &Arc<Self>,
        request: &Request,
        now: Millis,
    ) -> Result<Option<Trial>, Millis> {
        if self.is_unknown() {
            return Ok(None);
        }
        self.let_in(&request.tenant, Voice::of(request), now)
    }

    fn let_in(
        self: &Arc<Self>,
        tenant: &TenantId,
        voice: Voice,
        now: Millis,
    ) -> Result<Option<Trial>, Millis> {
        let mut circuits = self.circuits();
        let Some(circuit) = circuits.get_mut(tenant) else {
            return Ok(None);
        };
        let is_trial = circuit.admit(&voice, now)?;
        Ok(is_trial.then(|| Trial {
            breaker: Arc::clone(self),
            tenant: tenant.clone(),
            voice,
        }))
    }

    /// A call went well.
    pub fn succeeded(&self, request: &Request, now: Millis) {
        self.has_served(&request.tenant);
        if !self.is_unknown() {
            self.heard_well(&request.tenant, Voice::of(request), now);
        }
    }

    fn has_served(&self, tenant: &TenantId) {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        if served.contains(tenant) || served.len() >= SERVED_MAX {
            return;
        }
        drop(served);
        let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        served.insert(tenant.clone());
    }

    fn heard_well(&self, tenant: &TenantId, voice: Voice, now: Millis) {
        let mut circuits = self.circuits();
        let Some(circuit) = circuits.get_mut(tenant) else {
            return;
        };
        if circuit.succeeded(voice, now) {
            tracing::info!(%tenant, "a plugin that was kept from serving serves again");
        }
        if circuit.is_idle(now) {
            circuits.remove(tenant);
            self.count(&circuits);
        }
    }

    /// A call has failed; whether that keeps the version from the whole tenant now.
    pub fn faulted(&self, request: &Request, now: Millis) -> Option<Tripped> {
        self.heard_badly(&request.tenant, Voice::of(request), now)
    }

    fn heard_badly(&self, tenant: &TenantId, voice: Voice, now: Millis) -> Option<Tripped> {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        let has_served = !served.is_empty();
        drop(served);
        let mut circuits = self.circuits();
        if circuits.len() >= REMEMBERED_MAX {
            circuits.retain(|_, circuit| !circuit.is_idle(now));
        }
        let circuit = circuits.entry(tenant.clone()).or_default();
        let tripped = circuit.faulted(voice, has_served, now);
        self.count(&circuits);
        tripped
    }

    /// Tenants from which the version is kept now.
    pub fn quarantined(&self) -> Vec<TenantId> {
        let circuits = self.circuits();
        let kept = circuits.iter().filter(|(_, circuit)| circuit.is_open());
        let mut kept: Vec<TenantId> = kept.map(|(tenant, _)| tenant.clone()).collect();
        kept.sort();
        kept
    }

    /// Whether it is kept from as many tenants as it serves.
    pub fn fails_most(&self) -> bool {
        let kept: HashSet<TenantId> = self.quarantined().into_iter().collect();
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        kept.len() >= served.difference(&kept).count()
    }

    /// The version begins anew.
    pub fn forget(&self) {
        let mut circuits = self.circuits();
        circuits.clear();
        self.count(&circuits);
        let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        served.clear();
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(circuit) = self.breaker.circuits().get_mut(&self.tenant) {
            circuit.end_trial(&self.voice);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::circuit::{PAUSE_MS, TRIAL_MS, VOICES_MIN};
    use super::*;

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    /// A version that has served somebody of this tenant.
    fn proven(tenant: &TenantId) -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        breaker.has_served(tenant);
        breaker
    }

    fn fails(breaker: &Breaker, of: &TenantId, voice: &str, now: Millis) -> Option<Tripped> {
        breaker.heard_badly(of, voice.into(), now)
    }

    fn works(breaker: &Breaker, of: &TenantId, voice: &str, now: Millis) {
        breaker.heard_well(of, voice.into(), now);
    }

    fn comes(
        breaker: &Arc<Breaker>,
        of: &TenantId,
        voice: &str,
        now: Millis,
    ) -> Result<Option<Trial>, Millis> {
        breaker.let_in(of, voice.into(), now)
    }

    /// Fails for several callers as often as it takes.
    fn trip(breaker: &Breaker, of: &TenantId, now: Millis) {
        for fault in 1..=FAULTS_MAX {
            let voice = format!("caller {}", fault % VOICES_MIN);
            let tripped = fails(breaker, of, &voice, now);
            assert_eq!(tripped.is_some(), fault == FAULTS_MAX);
        }
    }

    #[test]
    fn a_tenant_whose_callers_fail_waits_and_others_do_not() {
        let (a, b) = (tenant("a"), tenant("b"));
        let breaker = proven(&a);
        trip(&breaker, &a, 1_000);
        assert_eq!(comes(&breaker, &a, "x", 1_000).unwrap_err(), PAUSE_MS);
        assert_eq!(comes(&breaker, &a, "x", 21_000).unwrap_err(), 10_000);
        assert!(comes(&breaker, &b, "x", 1_000).unwrap().is_none());
        assert_eq!(breaker.quarantined(), [a]);
    }

    #[test]
    fn one_caller_is_kept_away_alone_however_often_it_fails() {
        let a = tenant("a");
        let breaker = proven(&a);
        for _ in 0..10 * FAULTS_MAX {
            assert_eq!(fails(&breaker, &a, "poisoner", 0), None);
        }
        assert_eq!(comes(&breaker, &a, "poisoner", 0).unwrap_err(), PAUSE_MS);
        assert!(comes(&breaker, &a, "x", 0).unwrap().is_none());
        assert!(breaker.quarantined().is_empty());
        // Its trial is its own, and so is the longer pause.
        let trial = comes(&breaker, &a, "poisoner", PAUSE_MS).unwrap();
        assert!(trial.is_some() && comes(&breaker, &a, "x", PAUSE_MS).unwrap().is_none());
        assert_eq!(fails(&breaker, &a, "poisoner", PAUSE_MS), None);
        drop(trial);
        let left_ms = comes(&breaker, &a, "poisoner", PAUSE_MS).unwrap_err();
        assert_eq!(left_ms, 2 * PAUSE_MS);
    }

    #[test]
    fn those_who_are_served_outvote_those_who_are_not() {
        let a = tenant("a");
        let breaker = proven(&a);
        assert_eq!(fails(&breaker, &a, "caller 0", 0), None);
        for who in 0..=VOICES_MIN {
            works(&breaker, &a, &format!("good {who}"), 0);
        }
        for fault in 0..2 * FAULTS_MAX {
            let voice = format!("caller {}", fault % VOICES_MIN);
            assert_eq!(fails(&breaker, &a, &voice, 0), None);
        }
        // Their next calls fail: now it is broken for most.
        assert_eq!(fails(&breaker, &a, "good 0", 0), Some(Tripped::First));
        assert_eq!(breaker.quarantined(), [a]);
    }

    #[test]
    fn what_never_served_anybody_needs_no_second_voice() {
        let (breaker, a) = (Breaker::default(), tenant("a"));
        for fault in 1..=FAULTS_MAX {
            let tripped = fails(&breaker, &a, "x", 0);
            assert_eq!(tripped.is_some(), fault == FAULTS_MAX);
        }
    }

    #[test]
    fn a_tenant_speaks_for_itself_alone_when_a_version_is_to_go() {
        let (a, b, c) = (tenant("a"), tenant("b"), tenant("c"));
        let breaker = proven(&a);
        breaker.has_served(&b);
        breaker.has_served(&c);
        trip(&breaker, &a, 0);
        assert!(!breaker.fails_most());
        trip(&breaker, &b, 0);
        assert!(breaker.fails_most());
    }

    #[test]
    fn faults_far_apart_keep_nobody_from_anything() {
        let a = tenant("a");
        let breaker = proven(&a);
        for fault in 0..100 {
            let voice = format!("caller {}", fault % 3);
            assert_eq!(
                fails(&breaker, &a, &voice, fault * circuit::FAULTS_WITHIN_MS / 4),
                None
            );
        }
        assert!(comes(&breaker, &a, "x", 0).unwrap().is_none() && breaker.quarantined().is_empty());
    }

    #[test]
    fn one_tries_at_a_time_and_success_ends_it() {
        let a = tenant("a");
        let breaker = proven(&a);
        trip(&breaker, &a, 0);
        let trial = comes(&breaker, &a, "x", PAUSE_MS).unwrap();
        assert!(trial.is_some());
        assert_eq!(comes(&breaker, &a, "y", PAUSE_MS).unwrap_err(), TRIAL_MS);
        drop(trial);
        // It told nothing: the next one tries.
        let trial = comes(&breaker, &a, "y", PAUSE_MS).unwrap();
        works(&breaker, &a, "y", PAUSE_MS);
        drop(trial);
        assert!(comes(&breaker, &a, "x", PAUSE_MS).unwrap().is_none());
        assert!(breaker.quarantined().is_empty());
        // What is long past is forgotten with the next call that goes well.
        works(&breaker, &a, "x", PAUSE_MS + FAULTS_WITHIN_MS);
        assert!(breaker.is_unknown());
    }

    #[test]
    fn each_trial_that_fails_doubles_the_pause_up_to_a_bound() {
        let (a, mut now) = (tenant("a"), 0);
        let breaker = proven(&a);
        trip(&breaker, &a, now);
        for (round, expected) in [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]
            .into_iter()
            .enumerate()
        {
            let voice = format!("trier {round}");
            assert_eq!(comes(&breaker, &a, &voice, now).unwrap_err(), expected);
            // Who began before changes nothing.
            assert_eq!(fails(&breaker, &a, "late", now), None);
            now += expected;
            let trial = comes(&breaker, &a, &voice, now).unwrap();
            assert!(trial.is_some());
            assert_eq!(fails(&breaker, &a, &voice, now), Some(Tripped::Again));
            drop(trial);
        }
    }

    #[test]
    fn callers_without_end_take_no_room_without_end() {
        let a = tenant("a");
        let breaker = proven(&a);
        for caller in 0..10_000 {
            let _ = fails(&breaker, &a, &format!("caller {caller}"), caller);
            works(&breaker, &a, &format!("other {caller}"), caller);
        }
        assert!(breaker.circuits().get(&a).unwrap().voices() <= 256);
    }
}
