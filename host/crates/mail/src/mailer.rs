//! The worker: takes letters out of the queue, writes them and hands them to the way out.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stoa_kernel::clock::Clock;
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::random::{Random, ulid};
use stoa_kernel::store::{Store, StoreError, UnitOfWork};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::backoff::{self, GIVE_UP_MS};
use crate::message::{InvalidAddress, Message, Sender};
use crate::queue::{LEASE_MS, Leased, Queue, QueueError};
use crate::templates::{TemplateError, Templates};
use crate::transport::{SendError, Transport};

/// How often the queue is looked into when nobody calls: finds what another host left behind, and what is to be
/// tried again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Letters on their way at the same time: keeps a flood of them from opening as many connections.
const ON_THEIR_WAY_MAX: u32 = 8;

/// How long one try may take, whatever the way out is busy with.
const TRY_MS_MAX: u64 = 60_000;

/// How long a stop waits for letters on their way. What takes longer is sent again after the next start.
const STOP_WAITS: Duration = Duration::from_secs(10);

const _: () = assert!(TRY_MS_MAX < LEASE_MS);

/// What the worker needs of the host.
pub struct Ports {
    /// Where the queue lies.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids and pauses.
    pub random: Arc<dyn Random>,
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store refuses the queue.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template is malformed.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Takes letters and sends them.
pub struct Mailer {
    queue: Queue,
    templates: Templates,
    transport: Arc<dyn Transport>,
    sender: Sender,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    woken: Notify,
}

impl Mailer {
    /// A mailer over these ports that sends as `sender`. Nothing leaves before [`Mailer::run`].
    ///
    /// # Errors
    /// Every [`OpenError`].
    pub async fn open(
        ports: Ports,
        transport: Arc<dyn Transport>,
        sender: Sender,
    ) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self {
            queue: Queue::open(ports.store, Arc::clone(&ports.clock)).await?,
            templates: Templates::load()?,
            transport,
            sender,
            clock: ports.clock,
            random: ports.random,
            woken: Notify::new(),
        }))
    }

    /// Sends letters until `shutdown` resolves, then waits a little for those on their way.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let mut step = std::pin::pin!(self.tick());
            let taken = tokio::select! {
                taken = &mut step => taken,
                () = &mut shutdown => {
                    if tokio::time::timeout(STOP_WAITS, step).await.is_err() {
                        tracing::warn!("letters on their way will be sent again after the next start");
                    }
                    return;
                }
            };
            if taken == ON_THEIR_WAY_MAX as usize {
                continue;
            }
            tokio::select! {
                () = &mut shutdown => return,
                () = self.woken.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// One look into the queue: tries as many letters as may be on their way at once, and answers how many
    /// those were.
    pub async fn tick(self: &Arc<Self>) -> usize {
        let due = match self.queue.due(ON_THEIR_WAY_MAX).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the mail queue can't be read");
                return 0;
            }
        };
        let mut tries = JoinSet::new();
        for id in due {
            let mailer = Arc::clone(self);
            tries.spawn(async move { mailer.try_one(&id).await });
        }
        tries
            .join_all()
            .await
            .into_iter()
            .filter(|taken| *taken)
            .count()
    }

    /// Whether the letter was ours to try.
    async fn try_one(&self, id: &str) -> bool {
        match self.queue.lease(id).await {
            Ok(Some(leased)) => {
                if let Err(error) = self.settle(&leased).await {
                    // The lease ends by itself; then the letter is tried again.
                    tracing::warn!(%error, template = leased.waiting.letter.template, "a letter's outcome could not be written down");
                }
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "a letter can't be taken out of the queue");
                false
            }
        }
    }

    /// Tries a letter and writes down what became of it.
    async fn settle(&self, leased: &Leased) -> Result<(), QueueError> {
        let (template, tries) = (&leased.waiting.letter.template, leased.waiting.tries);
        let outcome = match self.write(leased) {
            Ok(message) => self.send(&message).await,
            Err(reason) => Err(SendError::permanent(reason)),
        };
        let Err(failure) = outcome else {
            tracing::debug!(template, tries, "a letter was sent");
            return self.queue.remove(leased).await;
        };
        let now = self.clock.now();
        let pause = backoff::pause_ms(tries, failure.retry_after_ms, &*self.random);
        let is_last = now + pause > leased.waiting.created_at + GIVE_UP_MS;
        if failure.is_permanent || is_last {
            tracing::error!(
                template,
                tries,
                reason = failure.reason,
                "a letter was given up"
            );
            self.queue.bury(leased, &failure.reason).await
        } else {
            tracing::warn!(
                template,
                tries,
                reason = failure.reason,
                "a letter will be tried again"
            );
            let due_at = now + pause;
            self.queue.postpone(leased, due_at, &failure.reason).await
        }
    }

    fn write(&self, leased: &Leased) -> Result<Message, String> {
        let waiting = &leased.waiting;
        let content = self.templates.render(&waiting.letter);
        let content = content.map_err(|error| error.to_string())?;
        let to = &waiting.letter.to;
        Message::new(&leased.id, waiting.created_at, &self.sender, to, content)
            .map_err(|error: InvalidAddress| error.to_string())
    }

    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let limit = Duration::from_millis(TRY_MS_MAX);
        tokio::time::timeout(limit, self.transport.send(message))
            .await
            .unwrap_or_else(|_| Err(SendError::temporary("timeout")))
    }
}

impl Mailer {
    /// Queues a letter, unless one of this name was queued within the last [`crate::REMEMBERED_MS`]: for
    /// whoever may be told twice to send it.
    pub(crate) async fn enqueue_once(&self, name: &str, letter: &Letter) -> Result<(), QueueError> {
        check(letter)?;
        let id = ulid(self.clock.now(), &*self.random);
        self.queue.add_once(name, &id, letter).await
    }
}

fn check(letter: &Letter) -> Result<(), StoreError> {
    let template = &letter.template;
    Templates::check(letter)
        .map_err(|error| StoreError::Invalid(format!("the letter {template}: {error}")))
}

#[async_trait]
impl Post for Mailer {
    async fn enqueue(&self, unit: &dyn UnitOfWork, letter: &Letter) -> Result<(), StoreError> {
        check(letter)?;
        let id = ulid(self.clock.now(), &*self.random);
        self.queue.add(unit, &id, letter).await
    }

    fn wake(&self) {
        self.woken.notify_one();
    }
}
