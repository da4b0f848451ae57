//! Sees to it that every event of every tenant is handled and every turn is taken, from its start to its stop.

use std::sync::{Arc, Mutex, PoisonError};

use stoa_kernel::event::{EventStream, HostSubscriber, Outbox};
use stoa_kernel::id::TenantId;
use stoa_kernel::status::{Part, PartStatus};
use stoa_kernel::store::StoreError;
use tokio::task::JoinHandle;

use super::hub::{Figures, Hub};
use super::letters::{DeadLetters, LetterError};
use super::pump::Wake;
use super::pumps::Pumps;
use super::schedules;
use super::shared::Shared;
use super::subscribers::Claims;
use super::tallying;
use crate::runtime::Runtime;

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
    /// Whether plugins are told how often answers were given; a rehearsal says itself what happens.
    pub tells_tallies: bool,
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
        let letters = DeadLetters::open(of_runtime.store.clone()).await?;
        let tells_tallies = ports.tells_tallies;
        let shared = Arc::new(Shared::new(runtime, ports, letters, hub));
        let mut pumps = Pumps::new(Arc::clone(&shared), claims);
        pumps.refresh().await;
        pumps.look_at(vec![TenantId::platform()]);
        pumps.look_at(shared.ports.store.tenants().await?);
        let mut tasks = vec![
            tokio::spawn(pumps.run()),
            tokio::spawn(schedules::run(Arc::clone(&shared))),
        ];
        if tells_tallies {
            tasks.push(tokio::spawn(tallying::run(Arc::clone(&shared))));
        }
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
