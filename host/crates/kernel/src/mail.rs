//! The port of mail: letters join the transaction that asks for them and leave the host later.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{StoreError, UnitOfWork};

/// A letter by the name of its template. What is secret in it, such as a link with a token, lies in the queue
/// until it is sent, and never in a log.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// The address of the one who gets it.
    pub to: String,
    /// Which template, such as `verify-email`.
    pub template: String,
    /// What the template is filled with: a JSON object.
    pub values: Value,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({})", self.template)
    }
}

/// Takes letters.
#[async_trait]
pub trait Post: Send + Sync + 'static {
    /// Writes the letter into the queue as part of `unit`, a unit of work over the platform's database: it is
    /// sent if and only if the unit commits, at least once.
    ///
    /// # Errors
    /// Those of a write.
    async fn enqueue(&self, unit: &dyn UnitOfWork, letter: &Letter) -> Result<(), StoreError>;

    /// Says that a unit with letters has committed, so that they leave at once rather than at the next look
    /// into the queue.
    fn wake(&self);
}
