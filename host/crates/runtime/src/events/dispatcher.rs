//! Sees to it that every event of every tenant is handled: hears of commits, knows when what is due, and runs a
//! pump for each tenant that has something to do. A tenant without costs no more than its place in memory.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::gauge;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::event::{EventStream, HostSubscriber, Outbox};
use stoa_kernel::id::TenantId;
use stoa_kernel::random::Random;
use stoa_kernel::status::{Part, PartStatus};
use stoa_kernel::store::{Store, StoreError};
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinHandle, JoinSet};

use super::hub::{Figures, Hub};
use super::letters::{DeadLetters, LetterError};
use super::pump::{Bell, NAP_MAX, Pump, Wake};
use super::schedules;
use super::subscribers::{Claims, Table};
use crate::runtime::Runtime;

/// Deliveries and turns at the same time, over all tenants: a fraction of the instances that there may be, so
/// that requests always find room.
pub const DELIVERIES_MAX: usize = 32;

/// Tenants that are looked at together when the host starts.
const FIRST_LOOKS_MAX: usize = 32;

/// How often absent plugins are thought of, if nothing else happens.
const CLAIMS_EVERY: Duration = Duration::from_secs(600);

/// The pause after the store has failed.
pub const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What `/health` calls it.
const PART: &str = "events";

/// What the dispatcher needs beside the runtime.
#[derive(Clone)]
pub struct DispatcherPorts {
    /// The outboxes.
    pub outbox: Arc<dyn Outbox>,
    /// Parts of the host that handle events.
    pub subscribers: Vec<Arc<dyn HostSubscriber>>,
    /// Consumers outside, if there are any.
    pub stream: Option<Arc<dyn EventStream>>,
}

/// All ports of the dispatcher.
pub struct Ports {
    /// The outboxes.
    pub outbox: Arc<dyn Outbox>,
    /// Where documents live.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

/// What all pumps share.
pub struct Shared {
    /// The plugins.
    pub runtime: Arc<Runtime>,
    /// The rest of the host.
    pub ports: Ports,
    /// Where deliveries end that were given up.
    pub letters: DeadLetters,
    /// Bounds deliveries and turns.
    pub permits: Semaphore,
    /// Where news come in.
    pub hub: Arc<Hub>,
    subscribers: Vec<Arc<dyn HostSubscriber>>,
    stream: Option<Arc<dyn EventStream>>,
    table: watch::Sender<Arc<Table>>,
    stop: watch::Sender<bool>,
    missing: Mutex<HashSet<TenantId>>,
}

impl Shared {
    /// Whether nothing more is to be started.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends when nothing more is to be started.
    pub async fn stopping(&self) {
        // That the sender is gone means the same.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Who subscribed to what when this was last looked at.
    pub fn table_now(&self) -> Arc<Table> {
        Arc::clone(&self.table.borrow())
    }

    /// Who subscribes to what, with every plugin that is live by now.
    pub async fn table(&self) -> Arc<Table> {
        let set = *self.runtime.watch_live().borrow();
        let mut tables = self.table.subscribe();
        tokio::select! {
            table = tables.wait_for(|table| table.set >= set) => match table {
                Ok(table) => Arc::clone(&table),
                Err(_) => self.table_now(),
            },
            () = self.stopping() => self.table_now(),
        }
    }

    /// Remembers that something of a tenant waits for a plugin that is away.
    pub fn misses_somebody(&self, tenant: &TenantId) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert(tenant.clone());
    }

    /// A delayed event is due at a time.
    pub fn due(&self, tenant: &TenantId, at: Millis) {
        self.hub.due(tenant, at);
    }

    /// A pump's figures, or its end.
    pub fn report(&self, tenant: &TenantId, figures: Option<Figures>) {
        self.hub.report(tenant, figures);
    }
}

/// The dispatcher, until it is stopped or dropped.
pub struct Dispatcher {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Dispatcher {
    /// Starts with everything that the outboxes hold.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(
        runtime: Arc<Runtime>,
        ports: DispatcherPorts,
    ) -> Result<Arc<Self>, StoreError> {
        let of_runtime = runtime.core.ports.clone();
        let claims = Claims::read(&*of_runtime.store).await?;
        let hub = Arc::new(Hub::default());
        ports.outbox.listen(hub.clone());
        let shared = Arc::new(Shared {
            letters: DeadLetters::open(of_runtime.store.clone()).await?,
            ports: Ports {
                outbox: ports.outbox,
                store: of_runtime.store,
                clock: of_runtime.clock,
                random: of_runtime.random,
            },
            permits: Semaphore::new(DELIVERIES_MAX),
            hub,
            subscribers: ports.subscribers,
            stream: ports.stream,
            table: watch::Sender::new(Arc::default()),
            stop: watch::Sender::new(false),
            missing: Mutex::default(),
            runtime,
        });
        let mut main = Main::new(Arc::clone(&shared), claims);
        main.refresh().await;
        main.first_looks = shared.ports.store.tenants().await?.into();
        main.first_looks.push_front(TenantId::platform());
        let tasks = vec![
            tokio::spawn(main.run()),
            tokio::spawn(schedules::run(Arc::clone(&shared))),
        ];
        Ok(Arc::new(Self {
            shared,
            tasks: Mutex::new(tasks),
        }))
    }

    /// Lets deliveries that are under way end, and starts none.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "the dispatcher ended by itself");
            }
        }
    }

    /// Looks at once at everything of a tenant.
    pub fn wake(&self, tenant: &TenantId) {
        self.shared.hub.wake(tenant, Wake::all());
    }

    /// Lets a dead letter be delivered once more, at once.
    ///
    /// # Errors
    /// [`LetterError`].
    pub async fn redrive(&self, tenant: &TenantId, letter: &str) -> Result<(), LetterError> {
        self.shared.letters.redrive(tenant, letter).await?;
        self.wake(tenant);
        Ok(())
    }

    /// The dead letters.
    #[must_use]
    pub fn letters(&self) -> &DeadLetters {
        &self.shared.letters
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Part for Dispatcher {
    /// Ready while it runs, whatever subscribers do.
    fn status(&self) -> PartStatus {
        let Figures {
            oldest_at, held, ..
        } = self.shared.hub.figures();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let waits_s = oldest_at.map_or(0, |at| {
            self.shared.ports.clock.now().saturating_sub(at) / 1_000
        });
        PartStatus {
            part: PART.to_owned(),
            ready: !tasks.is_empty() && !tasks.iter().any(JoinHandle::is_finished),
            version: None,
            detail: (held > 0).then(|| {
                format!("{held} deliveries have failed and are tried again; the oldest event waits for {waits_s} s")
            }),
        }
    }
}

struct Main {
    shared: Arc<Shared>,
    claims: Claims,
    /// Those that are written down.
    written: Claims,
    first_looks: VecDeque<TenantId>,
    pumps: JoinSet<()>,
    bells: HashMap<TenantId, Arc<Bell>>,
    tenants: HashMap<Id, TenantId>,
    due: BTreeSet<(Millis, TenantId)>,
    due_at: HashMap<TenantId, Millis>,
}

impl Main {
    fn new(shared: Arc<Shared>, claims: Claims) -> Self {
        Self {
            shared,
            written: claims.clone(),
            claims,
            first_looks: VecDeque::new(),
            pumps: JoinSet::new(),
            bells: HashMap::new(),
            tenants: HashMap::new(),
            due: BTreeSet::new(),
            due_at: HashMap::new(),
        }
    }

    async fn run(mut self) {
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
        while self.bells.len() < FIRST_LOOKS_MAX
            && let Some(tenant) = self.first_looks.pop_front()
        {
            self.wake(&tenant, Wake::all());
        }
    }

    fn wake(&mut self, tenant: &TenantId, wake: Wake) {
        match self.bells.get(tenant) {
            Some(bell) => bell.ring(wake),
            None => {
                let bell = Arc::new(Bell::default());
                bell.ring(wake);
                self.start_pump(tenant.clone(), bell);
            }
        }
    }

    fn start_pump(&mut self, tenant: TenantId, bell: Arc<Bell>) {
        let pump = Pump::new(Arc::clone(&self.shared), tenant.clone(), Arc::clone(&bell));
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
            self.start_pump(tenant, bell);
        }
    }

    /// Takes note of the plugins that are live now, and of those that are away.
    async fn refresh(&mut self) {
        let runtime = &self.shared.runtime;
        // The number first: the set may be newer than it, and never older.
        let set = *runtime.watch_live().borrow();
        let (live, now) = (runtime.live(), self.shared.ports.clock.now());
        let before = std::mem::take(&mut self.claims);
        self.claims = before.with(&live, now);
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
        let missing = {
            let mut missing = self
                .shared
                .missing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *missing)
        };
        for tenant in missing {
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

/// The store is asked again after this.
pub async fn store_pause(shared: &Shared) {
    tokio::select! {
        () = tokio::time::sleep(STORE_PAUSE) => {}
        () = shared.stopping() => {}
    }
}
