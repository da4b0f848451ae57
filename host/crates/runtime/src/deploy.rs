//! Versions of the registry: examined, deployed, granted, withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use stoa_kernel::deployment::{
    Deployer, Deployment, Examined, LogLine, LogQuery, Loss, Refusal, Scope, Serves, Standing,
    UsagePage, UsageQuery, Used,
};
use stoa_kernel::id::TenantId;
use stoa_kernel::secret::Secret;
use stoa_kernel::status::PartStatus;
use stoa_wit::{Manifest, Permission};

use crate::Runtime;
use crate::activation::{self, ActivationError, Origin};
use crate::artifact::Artifact;
use crate::compile::CompileError;
use crate::migration;
use crate::services::Given;
use crate::sets::{Serving, Source};
use crate::storing;

impl From<ActivationError> for Refusal {
    fn from(error: ActivationError) -> Self {
        let said = error.to_string();
        match error {
            ActivationError::Unreadable(_)
            | ActivationError::Store(_)
            | ActivationError::Compile(CompileError::Io(_) | CompileError::GaveUp(_)) => {
                Self::Unavailable(said)
            }
            _ => Self::Refused(said),
        }
    }
}

fn examined(artifact: Artifact) -> Examined {
    Examined {
        digest: artifact.digest,
        package: Arc::new(artifact.package),
    }
}

#[async_trait]
impl Deployer for Runtime {
    async fn read(&self, file: Bytes) -> Result<Examined, Refusal> {
        let read = tokio::task::spawn_blocking(move || Artifact::read(file.to_vec()));
        let read = read.await;
        let artifact = read.map_err(|error| Refusal::Unavailable(error.to_string()))?;
        Ok(examined(artifact.map_err(ActivationError::from)?))
    }

    async fn examine(&self, file: Bytes) -> Result<Examined, Refusal> {
        let examined_now = activation::examine(&self.core, file).await;
        examined_now.map(examined).map_err(|error| match error {
            // Nobody has compiled it before: it is as likely the file's fault, and is not tried over and over.
            ActivationError::Compile(CompileError::GaveUp(_)) => {
                Refusal::Refused(error.to_string())
            }
            error => error.into(),
        })
    }

    async fn deploy(&self, deployment: Deployment) -> Result<(), Refusal> {
        let _alone = self.changing.lock().await;
        let (scope, plugin) = (deployment.scope.clone(), deployment.plugin.clone());
        if let Some(serving) = self.table().get(&scope, &plugin)
            && let Source::File(file) = &serving.source
        {
            let file = file.display().to_string();
            return Err(ActivationError::NameTaken(plugin, file).into());
        }
        let candidate = activation::prepare(&self.core, Origin::Registry(deployment)).await?;
        let activated = self.activate(&scope, Source::Registry, &candidate, None);
        activated.await?;
        tracing::info!(plugin = ?candidate.revision, %scope, "plugin is live");
        Ok(())
    }

    async fn losses(
        &self,
        scope: &Scope,
        plugin: &str,
        manifest: Option<&Manifest>,
    ) -> Result<Vec<Loss>, Refusal> {
        let table = self.table();
        let base = table.get(&Scope::Deployment, plugin);
        let base = base.filter(|_| *scope != Scope::Deployment);
        let base = base.map(|base| &base.revision().package.manifest);
        let Some(manifest) = manifest.or(base) else {
            return Ok(Vec::new());
        };
        let tenants = self.tenants_of(&table, scope, plugin).await?;
        let losses = migration::losses(&self.core, manifest, &tenants).await;
        losses.map_err(|failed| Refusal::Unavailable(failed.to_string()))
    }

    async fn bring_back(&self, tenant: &TenantId, plugin: &str) -> Result<(), Refusal> {
        let live = self.live_for(tenant);
        let Some(revision) = live.plugins().get(plugin) else {
            return Ok(());
        };
        let brought = migration::bring_back(&self.core, &live, revision, tenant).await;
        brought.map_err(|failed| Refusal::Unavailable(failed.to_string()))
    }

    async fn withdraw(&self, scope: &Scope, plugin: &str) {
        let _alone = self.changing.lock().await;
        let table = self.table();
        let serving = table.get(scope, plugin);
        if serving.is_some_and(|serving| serving.source == Source::Registry) {
            self.take_out(scope, plugin);
        }
    }

    async fn grant(&self, scope: &Scope, plugin: &str, grants: BTreeSet<Permission>) -> bool {
        let _alone = self.changing.lock().await;
        let table = self.table();
        let serving = table.get(scope, plugin);
        let Some(serving) = serving.filter(|serving| serving.source == Source::Registry) else {
            return false;
        };
        let revoked = serving.revision().grants.list(grants);
        let policy = self.core.policy.load();
        for earlier in serving.earlier() {
            earlier.grants.unlist(&revoked);
            earlier.grants.judge(&earlier.package.manifest, &policy);
        }
        let revision = serving.revision();
        revision.grants.judge(&revision.package.manifest, &policy);
        match self.sets_of(&table, scope) {
            Ok(sets) => self.switch(table, sets),
            Err(error) => {
                tracing::error!(plugin, %scope, %error, "what is granted now makes plugins clash; routes stay as they are");
            }
        }
        true
    }

    async fn set(&self, scope: &Scope, plugin: &str, settings: BTreeMap<String, Value>) {
        // A version that is being deployed now would miss it.
        let _alone = self.changing.lock().await;
        let table = self.table();
        let serving = table.get(scope, plugin).map(Serving::revision);
        if let Some(revision) = serving.filter(|revision| revision.settings.is_of(scope)) {
            revision.settings.replace(settings.clone());
        }
        self.core.records.of(plugin).settings.set(scope, settings);
        self.core.forget_answers();
    }

    fn keep(&self, scope: &Scope, plugin: &str, secrets: BTreeMap<String, Vec<Secret>>) {
        self.core.records.of(plugin).secrets.set(scope, secrets);
        self.core.forget_answers();
    }

    fn serves(&self, scope: &Scope, plugin: &str) -> Option<Serves> {
        let table = self.table();
        let own = table.get(scope, plugin).map(|serving| (scope, serving));
        let deployments = || table.get(&Scope::Deployment, plugin);
        let (serves, serving) =
            own.or_else(|| deployments().map(|serving| (&Scope::Deployment, serving)))?;
        let tenant = match scope {
            Scope::Deployment => None,
            Scope::Tenant(tenant) => Some(tenant),
        };
        let revision = serving.revision();
        let (manifest, record) = (&revision.package.manifest, &revision.record);
        let settings = manifest.settings.keys().map(|name| {
            let given = revision.settings.all(&record.settings, tenant, name);
            (name.clone(), given)
        });
        let layers = &record.secrets;
        let secrets = manifest.secrets.keys().map(|name| {
            let given = revision.services.all(name, Given { layers, tenant });
            let layers = given.into_iter().map(|(layer, _)| layer);
            (name.clone(), layers.collect())
        });
        Some(Serves {
            scope: serves.clone(),
            digest: revision.digest.clone(),
            from_folder: serving.source != Source::Registry,
            package: Arc::clone(&revision.package),
            settings: settings.collect(),
            secrets: secrets.collect(),
        })
    }

    fn standings(&self) -> Vec<Standing> {
        let table = self.table();
        let standing = |(scope, serving): (&Scope, &Serving)| {
            let revision = serving.revision();
            Standing {
                scope: scope.clone(),
                plugin: revision.name.to_string(),
                version: revision.package.manifest.version.clone(),
                digest: revision.digest.clone(),
                from_folder: serving.source != Source::Registry,
                quarantined: revision.breaker.quarantined(),
                used: self.used_of(scope, serving),
            }
        };
        table.all().map(standing).collect()
    }

    fn log(&self, plugin: &str, query: &LogQuery) -> Vec<LogLine> {
        let record = self.core.records.known(plugin);
        record.map_or_else(Vec::new, |record| record.journal.find(query))
    }

    async fn logged(&self, plugin: &str, after: u64) -> u64 {
        match self.core.records.known(plugin) {
            Some(record) => record.journal.grown(after).await,
            // Who was never served says nothing.
            None => std::future::pending().await,
        }
    }

    fn usage(&self, plugin: &str, query: &UsageQuery) -> UsagePage {
        let Some(record) = self.core.records.known(plugin) else {
            return UsagePage::default();
        };
        let page = record.shares.usage(query);
        // What was there before this process is measured when somebody asks; the next one is told.
        for (tenant, usage) in &page.items {
            if usage.stored_bytes.is_none() {
                storing::look_at(&self.core, plugin, tenant, self.live_for(tenant).plugins());
            }
        }
        page
    }
}

impl Runtime {
    /// What tenants have used of a plugin: of a tenant's own version the tenant alone, of everybody's all others.
    fn used_of(&self, scope: &Scope, serving: &Serving) -> BTreeMap<TenantId, Used> {
        let sets = self.sets.load();
        let mut used = serving.revision().record.shares.used();
        used.retain(|tenant, _| match scope {
            Scope::Tenant(own) => tenant == own,
            Scope::Deployment => {
                let serves = sets.of(tenant).0.plugins().get(&serving.revision().name);
                serves.is_some_and(|serves| Arc::ptr_eq(serves, serving.revision()))
            }
        });
        used
    }

    /// One entry per version that the registry has deployed for everybody. What tenants have is theirs to know.
    pub(crate) fn deployed_status(&self) -> Vec<PartStatus> {
        let table = self.table();
        let deployed = table.all().filter(|(scope, serving)| {
            **scope == Scope::Deployment && serving.source == Source::Registry
        });
        let part = |(_, serving): (&Scope, &Serving)| PartStatus {
            part: format!("plugin:{}", serving.revision().name),
            ready: true,
            version: Some(serving.revision().package.manifest.version.clone()),
            detail: serving
                .note
                .clone()
                .or_else(|| serving.revision().record.gates.troubles()),
        };
        deployed.map(part).collect()
    }
}
