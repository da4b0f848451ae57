//! Which tenants have something to do: hears of commits, knows when what is due, and runs a pump for each of
//! them. A tenant without costs no more than its place in memory.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{Id, JoinSet};

use super::pump::{Bell, NAP_MAX, Pump, Wake};
use super::shared::Shared;
use super::subscribers::{Claims, Table};

/// Tenants that are looked at together when the host starts: each may have a full window in memory.
const FIRST_LOOKS_MAX: usize = 32;

/// How often absent plugins are thought of, if nothing else happens.
const CLAIMS_EVERY: Duration = Duration::from_secs(600);

/// The pumps that run, and the times at which others are to.
pub struct Pumps {
    shared: Arc<Shared>,
    claims: Claims,
    /// Those that are written down.
    written: Claims,
    /// In the order in which they are looked at, if nothing of theirs comes in before.
    first_looks: VecDeque<TenantId>,
    /// Those that nobody has looked at yet.
    unseen: HashSet<TenantId>,
    looking: Arc<Semaphore>,
    pumps: JoinSet<()>,
    bells: HashMap<TenantId, Arc<Bell>>,
    tenants: HashMap<Id, TenantId>,
    due: BTreeSet<(Millis, TenantId)>,
    due_at: HashMap<TenantId, Millis>,
}

impl Pumps {
    /// None yet. `claims` are those that are written down.
    pub fn new(shared: Arc<Shared>, claims: Claims) -> Self {
        Self {
            shared,
            written: claims.clone(),
            claims,
            first_looks: VecDeque::new(),
            unseen: HashSet::new(),
            looking: Arc::new(Semaphore::new(FIRST_LOOKS_MAX)),
            pumps: JoinSet::new(),
            bells: HashMap::new(),
            tenants: HashMap::new(),
            due: BTreeSet::new(),
            due_at: HashMap::new(),
        }
    }

    /// Has these looked at first, for what was there before this process.
    pub fn look_at(&mut self, tenants: Vec<TenantId>) {
        self.unseen.extend(tenants.iter().cloned());
        self.first_looks.extend(tenants);
    }

    /// Runs until the host stops.
    pub async fn run(mut self) {
        let mut sets = self.shared.runtime.watch_live();
        let mut claims = tokio::time::interval(CLAIMS_EVERY);
        // That it counts no set that is known already costs one look too many.
        sets.mark_changed();
        while !self.shared.is_stopping() {
            self.hear();
            self.first_looks();
            self.wake_due();
            self.show_figures();
            let nap = if self.due.is_empty() && self.bells.is_empty() {
                CLAIMS_EVERY
            } else {
                NAP_MAX
            };
            tokio::select! {
                () = self.shared.hub.rung.notified() => {}
                Some(ended) = self.pumps.join_next_with_id() => {
                    let (id, is_well) = match ended {
                        Ok((id, ())) => (id, true),
                        Err(error) => (error.id(), false),
                    };
                    self.pump_ended(id, is_well);
                }
                changed = sets.changed() => match changed {
                    Ok(()) => self.refresh().await,
                    Err(_) => break,
                },
                _ = claims.tick() => self.refresh().await,
                () = self.shared.stopping() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
        while self.pumps.join_next().await.is_some() {}
    }

    /// Takes news.
    fn hear(&mut self) {
        let news = self.shared.hub.take();
        for (tenant, wake) in news.wakes {
            self.wake(&tenant, wake);
        }
        for (tenant, at) in news.due {
            self.note_due(tenant, at);
        }
    }

    fn note_due(&mut self, tenant: TenantId, at: Millis) {
        if let Some(known) = self.due_at.get(&tenant) {
            if *known <= at {
                return;
            }
            self.due.remove(&(*known, tenant.clone()));
        }
        self.due_at.insert(tenant.clone(), at);
        self.due.insert((at, tenant));
    }

    fn wake_due(&mut self) {
        let now = self.shared.ports.clock.now();
        while let Some((at, tenant)) = self.due.first().cloned()
            && at <= now
        {
            self.due.pop_first();
            self.due_at.remove(&tenant);
            let wake = Wake {
                later: true,
                ..Wake::default()
            };
            self.wake(&tenant, wake);
        }
    }

    /// What was there before this process.
    fn first_looks(&mut self) {
        while !self.first_looks.is_empty()
            && let Ok(looking) = Arc::clone(&self.looking).try_acquire_owned()
            && let Some(tenant) = self.first_looks.pop_front()
        {
            if self.unseen.contains(&tenant) {
                self.ring(&tenant, Wake::default(), Some(looking));
            }
        }
    }

    fn wake(&mut self, tenant: &TenantId, wake: Wake) {
        self.ring(tenant, wake, None);
    }

    /// Wakes a tenant's pump. Whoever is woken for the first time looks at everything: what waits from before goes before
    /// what is new.
    fn ring(&mut self, tenant: &TenantId, mut wake: Wake, looking: Option<OwnedSemaphorePermit>) {
        if self.unseen.remove(tenant) {
            wake.merge(Wake::all());
        }
        match self.bells.get(tenant) {
            Some(bell) => bell.ring(wake),
            None => {
                let bell = Arc::new(Bell::default());
                bell.ring(wake);
                self.start_pump(tenant.clone(), bell, looking);
            }
        }
    }

    fn start_pump(
        &mut self,
        tenant: TenantId,
        bell: Arc<Bell>,
        looking: Option<OwnedSemaphorePermit>,
    ) {
        let shared = Arc::clone(&self.shared);
        let pump = Pump::new(shared, tenant.clone(), Arc::clone(&bell), looking);
        let started = self.pumps.spawn(pump.run());
        self.tenants.insert(started.id(), tenant.clone());
        self.bells.insert(tenant, bell);
    }

    /// A pump has ended, which may have crossed with news for it.
    fn pump_ended(&mut self, id: Id, is_well: bool) {
        let Some(tenant) = self.tenants.remove(&id) else {
            return;
        };
        let Some(bell) = self.bells.remove(&tenant) else {
            return;
        };
        if !is_well {
            tracing::error!(%tenant, "the pump of a tenant's events ended by itself");
            bell.ring(Wake::all());
        }
        let missed = bell.take();
        if missed != Wake::default() {
            bell.ring(missed);
            self.start_pump(tenant, bell, None);
        }
    }

    /// Takes note of the plugins that are live now, and of those that are away.
    pub async fn refresh(&mut self) {
        let runtime = &self.shared.runtime;
        // The number first: the set may be newer than it, and never older.
        let set = *runtime.watch_live().borrow();
        let now = self.shared.ports.clock.now();
        let before = std::mem::take(&mut self.claims);
        self.claims = before.with(&runtime.sets.load(), now);
        let store = &*self.shared.ports.store;
        match self.claims.write(&self.written, store).await {
            Ok(()) => self.written = self.claims.clone(),
            // They hold in this process; the next look writes them.
            Err(error) => tracing::warn!(error, "who subscribes could not be written down"),
        }
        let known = self.shared.table_now();
        if before == self.claims && known.version > 0 {
            // Nothing but the number is new.
            let table = known.of_set(set);
            self.shared.table.send_replace(Arc::new(table));
            return;
        }
        let table = Table::new(
            (known.version + 1, set),
            &self.claims,
            &self.shared.subscribers,
            self.shared.stream.as_ref(),
        );
        self.shared.table.send_replace(Arc::new(table));
        for tenant in self.shared.take_missing() {
            self.wake(&tenant, Wake::all());
        }
        for bell in self.bells.values() {
            bell.ring(Wake::default());
        }
    }

    fn show_figures(&self) {
        let figures = self.shared.hub.figures();
        let now = self.shared.ports.clock.now();
        let lag_ms = figures.oldest_at.map_or(0, |at| now.saturating_sub(at));
        #[expect(clippy::cast_precision_loss, reason = "a gauge needs no exact numbers")]
        {
            gauge!("events_lag_seconds").set(lag_ms as f64 / 1_000.0);
            gauge!("events_waiting").set(figures.waiting as f64);
            gauge!("events_held").set(figures.held as f64);
        }
    }
}
