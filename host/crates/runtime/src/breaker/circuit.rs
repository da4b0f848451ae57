//! What is known of a version in one tenant: who was served, who was not, and who is kept away.

use std::collections::{HashMap, VecDeque};

use stoa_kernel::clock::Millis;

use super::voice::Voice;

/// Faults that keep a version from somebody: fewer are mistakes of single requests.
pub const FAULTS_MAX: usize = 5;

/// How close together, in milliseconds: what fails more rarely serves more than it fails.
pub const FAULTS_WITHIN_MS: Millis = 60_000;

/// Callers whose calls have to fail before a version is kept from all of a tenant: two may be one person's.
pub const VOICES_MIN: usize = 3;

/// The first pause, in milliseconds: what a service elsewhere needs to come back, and what a client will wait.
pub const PAUSE_MS: Millis = 30_000;

/// The longest pause, in milliseconds: it doubles up to here, so that a trial is rare and never far away.
pub const PAUSE_MS_MAX: Millis = 600_000;

/// Milliseconds after which somebody should ask again who came while another one tried.
pub const TRIAL_MS: Millis = 1_000;

/// Callers of one tenant that are told apart; of more, those heard longest ago are forgotten. Enough to see what
/// becomes of most.
const VOICES_MAX: usize = 256;

/// Whether calls pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gate {
    /// They do.
    #[default]
    Closed,
    /// None does.
    Open { until: Millis, pause_ms: Millis },
    /// One is on its way.
    Trying { pause_ms: Millis },
}

impl Gate {
    /// Whether a call that passes now is a trial, or in how many milliseconds one may pass.
    fn look(self, now: Millis) -> Result<bool, Millis> {
        match self {
            Self::Closed => Ok(false),
            Self::Open { until, .. } if until > now => Err(until - now),
            Self::Open { .. } => Ok(true),
            Self::Trying { .. } => Err(TRIAL_MS),
        }
    }

    const fn begin_trial(&mut self) {
        if let Self::Open { pause_ms, .. } = *self {
            *self = Self::Trying { pause_ms };
        }
    }

    /// A trial ended without a verdict: the next one may begin.
    const fn end_trial(&mut self) {
        if let Self::Trying { pause_ms } = *self {
            *self = Self::Open { until: 0, pause_ms };
        }
    }

    /// A call went well: whether it was one that tried.
    fn succeeded(&mut self) -> bool {
        let tried = matches!(self, Self::Trying { .. });
        if tried {
            *self = Self::Closed;
        }
        tried
    }

    /// A trial has failed: the pause is twice as long. False if there was none.
    fn failed(&mut self, now: Millis) -> bool {
        let Self::Trying { pause_ms } = *self else {
            return false;
        };
        self.open(now, pause_ms.saturating_mul(2).min(PAUSE_MS_MAX));
        true
    }

    const fn open(&mut self, now: Millis, pause_ms: Millis) {
        let until = now.saturating_add(pause_ms);
        *self = Self::Open { until, pause_ms };
    }

    /// Whether nobody has come to try for so long that nobody will.
    const fn is_idle(self, now: Millis) -> bool {
        match self {
            Self::Closed => true,
            Self::Open { until, .. } => until.saturating_add(PAUSE_MS_MAX) < now,
            Self::Trying { .. } => false,
        }
    }
}

/// What became of one caller's calls.
#[derive(Debug, Default)]
struct Heard {
    at: Millis,
    /// How the last one ended.
    failed: bool,
    /// When it failed within the last while.
    faults: VecDeque<Millis>,
    gate: Gate,
}

/// A fault that keeps a version from a whole tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tripped {
    /// It served until now.
    First,
    /// A trial has failed.
    Again,
}

/// A version in one tenant.
#[derive(Debug, Default)]
pub struct Circuit {
    /// Everybody's.
    gate: Gate,
    heard: HashMap<Voice, Heard>,
    failed_at: Millis,
}

impl Circuit {
    /// Whether nothing that is known of it matters any more.
    pub fn is_idle(&self, now: Millis) -> bool {
        let gates = self.heard.values().map(|heard| heard.gate);
        !is_near(self.failed_at, now) && gates.chain([self.gate]).all(|gate| gate.is_idle(now))
    }

    /// Whether it is kept from everybody.
    pub fn is_open(&self) -> bool {
        self.gate != Gate::Closed
    }

    /// How many callers are told apart.
    #[cfg(test)]
    pub fn voices(&self) -> usize {
        self.heard.len()
    }

    /// Lets a call pass, and says whether it is a trial; or in how many milliseconds another one may pass. Who is kept
    /// away alone does not try for all.
    pub fn admit(&mut self, voice: &Voice, now: Millis) -> Result<bool, Millis> {
        let own = self.heard.get_mut(voice).map(|heard| &mut heard.gate);
        let tries_alone = own.as_deref().map_or(Ok(false), |gate| gate.look(now))?;
        let tries_for_all = self.gate.look(now)?;
        if let Some(gate) = own {
            gate.begin_trial();
        }
        self.gate.begin_trial();
        Ok(tries_alone || tries_for_all)
    }

    /// A trial is over, whatever came of it.
    pub fn end_trial(&mut self, voice: &Voice) {
        self.gate.end_trial();
        if let Some(heard) = self.heard.get_mut(voice) {
            heard.gate.end_trial();
        }
    }

    /// A call went well. Whether it lets everybody come again.
    pub fn succeeded(&mut self, voice: Voice, now: Millis) -> bool {
        let is_known = self.heard.contains_key(&voice);
        if is_known || self.heard.len() < VOICES_MAX {
            let heard = self.heard.entry(voice).or_default();
            (heard.at, heard.failed) = (now, false);
            if heard.gate.succeeded() {
                heard.faults.clear();
            }
        }
        let tried = self.gate.succeeded();
        if tried {
            // What they failed at is over; who is kept away alone still is.
            for heard in self.heard.values_mut() {
                heard.faults.clear();
            }
        }
        tried
    }

    /// A call has failed. `has_served` says whether the version has ever served anybody.
    pub fn faulted(&mut self, voice: Voice, has_served: bool, now: Millis) -> Option<Tripped> {
        self.failed_at = now;
        self.note(voice, now);
        if self.gate.failed(now) {
            return Some(Tripped::Again);
        }
        // A call that began before it was kept away changes nothing.
        if self.is_open() || !self.is_broken(has_served, now) {
            return None;
        }
        self.gate.open(now, PAUSE_MS);
        Some(Tripped::First)
    }

    /// A caller's fault, which may keep the version from that caller alone.
    fn note(&mut self, voice: Voice, now: Millis) {
        if !self.heard.contains_key(&voice) && self.heard.len() >= VOICES_MAX {
            self.forget_one(now);
        }
        let heard = self.heard.entry(voice).or_default();
        (heard.at, heard.failed) = (now, true);
        heard.faults.retain(|fault| is_near(*fault, now));
        heard.faults.push_back(now);
        while heard.faults.len() > FAULTS_MAX {
            heard.faults.pop_front();
        }
        let is_enough = heard.faults.len() >= FAULTS_MAX;
        if !heard.gate.failed(now) && heard.gate == Gate::Closed && is_enough {
            heard.gate.open(now, PAUSE_MS);
        }
    }

    /// Makes room for a caller.
    fn forget_one(&mut self, now: Millis) {
        let rank = |heard: &Heard| (!heard.gate.is_idle(now), heard.at);
        let oldest = self.heard.iter().min_by_key(|(_, heard)| rank(heard));
        if let Some(voice) = oldest.map(|(voice, _)| voice.clone()) {
            self.heard.remove(&voice);
        }
    }

    /// Whether as many callers fail as are served, each counted once: by how its last call ended. One who never served
    /// anybody needs no such proof.
    fn is_broken(&self, has_served: bool, now: Millis) -> bool {
        let near = || {
            let heard = self.heard.values();
            heard.filter(|heard| is_near(heard.at, now))
        };
        let faults = near().flat_map(|heard| &heard.faults);
        if faults.filter(|fault| is_near(**fault, now)).count() < FAULTS_MAX {
            return false;
        }
        let failing = near().filter(|heard| heard.failed).count();
        let served = near().count() - failing;
        !has_served || failing >= VOICES_MIN && failing >= served
    }
}

const fn is_near(then: Millis, now: Millis) -> bool {
    now.saturating_sub(then) < FAULTS_WITHIN_MS
}
