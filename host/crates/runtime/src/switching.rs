//! How a candidate becomes what serves: tried beside those it lives with, then switched in as a whole.

use std::sync::Arc;

use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::deployment::Scope;
use stoa_kernel::trace::SPANS;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::Runtime;
use crate::activation::{self, ActivationError, Candidate};
use crate::sets::{Serving, Source, Table, Version};
use crate::shapes;

impl Runtime {
    /// Lets a candidate serve, and the version of its name or of the name that its file had before no longer. For
    /// whoever holds `changing`.
    pub(crate) async fn activate(
        &self,
        scope: &Scope,
        source: Source,
        candidate: &Candidate,
        renamed: Option<&str>,
    ) -> Result<(), ActivationError> {
        let revision = &candidate.revision;
        let span = tracing::info_span!(
            target: SPANS,
            "plugin.swap",
            otel.name = %format_args!("swap {}", revision.name),
            otel.status_code = Empty,
            stoa.scope = %scope,
            stoa.plugin = &*revision.name,
            stoa.plugin.version = &*revision.package.manifest.version,
        );
        let tried = self.try_and_switch(scope, source, candidate, renamed);
        let tried = tried.instrument(span.clone()).await;
        if tried.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        tried
    }

    async fn try_and_switch(
        &self,
        scope: &Scope,
        source: Source,
        candidate: &Candidate,
        renamed: Option<&str>,
    ) -> Result<(), ActivationError> {
        let revision = &candidate.revision;
        let mut table = self.table();
        if let Scope::Tenant(_) = scope {
            shapes::agree(&table, scope, &revision.package.manifest)?;
        }
        let renamed = renamed.and_then(|old| table.remove(scope, old));
        let replaced = table.get(scope, &revision.name).cloned();
        let before = replaced.clone().or_else(|| {
            let base = table.get(&Scope::Deployment, &revision.name);
            base.cloned()
        });
        table.insert(scope, self.serving(candidate, source, replaced.as_ref()));
        let sets = self.sets_of(&table, scope)?;
        let live = Arc::clone(&sets.of_scope(scope).0);
        let tenants = self.tenants_of(&table, scope, &revision.name).await?;
        let before = before.as_ref().map(|before| &**before.revision());
        let store = &*self.core.ports.store;
        let declared = shapes::declared(store, &revision.package.manifest);
        let rehearsed =
            activation::rehearse(&self.core, &live, candidate, scope, &tenants, before).await;
        if let Err(error) = rehearsed {
            revision.shelf.close();
            shapes::declare(store, &revision.name, &declared).await?;
            return Err(error);
        }
        crash::pass(CrashPoint::BeforeSwap, &revision.name);
        self.switch(table, sets);
        for gone in renamed.iter().chain(&replaced) {
            gone.revision().shelf.close();
        }
        Ok(())
    }

    fn serving(
        &self,
        candidate: &Candidate,
        source: Source,
        replaced: Option<&Serving>,
    ) -> Serving {
        let version = Version {
            revision: Arc::clone(&candidate.revision),
            used: Arc::clone(&candidate.used),
        };
        let now = self.core.ports.clock.now();
        let mut retired = Vec::new();
        let (mut since, mut before) = (now, None);
        if let Some(replaced) = replaced {
            let old = replaced.revision();
            retired.extend(replaced.earlier().map(|old| Arc::downgrade(&old)));
            retired.push(Arc::downgrade(old));
            if old.digest == version.revision.digest {
                // The same code under other words: how long it has served well counts on.
                since = replaced.since;
                before.clone_from(&replaced.before);
            } else {
                before = Some(replaced.version.clone());
            }
        }
        Serving {
            version,
            source,
            since,
            before,
            retired,
            note: None,
        }
    }

    /// The tenants for which versions of a scope work.
    pub(crate) async fn tenants_of(
        &self,
        table: &Table,
        scope: &Scope,
        plugin: &str,
    ) -> Result<Vec<stoa_kernel::id::TenantId>, ActivationError> {
        let mut tenants = self.core.ports.store.tenants().await?;
        match scope {
            Scope::Deployment => {
                tenants.retain(|tenant| table.get(&Scope::Tenant(tenant.clone()), plugin).is_none())
            }
            Scope::Tenant(own) => tenants.retain(|tenant| tenant == own),
        }
        Ok(tenants)
    }

    /// Lets a version serve no further request. For whoever holds `changing`.
    pub(crate) fn take_out(&self, scope: &Scope, plugin: &str) {
        let mut table = self.table();
        let Some(removed) = table.remove(scope, plugin) else {
            return;
        };
        let sets = match scope {
            Scope::Deployment => self.sets_of(&table, scope),
            Scope::Tenant(tenant) => Ok(self.sets_without(&table, tenant)),
        };
        match sets {
            Ok(sets) => {
                self.switch(table, sets);
                removed.revision().shelf.close();
                tracing::info!(plugin, %scope, "plugin is gone");
            }
            Err(error) => tracing::error!(%error, "a smaller set of plugins does not fit together"),
        }
    }
}
