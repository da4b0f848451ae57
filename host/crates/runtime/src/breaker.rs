//! Keeps a version from the requests of a tenant in which it fails over and over, and tries it again one request at a
//! time.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;

/// Faults of one tenant's calls that keep a version from it: fewer are mistakes of single requests.
pub const FAULTS_MAX: usize = 5;

/// How close together, in milliseconds: what fails more rarely serves more than it fails.
pub const FAULTS_WITHIN_MS: Millis = 60_000;

/// The first pause, in milliseconds: what a service elsewhere needs to come back, and what a client will wait.
const PAUSE_MS: Millis = 30_000;

/// The longest pause, in milliseconds: it doubles up to here, so that a trial is rare and never far away.
const PAUSE_MS_MAX: Millis = 600_000;

/// Milliseconds after which somebody should ask again who came while another one tried.
const TRIAL_MS: Millis = 1_000;

/// Tenants whose faults are remembered; beyond it those are forgotten that are long past.
const REMEMBERED_MAX: usize = 1_024;

/// What is known of a version in one tenant.
#[derive(Debug)]
enum Circuit {
    /// It serves, and failed at these times.
    Counting(VecDeque<Millis>),
    /// It is kept from serving.
    Open { until: Millis, pause_ms: Millis },
    /// One request tries it.
    Trying { pause_ms: Millis },
}

/// What one version did in which tenant. Of those in which it never failed nothing is kept.
#[derive(Debug, Default)]
pub struct Breaker {
    circuits: Mutex<HashMap<TenantId, Circuit>>,
    /// How many circuits there are: most versions have none, and look no further.
    known: AtomicUsize,
}

/// A fault that keeps the version from the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tripped {
    /// It served until now.
    First,
    /// A trial has failed.
    Again,
}

/// A request that tries a version; when it is dropped without a verdict, the next one may.
#[derive(Debug)]
pub struct Trial {
    breaker: Arc<Breaker>,
    tenant: TenantId,
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
        tenant: &TenantId,
        now: Millis,
    ) -> Result<Option<Trial>, Millis> {
        if self.is_unknown() {
            return Ok(None);
        }
        let mut circuits = self.circuits();
        let Some(circuit) = circuits.get_mut(tenant) else {
            return Ok(None);
        };
        match circuit {
            Circuit::Counting(_) => Ok(None),
            Circuit::Open { until, .. } if *until > now => Err(*until - now),
            Circuit::Trying { .. } => Err(TRIAL_MS),
            Circuit::Open { pause_ms, .. } => {
                let pause_ms = *pause_ms;
                *circuit = Circuit::Trying { pause_ms };
                Ok(Some(Trial {
                    breaker: Arc::clone(self),
                    tenant: tenant.clone(),
                }))
            }
        }
    }

    /// A call went well.
    pub fn succeeded(&self, tenant: &TenantId) {
        if self.is_unknown() {
            return;
        }
        let mut circuits = self.circuits();
        if let Some(Circuit::Trying { .. }) = circuits.get(tenant) {
            circuits.remove(tenant);
            self.count(&circuits);
            tracing::info!(%tenant, "a plugin that was kept from serving serves again");
        }
    }

    /// A call has failed; whether that keeps the version from the tenant now.
    pub fn faulted(&self, tenant: &TenantId, now: Millis) -> Option<Tripped> {
        let mut circuits = self.circuits();
        if circuits.len() >= REMEMBERED_MAX {
            circuits.retain(|_, circuit| match circuit {
                Circuit::Counting(faults) => faults.back().is_some_and(|last| is_near(*last, now)),
                Circuit::Open { .. } | Circuit::Trying { .. } => true,
            });
        }
        let circuit = circuits
            .entry(tenant.clone())
            .or_insert_with(|| Circuit::Counting(VecDeque::with_capacity(FAULTS_MAX)));
        let (tripped, pause_ms) = match circuit {
            Circuit::Counting(faults) => {
                faults.retain(|fault| is_near(*fault, now));
                faults.push_back(now);
                let is_enough = faults.len() >= FAULTS_MAX;
                (is_enough.then_some(Tripped::First), PAUSE_MS)
            }
            Circuit::Trying { pause_ms } => {
                let longer = pause_ms.saturating_mul(2).min(PAUSE_MS_MAX);
                (Some(Tripped::Again), longer)
            }
            // One that began before.
            Circuit::Open { .. } => (None, PAUSE_MS),
        };
        if tripped.is_some() {
            let until = now.saturating_add(pause_ms);
            *circuit = Circuit::Open { until, pause_ms };
        }
        self.count(&circuits);
        tripped
    }

    /// Tenants from which the version is kept now.
    pub fn quarantined(&self) -> Vec<TenantId> {
        let circuits = self.circuits();
        let kept = circuits.iter();
        let kept = kept.filter(|(_, circuit)| !matches!(circuit, Circuit::Counting(_)));
        let mut kept: Vec<TenantId> = kept.map(|(tenant, _)| tenant.clone()).collect();
        kept.sort();
        kept
    }

    /// The version begins anew.
    pub fn forget(&self) {
        let mut circuits = self.circuits();
        circuits.clear();
        self.count(&circuits);
    }
}

const fn is_near(fault: Millis, now: Millis) -> bool {
    now.saturating_sub(fault) < FAULTS_WITHIN_MS
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut circuits = self.breaker.circuits();
        if let Some(circuit @ Circuit::Trying { .. }) = circuits.get_mut(&self.tenant)
            && let Circuit::Trying { pause_ms } = *circuit
        {
            *circuit = Circuit::Open { until: 0, pause_ms };
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    /// Fails as often as it takes.
    fn trip(breaker: &Breaker, of: &TenantId, now: Millis) {
        for fault in 1..=FAULTS_MAX {
            let tripped = breaker.faulted(of, now);
            assert_eq!(tripped.is_some(), fault == FAULTS_MAX);
        }
    }

    #[test]
    fn who_fails_often_waits_and_others_do_not() {
        let breaker = Arc::new(Breaker::default());
        let (a, b) = (tenant("a"), tenant("b"));
        trip(&breaker, &a, 1_000);
        assert_eq!(breaker.admit(&a, 1_000).unwrap_err(), PAUSE_MS);
        assert_eq!(breaker.admit(&a, 21_000).unwrap_err(), 10_000);
        assert!(breaker.admit(&b, 1_000).unwrap().is_none());
        assert_eq!(breaker.quarantined(), [a]);
    }

    #[test]
    fn faults_far_apart_keep_nobody_from_anything() {
        let breaker = Arc::new(Breaker::default());
        let a = tenant("a");
        for fault in 0..100 {
            assert_eq!(breaker.faulted(&a, fault * FAULTS_WITHIN_MS / 4), None);
        }
        assert!(breaker.admit(&a, 0).unwrap().is_none() && breaker.quarantined().is_empty());
    }

    #[test]
    fn one_tries_at_a_time_and_success_ends_it() {
        let breaker = Arc::new(Breaker::default());
        let a = tenant("a");
        trip(&breaker, &a, 0);
        let trial = breaker.admit(&a, PAUSE_MS).unwrap();
        assert!(trial.is_some());
        assert_eq!(breaker.admit(&a, PAUSE_MS).unwrap_err(), TRIAL_MS);
        drop(trial);
        // It told nothing: the next one tries.
        let trial = breaker.admit(&a, PAUSE_MS).unwrap();
        breaker.succeeded(&a);
        drop(trial);
        assert!(breaker.admit(&a, PAUSE_MS).unwrap().is_none());
        assert!(breaker.quarantined().is_empty() && breaker.is_unknown());
    }

    #[test]
    fn each_trial_that_fails_doubles_the_pause_up_to_a_bound() {
        let breaker = Arc::new(Breaker::default());
        let (a, mut now) = (tenant("a"), 0);
        trip(&breaker, &a, now);
        for expected in [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000] {
            assert_eq!(breaker.admit(&a, now).unwrap_err(), expected);
            // Who began before changes nothing.
            assert_eq!(breaker.faulted(&a, now), None);
            now += expected;
            let trial = breaker.admit(&a, now).unwrap();
            assert_eq!(breaker.faulted(&a, now), Some(Tripped::Again));
            drop(trial);
        }
    }
}
