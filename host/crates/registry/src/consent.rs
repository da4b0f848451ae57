//! No switch loses data without a yes.

use serde_json::json;
use stoa_kernel::deployment::Loss;
use stoa_kernel::error::Problem;

use crate::books::Unit;
use crate::change::Draft;
use crate::records::{REGISTRY, Revision};
use crate::registry::Registry;
use crate::switch::{Act, refused};

impl Registry {
    /// Whether all data stays if this serves.
    pub(crate) async fn loses_nothing(
        &self,
        unit: &Unit,
        act: &Act,
        drafted: &Draft,
    ) -> Result<(), Problem> {
        // What the registry withdraws by itself is withdrawn. The runtime loses nothing by it.
        if act.who.account == REGISTRY {
            return Ok(());
        }
        let revision: Option<Revision> = match &drafted.digest {
            Some(digest) => unit.get(digest).await?,
            None => None,
        };
        let package = revision.map(|revision| revision.package()).transpose()?;
        let manifest = package.as_ref().map(|package| &package.manifest);
        let losses = self.deployer.losses(&act.scope, &act.plugin, manifest);
        let losses = losses.await.map_err(refused)?;
        match losses.is_empty() {
            true => Ok(()),
            false => Err(would_lose(&losses)),
        }
    }
}

/// 409: what would be lost has to be given up first.
fn would_lose(losses: &[Loss]) -> Problem {
    let listed = losses.iter().map(|loss| {
        json!({
            "collection": loss.collection,
            "step": loss.step,
            "what": loss.what,
            "documents": loss.documents,
            "more": loss.more,
        })
    });
    let told: Vec<String> = losses.iter().map(ToString::to_string).collect();
    let detail = format!(
        "This would lose {}. Say that you accept it.",
        told.join(", ")
    );
    Problem::new(409, "rollback-loses-data", detail).with("losses", listed.collect())
}
