//! Who is erased is forgotten in the histories of channels, too.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, HOST, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_kernel::live::forget;
use stoa_kernel::personal_data::ACCOUNT_ERASED;
use stoa_kernel::store::{CommitError, Store, StoreError};

/// Seconds after which the event comes again at the earliest when the store is away.
const RETRY_AFTER_S: u32 = 1;

/// Leaves nothing of what a person said in the histories of a tenant whose account is erased.
pub struct Forgetting {
    store: Arc<dyn Store>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erased {
    user_id: String,
}

impl Forgetting {
    /// Over the database of the histories.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// A portion; whether there may be more.
    async fn some(&self, tenant: &TenantId, account: &str) -> Result<bool, Problem> {
        let unit = self.store.begin(tenant).await.map_err(failed)?;
        let is_more = forget(&*unit, account).await.map_err(failed)?;
        match unit.commit().await {
            Ok(()) => Ok(is_more),
            // One of them ended meanwhile, or was forgotten.
            Err(CommitError::Conflict) => Ok(true),
            Err(error) => Err(Problem::unavailable(RETRY_AFTER_S, error.to_string())),
        }
    }
}

#[async_trait]
impl HostSubscriber for Forgetting {
    fn name(&self) -> &'static str {
        "live-histories"
    }

    fn events(&self) -> &'static [&'static str] {
        &[ACCOUNT_ERASED]
    }

    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem> {
        if event.plugin != HOST {
            // Nobody else can raise it; should that ever fail, nobody is forgotten by it.
            return Ok(());
        }
        let erased: Erased = serde_json::from_str(&event.payload)
            .map_err(|error| Problem::internal(format!("{ACCOUNT_ERASED}: {error}")))?;
        while self.some(tenant, &erased.user_id).await? {}
        Ok(())
    }
}

fn failed(error: StoreError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}
