//! Mail: templates, a durable queue, and the ways out of the host.
//!
//! A letter joins the transaction that asks for it (`queue`), and a worker takes it out of there afterwards
//! (`mailer`): it fills the letter's template (`templates`) and hands the message to the configured way out
//! (`transport`). No request ever waits for a mail server.

mod backoff;
mod mailer;
mod message;
mod pages;
mod plugin_letters;
mod queue;
mod templates;
mod transport;

pub use backoff::{FIRST_RETRY_MS, GIVE_UP_MS, RETRY_MS_MAX};
pub use mailer::{Mailer, OpenError, Ports};
pub use message::{Content, InvalidAddress, Message, Sender};
pub use pages::{OutboxPages, PagesError};
pub use plugin_letters::PluginLetters;
pub use queue::{DEAD_KEPT_MS, LEASE_MS, REMEMBERED_MS};
pub use templates::{TemplateError, Templates};
pub use transport::{
    FileOutbox, Kept, KeptMessage, OUTBOX_KEPT_MAX, SendError, SendGrid, Smtp, SmtpConfig, SmtpTls,
    Transport, TransportError,
};
