//! The ways out of the host.

mod eml;
mod file;
mod sendgrid;
mod smtp;

use async_trait::async_trait;
use stoa_kernel::clock::Millis;

use crate::message::Message;

pub use eml::KeptMessage;
pub use file::{FileOutbox, Kept, OUTBOX_KEPT_MAX};
pub use sendgrid::SendGrid;
pub use smtp::{Smtp, SmtpConfig, SmtpTls};

/// A way out of the host.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Hands the message to whoever delivers it. The same message may come again after a failure whose
    /// outcome nobody knows.
    ///
    /// # Errors
    /// [`SendError`], saying whether another try makes sense.
    async fn send(&self, message: &Message) -> Result<(), SendError>;
}

/// Why a message did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Whether the same message will be refused again.
    pub is_permanent: bool,
    /// What happened, in our words and the answer's numbers: it is kept and logged, and what a server says
    /// in prose may repeat what is in the message.
    pub reason: String,
    /// How long the server wants to be left alone.
    pub retry_after_ms: Option<Millis>,
}

impl SendError {
    /// Another try makes sense.
    pub fn temporary(reason: impl Into<String>) -> Self {
        Self {
            is_permanent: false,
            reason: reason.into(),
            retry_after_ms: None,
        }
    }

    /// No other try makes sense.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self {
            is_permanent: true,
            ..Self::temporary(reason)
        }
    }
}

/// Why a way out can't be had. Nothing secret is in the reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TransportError(pub(crate) String);
