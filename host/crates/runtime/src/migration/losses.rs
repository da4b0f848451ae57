//! What would be lost if data came back to an earlier shape.

use std::collections::BTreeMap;

use stoa_kernel::deployment::{LOSS_COUNTED_MAX, Loss};
use stoa_kernel::id::TenantId;
use stoa_wit::{Manifest, Migration};

use super::Failed;
use super::row::{Row, Undo};
use super::steps::{Pages, declare, parsed};
use crate::Core;

/// A collection, a step and a field; or a version's code.
type What = (Option<String>, Option<u32>, String);

/// Documents by what they would lose.
#[derive(Debug, Default)]
pub struct Losses(BTreeMap<What, u64>);

impl Losses {
    /// Counts what a tenant would lose by a version.
    pub async fn count(
        &mut self,
        core: &Core,
        manifest: &Manifest,
        tenant: &TenantId,
    ) -> Result<(), Failed> {
        let row = Row::read(&*core.ports.store, tenant, &manifest.name).await?;
        declare(core, manifest, &row).await?;
        self.count_steps(core, manifest, tenant, &row).await?;
        for code in row.code_after(&manifest.version) {
            self.add((None, None, code.version.clone()), code.writes);
        }
        Ok(())
    }

    /// Counts what would be lost by undoing declared steps.
    pub async fn count_steps(
        &mut self,
        core: &Core,
        manifest: &Manifest,
        tenant: &TenantId,
        row: &Row,
    ) -> Result<(), Failed> {
        let mut by_collection: BTreeMap<&str, Vec<Undo<'_>>> = BTreeMap::new();
        for undo in row.to_undo(&manifest.migrations) {
            let step = &undo.applied.migration;
            for field in step.removed_for_good() {
                self.add(what(step, field), undo.applied.removed);
            }
            let steps = by_collection.entry(&step.collection).or_default();
            steps.push(undo);
        }
        for (collection, steps) in by_collection {
            let mut pages = Pages::of(&manifest.name, collection);
            while let Some(page) = pages.next(core, tenant).await? {
                for document in &page {
                    let mut value = parsed(document)?;
                    let gone = steps.iter().filter(|undo| undo.has_gone(&document.id));
                    for step in gone.map(|undo| &undo.applied.migration) {
                        for field in step.go_down(&mut value).1 {
                            self.add(what(step, &field), 1);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, what: What, documents: u64) {
        if documents > 0 {
            let counted = self.0.entry(what).or_default();
            *counted = counted.saturating_add(documents);
        }
    }

    /// The list of them.
    pub fn list(self) -> Vec<Loss> {
        let losses = self.0.into_iter();
        losses
            .map(|((collection, step, what), documents)| Loss {
                collection,
                step,
                what,
                documents: documents.min(LOSS_COUNTED_MAX),
                more: documents > LOSS_COUNTED_MAX,
            })
            .collect()
    }

    /// Nothing may be lost.
    ///
    /// # Errors
    /// What would be.
    pub fn refuse(self) -> Result<(), Failed> {
        refuse(&self.list())
    }
}

/// Nothing may be lost.
///
/// # Errors
/// What would be.
pub fn refuse(losses: &[Loss]) -> Result<(), Failed> {
    if losses.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = losses.iter().map(ToString::to_string).collect();
    Err(Failed(format!("it would lose {}", told.join(", "))))
}

fn what(step: &Migration, field: &str) -> What {
    let collection = Some(step.collection.clone());
    (collection, Some(step.step), field.to_owned())
}
