//! What the runtime does on its own, written down.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use stoa_kernel::deployment::{DeploymentNews, Scope};

use crate::change::Change;
use crate::registry::Registry;
use crate::switch::{Act, UNTRUSTED};

/// Hears the runtime's news. It does not keep the registry alive, which keeps the runtime alive.
pub struct News(Weak<Registry>);

impl News {
    /// For this registry.
    #[must_use]
    pub fn of(registry: &Arc<Registry>) -> Self {
        Self(Arc::downgrade(registry))
    }
}

#[async_trait]
impl DeploymentNews for News {
    async fn returned(&self, scope: &Scope, plugin: &str, from: &str, to: &str, why: &str) {
        let Some(registry) = self.0.upgrade() else {
            return;
        };
        let change = Change::Returned {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let act = Act::own(scope, plugin, why);
        let written = registry.switch(act.clone(), change).await;
        let Err(problem) = written else { return };
        tracing::warn!(plugin, %problem, "a version went back to one that no row can tell of");
        // Nobody vouches for it any more.
        if problem.code == UNTRUSTED
            && let Err(problem) = registry.switch(act, Change::Disable).await
        {
            tracing::warn!(plugin, %problem, "and it could not be withdrawn");
        }
    }
}
