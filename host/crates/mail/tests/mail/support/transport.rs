//! A way out that does what a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stoa_mail::{Message, SendError, Transport};
use tokio::sync::{Notify, Semaphore};

/// Takes messages, or fails as it is told. Its clones are the same one.
#[derive(Clone)]
pub struct Scripted(Arc<Inner>);

struct Inner {
    failures: Mutex<VecDeque<SendError>>,
    sent: Mutex<Vec<Message>>,
    arrived: Notify,
    gate: Semaphore,
    asked: Notify,
}

impl Scripted {
    /// Fails with these first.
    pub fn failing(failures: impl IntoIterator<Item = SendError>) -> Self {
        Self(Arc::new(Inner {
            failures: Mutex::new(failures.into_iter().collect()),
            sent: Mutex::default(),
            arrived: Notify::new(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            asked: Notify::new(),
        }))
    }

    /// Takes everything.
    pub fn open() -> Self {
        Self::failing([])
    }

    /// Keeps everybody waiting until [`Scripted::let_through`].
    pub fn closed() -> Self {
        let transport = Self::open();
        transport.0.gate.forget_permits(Semaphore::MAX_PERMITS);
        transport
    }

    /// Lets so many through.
    pub fn let_through(&self, many: usize) {
        self.0.gate.add_permits(many);
    }

    /// Fails with this, too.
    pub fn fail_next(&self, failure: SendError) {
        self.0.failures.lock().unwrap().push_back(failure);
    }

    /// Waits until somebody wants to send.
    pub async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// Waits until so many messages were sent, and answers their ids.
    pub async fn sent(&self, many: usize) -> Vec<String> {
        loop {
            let arrived = self.0.arrived.notified();
            let ids = self.ids();
            if ids.len() >= many {
                return ids;
            }
            arrived.await;
        }
    }

    /// The ids of what was sent so far.
    pub fn ids(&self) -> Vec<String> {
        let sent = self.0.sent.lock().unwrap();
        sent.iter().map(|message| message.id().to_owned()).collect()
    }

    /// The only message that was sent.
    pub fn only(&self) -> Message {
        let sent = self.0.sent.lock().unwrap();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.first().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.0.asked.notify_one();
        self.0.gate.acquire().await.unwrap().forget();
        if let Some(failure) = self.0.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        self.0.sent.lock().unwrap().push(message.clone());
        self.0.arrived.notify_one();
        Ok(())
    }
}
