//! Letters of plugins: events in a tenant's outbox, which become letters in the queue.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use stoa_kernel::directory::Directory;
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, HOST, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_kernel::mail::{LETTER_SENT, Letter, PluginLetter, Post as _, Recipient};
use stoa_kernel::store::StoreError;

use crate::mailer::Mailer;

/// The template of letters whose words are a plugin's own.
const TEMPLATE: &str = "plain";

/// Seconds after which a letter that could not be queued is worth another try.
const RETRY_AFTER_S: u32 = 1;

/// Queues what plugins send.
pub struct PluginLetters {
    mailer: Arc<Mailer>,
    directory: Arc<dyn Directory>,
}

impl PluginLetters {
    /// With this queue, and the directory that knows people's addresses.
    #[must_use]
    pub const fn new(mailer: Arc<Mailer>, directory: Arc<dyn Directory>) -> Self {
        Self { mailer, directory }
    }

    /// The address of whoever gets it; none for somebody who has gone meanwhile.
    async fn address(
        &self,
        tenant: &TenantId,
        to: Recipient,
    ) -> Result<Option<String>, StoreError> {
        match to {
            Recipient::Address(address) => Ok(Some(address)),
            Recipient::Account(id) => {
                let found = self.directory.find(tenant, &[id]).await?;
                Ok(found.into_iter().next().map(|person| person.email))
            }
        }
    }
}

#[async_trait]
impl HostSubscriber for PluginLetters {
    fn name(&self) -> &'static str {
        "letters"
    }

    fn events(&self) -> &'static [&'static str] {
        &[LETTER_SENT]
    }

    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem> {
        if event.plugin != HOST {
            // Nobody else can raise it; should that ever fail, nobody sends by it.
            return Ok(());
        }
        let letter: PluginLetter = serde_json::from_str(&event.payload)
            .map_err(|error| Problem::internal(format!("{LETTER_SENT}: {error}")))?;
        let Some(to) = self.address(tenant, letter.to).await.map_err(unavailable)? else {
            tracing::info!(%tenant, letter = event.id, "a letter's recipient has gone");
            return Ok(());
        };
        let letter = Letter {
            to,
            template: TEMPLATE.to_owned(),
            values: json!({ "subject": letter.subject, "text": letter.text }),
        };
        let name = format!("{tenant}.{}", event.id);
        let queued = self.mailer.enqueue_once(&name, &letter).await;
        queued.map_err(|error| Problem::unavailable(RETRY_AFTER_S, error.to_string()))?;
        self.mailer.wake();
        Ok(())
    }
}

fn unavailable(error: StoreError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}
