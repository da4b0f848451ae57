//! A version that fails soon after it began makes room for the one that served well before it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::Scope;
use tokio::sync::mpsc;

use crate::Runtime;
use crate::folder::FileState;
use crate::migration;
use crate::revision::Revision;
use crate::sets::{Serving, Source};
use crate::shapes;

/// How long a version is young, in milliseconds: most mistakes of a new version show within its first minutes, and
/// what served longer than that fails for another reason.
const YOUNG_MS: Millis = 600_000;

/// How often versions are looked for that are young no longer, whose predecessors can go.
const SETTLE_EVERY: Duration = Duration::from_secs(60);

/// Versions that wait to make room: each is told again by its next fault if there is none.
pub const FAILING_MAX: usize = 64;

/// A version that is kept from a tenant's requests now.
pub struct Failing {
    /// It.
    pub revision: Arc<Revision>,
    /// What an operator should know.
    pub why: String,
}

/// A version that came back.
struct Returned {
    scope: Scope,
    plugin: String,
    from: String,
    to: String,
    why: String,
}

/// Sees to failing versions until the runtime ends.
pub async fn run(runtime: Weak<Runtime>, mut failing: mpsc::Receiver<Failing>) {
    let mut settling = tokio::time::interval(SETTLE_EVERY);
    loop {
        let failing = tokio::select! {
            failing = failing.recv() => match failing {
                Some(failing) => Some(failing),
                None => return,
            },
            _ = settling.tick() => None,
        };
        let Some(runtime) = runtime.upgrade() else {
            return;
        };
        match failing {
            Some(failing) => runtime.make_room(&failing).await,
            None => runtime.settle().await,
        }
    }
}

impl Runtime {
    fn is_young(&self, serving: &Serving) -> bool {
        let now = self.core.ports.clock.now();
        now.saturating_sub(serving.since) < YOUNG_MS
    }

    /// Lets the version before a failing one serve again, if it is young and there is one.
    async fn make_room(&self, failing: &Failing) {
        let returned = {
            let _alone = self.changing.lock().await;
            match self.would_lose(failing).await {
                Some(why) => {
                    self.stay(failing, &why);
                    None
                }
                None => self.return_from(failing).await,
            }
        };
        let Some(returned) = returned else { return };
        let Returned {
            scope,
            plugin,
            from,
            to,
            why,
        } = returned;
        for news in self.listeners() {
            news.returned(&scope, &plugin, &from, &to, &why).await;
        }
    }

    /// Why the one before a failing version can't come back by itself: nobody was asked about what would be lost.
    async fn would_lose(&self, failing: &Failing) -> Option<String> {
        let table = self.table();
        let (scope, serving) = table
            .all()
            .find(|(_, serving)| Arc::ptr_eq(serving.revision(), &failing.revision))?;
        let before = serving.before.as_ref().filter(|_| self.is_young(serving))?;
        let manifest = &before.revision.package.manifest;
        let tenants = self.tenants_of(&table, scope, &manifest.name).await;
        let tenants = match tenants {
            Ok(tenants) => tenants,
            Err(error) => return Some(error.to_string()),
        };
        let losses = migration::losses(&self.core, manifest, &tenants).await;
        let refused = losses.and_then(|losses| migration::refuse(&losses)).err();
        refused.map(|failed| {
            format!(
                "version {} can't come back by itself: {failed}",
                manifest.version
            )
        })
    }

    /// A failing version stays, kept from the tenants in which it fails, and says why.
    fn stay(&self, failing: &Failing, why: &str) {
        let note = format!("{}; {why}", failing.why);
        tracing::error!(plugin = ?failing.revision, note, "a version failed and stays");
        let mut table = self.table();
        let mut all = table.all_mut();
        let found = all.find(|(_, serving)| Arc::ptr_eq(serving.revision(), &failing.revision));
        let Some((_, serving)) = found else { return };
        serving.note = Some(note.clone());
        if let Source::File(file) = &serving.source {
            let state = FileState {
                refused: Some(note),
                ..self.state_of(file)
            };
            self.note(file, state);
        }
        drop(all);
        self.set_table(table);
    }

    async fn return_from(&self, failing: &Failing) -> Option<Returned> {
        let failed = &failing.revision;
        let mut table = self.table();
        let (scope, serving) = table
            .all()
            .find(|(_, serving)| Arc::ptr_eq(serving.revision(), failed))?;
        let (scope, serving) = (scope.clone(), serving.clone());
        let before = serving.before.clone().filter(|_| self.is_young(&serving))?;
        let back = Arc::clone(&before.revision);
        // What the failing version was denied or has lost, the one before it does not get back.
        let denied = &failed.package.manifest.permissions() - &failed.grants.words();
        back.grants.unlist(&denied);
        let policy = self.core.policy.load();
        back.grants.judge(&back.package.manifest, &policy);
        let (version, why) = (&failed.package.manifest.version, &failing.why);
        let note = format!("version {version} made room for the one before it: {why}");
        let mut retired = serving.retired.clone();
        retired.push(Arc::downgrade(failed));
        table.insert(
            &scope,
            Serving {
                version: before,
                source: serving.source.clone(),
                since: self.core.ports.clock.now(),
                before: None,
                retired,
                note: Some(note.clone()),
            },
        );
        let sets = match self.sets_of(&table, &scope) {
            Ok(sets) => sets,
            Err(error) => {
                tracing::error!(plugin = ?failed, %scope, %error, "the version before a failing one fits no more");
                return None;
            }
        };
        let collections = shapes::of(&back.package.manifest);
        let declared = shapes::declare(&*self.core.ports.store, &back.name, &collections).await;
        if let Err(error) = declared {
            tracing::error!(plugin = ?back, %error, "its collections stay as in the version after it");
        }
        back.breaker.forget();
        back.shelf.open();
        self.switch(table, sets);
        failed.shelf.close();
        tracing::error!(plugin = ?failed, back = ?back, %scope, why, "a version failed and made room for the one before it");
        if let Source::File(file) = &serving.source {
            let state = FileState {
                plugin: Some(Arc::clone(&back.name)),
                refused: Some(note),
                failed: Some(failed.digest.clone()),
                ..FileState::default()
            };
            self.note(file, state);
        }
        Some(Returned {
            scope,
            plugin: failed.name.to_string(),
            from: failed.digest.clone(),
            to: back.digest.clone(),
            why: why.clone(),
        })
    }

    /// Forgets the predecessors of versions that have served well for long enough.
    async fn settle(&self) {
        let _alone = self.changing.lock().await;
        let mut table = self.table();
        let mut is_changed = false;
        for (_, serving) in table.all_mut() {
            if serving.before.is_some() && !self.is_young(serving) {
                serving.before = None;
                is_changed = true;
            }
        }
        if is_changed {
            self.set_table(table);
        }
    }
}
