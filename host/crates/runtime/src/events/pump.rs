//! One tenant's events: reads its outbox, starts what may go, settles what is handled, and ends when there is
//! nothing to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stoa_kernel::clock::Millis;
use stoa_kernel::event::Pending;
use stoa_kernel::id::TenantId;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::{Id, JoinError, JoinSet};

use super::aftermath::Outcome;
use super::delivery;
use super::hub::Figures;
use super::lanes::{Job, Lanes, Line, Tries};
use super::retries::Failure;
use super::shared::{STORE_PAUSE, Shared};
use super::subscribers::{Reach, Table};

/// Deliveries of one tenant at the same time: leaves others their share of all.
pub const DELIVERIES_PER_TENANT_MAX: usize = 16;

/// Events of one reading.
const PAGE: u32 = 200;

/// Dead letters in memory that are to be delivered once more.
const LETTERS_MAX: usize = 200;

/// How long a pump waits for more before it ends: a tenant with something going on keeps its pump.
const LINGER: Duration = Duration::from_secs(5);

/// How long handled events wait for company on their way out of the outbox, unless there are many: removing is dear,
/// and hardly dearer for thousands than for one.
const SETTLE_EVERY: Duration = Duration::from_secs(3);

/// Handled events that are enough company.
const SETTLED_MANY: usize = 4_000;

/// The longest sleep for a time to come: a clock may be set.
pub const NAP_MAX: Duration = Duration::from_millis(200);

/// What a pump is to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wake {
    /// Events from this id on.
    pub from: Option<String>,
    /// Delayed events.
    pub later: bool,
    /// Dead letters that are to be delivered once more.
    pub letters: bool,
}

impl Wake {
    /// Everything.
    pub fn all() -> Self {
        Self {
            from: Some(String::new()),
            later: true,
            letters: true,
        }
    }

    /// Both.
    pub fn merge(&mut self, other: Self) {
        self.from = match (self.from.take(), other.from) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.later |= other.later;
        self.letters |= other.letters;
    }
}

/// How a pump is woken.
#[derive(Default)]
pub struct Bell {
    wake: Mutex<Wake>,
    rung: Notify,
}

impl Bell {
    /// Wakes it.
    pub fn ring(&self, wake: Wake) {
        let mut waiting = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.merge(wake);
        self.rung.notify_one();
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Wake {
        std::mem::take(&mut *self.wake.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

enum Ended {
    Delivery(Job, Outcome),
    Settled(Vec<Pending>, bool),
}

/// A tenant's pump.
pub struct Pump {
    shared: Arc<Shared>,
    tenant: TenantId,
    bell: Arc<Bell>,
    table: Arc<Table>,
    lanes: Lanes,
    wake: Wake,
    running: JoinSet<Ended>,
    /// What runs, in case it never tells how it ended.
    jobs: HashMap<Id, Job>,
    is_settling: bool,
    /// Not before this are the next few handled events removed.
    settles_at: Instant,
    has_worked: bool,
    /// For as long as it looks at what was there before this process.
    looking: Option<OwnedSemaphorePermit>,
    /// When it looked at holds last.
    looked_at: Millis,
}

impl Pump {
    /// A pump that has looked at nothing yet.
    pub fn new(
        shared: Arc<Shared>,
        tenant: TenantId,
        bell: Arc<Bell>,
        looking: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            table: shared.table_now(),
            looked_at: shared.ports.clock.now(),
            looking,
            shared,
            tenant,
            bell,
            lanes: Lanes::default(),
            wake: Wake::default(),
            running: JoinSet::new(),
            jobs: HashMap::new(),
            is_settling: false,
            settles_at: Instant::now(),
            has_worked: false,
        }
    }

    /// Runs until there is nothing to do, or the host stops.
    pub async fn run(mut self) {
        if self.remember_failures().await {
            while self.turn().await {}
        }
        while let Some(ended) = self.running.join_next_with_id().await {
            self.ended(ended);
        }
        let settled = self.lanes.settled();
        if let Err(error) = self
            .shared
            .ports
            .outbox
            .settle(&self.tenant, &settled)
            .await
        {
            tracing::debug!(tenant = %self.tenant, %error, "handled events are settled at the next start");
        }
        self.shared.report(&self.tenant, None);
    }

    async fn remember_failures(&mut self) -> bool {
        while !self.shared.is_stopping() {
            match Failure::read(&*self.shared.ports.store, &self.tenant).await {
                Ok(failures) => {
                    for known in failures {
                        let (event, subscriber) = (&known.event, &known.subscriber);
                        self.lanes.failed_before(event, subscriber, known.failed);
                    }
                    return true;
                }
                Err(error) => self.store_failed(&error.to_string()).await,
            }
        }
        false
    }

    /// One look at everything; false when this is the end.
    async fn turn(&mut self) -> bool {
        if self.shared.is_stopping() {
            return false;
        }
        self.wake.merge(self.bell.take());
        if let Some(from) = self.lanes.take_again_from() {
            self.read_from(from);
        }
        if let Err(reason) = self.look().await {
            self.store_failed(&reason).await;
        }
        self.release();
        self.start();
        self.settle();
        let figures = Figures {
            oldest_at: self.lanes.oldest_at(),
            waiting: self.lanes.waiting(),
            held: self.lanes.held(),
        };
        self.shared.report(&self.tenant, Some(figures));
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.ended(ended);
        }
        let more_to_read = self.wake != Wake::default() && !self.lanes.is_full();
        more_to_read || self.wait().await
    }

    /// Reads what is to be read, a page at a time.
    async fn look(&mut self) -> Result<(), String> {
        let table = self.shared.table().await;
        if table.version != self.table.version {
            self.table = table;
            self.read_from(String::new());
            self.wake.letters = true;
        }
        if self.wake.later {
            self.promote().await?;
        }
        if self.wake.letters {
            self.redrive().await?;
        }
        if self.wake.from.is_some() && !self.lanes.is_full() {
            self.read().await?;
        }
        Ok(())
    }

    async fn promote(&mut self) -> Result<(), String> {
        let now = self.shared.ports.clock.now();
        let promoted = self.shared.ports.outbox.promote(&self.tenant, now).await;
        let promoted = promoted.map_err(|error| error.to_string())?;
        if let Some(first) = promoted.first {
            self.read_from(first);
        }
        self.wake.later = promoted.next_due_at.is_some_and(|at| at <= now);
        if let Some(at) = promoted.next_due_at.filter(|at| *at > now) {
            self.shared.due(&self.tenant, at);
        }
        Ok(())
    }

    async fn redrive(&mut self) -> Result<(), String> {
        let (now, mut cursor) = (self.shared.ports.clock.now(), None);
        while self.lanes.letters() < LETTERS_MAX {
            let page = self.shared.letters.redriven(&self.tenant, cursor).await;
            let (letters, next) = page.map_err(|error| error.to_string())?;
            for letter in letters {
                let found = self
                    .table
                    .find(&self.tenant, &letter.event, &letter.subscriber);
                let Some(target) = found else {
                    self.shared.misses_somebody(&self.tenant);
                    continue;
                };
                let (id, target) = (letter.id(), Arc::clone(&target.name));
                self.lanes.offer_letter(&id, &target, letter.event, now);
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        self.wake.letters = false;
        Ok(())
    }

    async fn read(&mut self) -> Result<(), String> {
        let Some(from) = self.wake.from.clone() else {
            return Ok(());
        };
        let outbox = &self.shared.ports.outbox;
        let page = outbox.pending(&self.tenant, &from, PAGE).await;
        let page = page.map_err(|error| error.to_string())?;
        // Whoever was made live before one of these was raised is to have it.
        let table = self.shared.table().await;
        if table.version != self.table.version {
            return Ok(());
        }
        let is_whole = page.len() < PAGE as usize;
        let last = page.last().map(|pending| pending.event.id.clone());
        self.wake.from = last.filter(|_| !is_whole).map(|last| format!("{last}~"));
        for pending in page {
            let targets = self.table.targets(&self.tenant, &pending.event);
            self.lanes.offer(pending, targets);
        }
        if self.lanes.take_misses_somebody() {
            self.shared.misses_somebody(&self.tenant);
        }
        Ok(())
    }

    fn read_from(&mut self, from: String) {
        self.wake.merge(Wake {
            from: Some(from),
            ..Wake::default()
        });
    }

    /// Ends the holds whose time has come: all of them where the clock was set back, for it may be long until then.
    fn release(&mut self) {
        let now = self.shared.ports.clock.now();
        let is_set_back = now < self.looked_at;
        self.looked_at = now;
        self.lanes
            .release(if is_set_back { Millis::MAX } else { now });
    }

    /// Starts what may go.
    fn start(&mut self) {
        while self.jobs.len() < DELIVERIES_PER_TENANT_MAX
            && let Some(job) = self.lanes.next()
        {
            let target = job
                .events
                .first()
                .and_then(|event| self.table.find(&self.tenant, event, &job.lane.target));
            let Some(target) = target.map(Arc::clone) else {
                self.lanes.withdraw(&job);
                self.shared.misses_somebody(&self.tenant);
                continue;
            };
            let (shared, tenant, known) =
                (Arc::clone(&self.shared), self.tenant.clone(), job.clone());
            let started = self.running.spawn(async move {
                let runtime = Arc::clone(&shared.runtime);
                let (of, plugin) = (tenant.clone(), Arc::clone(&target));
                let work = async move {
                    let permits = match &target.reach {
                        Reach::Stream(_) => &shared.stream_permits,
                        _ => &shared.permits,
                    };
                    // Closed never: the pumps end before their host.
                    let _permit = permits.acquire().await;
                    let outcome = match shared.is_stopping() {
                        true => Outcome::Later(shared.ports.clock.now(), job.tries),
                        false => delivery::deliver(&shared, &tenant, &target, &job).await,
                    };
                    Ended::Delivery(job, outcome)
                };
                runtime.run_for(&of, &plugin.name, work).await
            });
            self.jobs.insert(started.id(), known);
            self.has_worked = true;
        }
    }

    /// Takes handled events out of the outbox, all that there are at once.
    fn settle(&mut self) {
        let waiting = self.lanes.settled_waiting();
        let is_due = waiting >= SETTLED_MANY || self.settles_at <= Instant::now();
        if self.is_settling || waiting == 0 || !is_due {
            return;
        }
        let settled = self.lanes.settled();
        self.is_settling = true;
        self.settles_at = Instant::now() + SETTLE_EVERY;
        let (shared, tenant) = (Arc::clone(&self.shared), self.tenant.clone());
        self.running.spawn(async move {
            let outcome = shared.ports.outbox.settle(&tenant, &settled).await;
            if let Err(error) = &outcome {
                tracing::warn!(%tenant, %error, "handled events could not be settled");
                tokio::time::sleep(STORE_PAUSE).await;
            }
            Ended::Settled(settled, outcome.is_ok())
        });
    }

    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, Ended::Delivery(job, outcome))) => {
                self.jobs.remove(&id);
                // The last of those that fit in memory: there may be more.
                self.wake.letters |=
                    matches!(job.lane.line, Line::Letter(_)) && self.lanes.letters() == 1;
                match outcome {
                    Outcome::Done => self.lanes.done(&job),
                    Outcome::Later(at, tries) => self.lanes.later(job, at, tries),
                }
            }
            Ok((_, Ended::Settled(settled, are_gone))) => {
                self.is_settling = false;
                self.lanes.forget(&settled, are_gone);
            }
            Err(error) => {
                tracing::error!(tenant = %self.tenant, %error, "a delivery ended by itself");
                match self.jobs.remove(&error.id()) {
                    Some(job) => {
                        let pause = Millis::try_from(STORE_PAUSE.as_millis()).unwrap_or(1_000);
                        let tries = Tries {
                            deferred: job.tries.deferred.saturating_add(1),
                            ..job.tries
                        };
                        let at = self.shared.ports.clock.now() + pause;
                        self.lanes.later(job, at, tries);
                    }
                    None => self.is_settling = false,
                }
            }
        }
    }

    /// Waits until there is something to do; false when nothing came.
    async fn wait(&mut self) -> bool {
        let is_idle = self.running.is_empty() && self.lanes.is_empty();
        if self.running.is_empty() {
            // What is left waits for its time: others may look now.
            self.looking = None;
        }
        let nap = match self.lanes.next_release_at() {
            _ if is_idle && !self.has_worked => Duration::ZERO,
            None => LINGER,
            Some(at) => {
                let left = at.saturating_sub(self.shared.ports.clock.now());
                Duration::from_millis(left).min(NAP_MAX)
            }
        };
        let has_settled = !self.is_settling && self.lanes.settled_waiting() > 0;
        let nap = match has_settled {
            true => nap.min(self.settles_at.saturating_duration_since(Instant::now())),
            false => nap,
        };
        tokio::select! {
            Some(ended) = self.running.join_next_with_id() => self.ended(ended),
            () = self.bell.rung.notified() => {}
            () = self.shared.stopping() => {}
            () = tokio::time::sleep(nap) => return !is_idle,
        }
        true
    }

    async fn store_failed(&self, reason: &str) {
        tracing::warn!(tenant = %self.tenant, reason, "events have to wait for the store");
        self.shared.pause().await;
    }
}
