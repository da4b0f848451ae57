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

/// The event by which a plugin sends a letter: the host raises it in the plugin's unit of work, and the post
/// handles it. Its payload is a [`PluginLetter`].
pub const LETTER_SENT: &str = "host.letter";

/// A letter of a plugin on its way to the post.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginLetter {
    /// Who gets it.
    pub to: Recipient,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Who gets a plugin's letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Recipient {
    /// An account of the tenant, at the address that it has when the letter leaves.
    Account(String),
    /// An address.
    Address(String),
}

impl std::fmt::Debug for PluginLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PluginLetter")
    }
}

/// Bytes of an address: what SMTP carries (RFC 5321, 4.5.3.1.3, less the brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;

/// Whether a letter could reach this address. Whether it is somebody's only a letter shows, so little is asked
/// of its form.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"(),;:\\[]".contains(c);
    text.len() <= ADDRESS_BYTES_MAX
        && text.chars().all(plain)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.contains('@')
                && domain.contains('.')
                && domain.split('.').all(|label| !label.is_empty())
        })
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
