//! Doing what another host over the same database has switched.

use std::sync::{Arc, Weak};
use std::time::Duration;

use stoa_kernel::deployment::{Refusal, Scope};
use stoa_kernel::error::Problem;

use crate::books::Unit;
use crate::records::{Activation, Head, NEWEST, Newest, activation_id};
use crate::registry::Registry;
use crate::restore::parsed;

/// How often the number of the newest row is looked at: people who switch a plugin expect to see it within a second or
/// so wherever they look, and one small row costs nothing to read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long at most it is not looked again after something could not be done: it may have cost a compilation, and the
/// bell still tells of what is new.
const PAUSE_MAX: Duration = Duration::from_secs(60);

impl Registry {
    /// Does what other hosts switch, as soon as it is known, until the registry ends.
    pub fn follow(self: &Arc<Self>) {
        tokio::spawn(run(Arc::downgrade(self)));
    }

    /// Lets serve what other hosts have let serve, with what they have set, since this was asked last.
    ///
    /// # Errors
    /// When the rows can't be read, or a file is not there yet: the next look begins anew.
    async fn catch_up(&self) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let newest: Newest = unit.get(NEWEST).await?.unwrap_or_default();
        if self.applied.is_at(newest.number) {
            return Ok(());
        }
        self.recall_settings().await?;
        self.recall_all_secrets().await?;
        // What one of them waits for is not to keep the others, of which some may be withdrawals.
        let mut first = Ok(());
        for head in unit.all::<Head>(None).await? {
            if self.applied.number(&head.id) != head.record.number {
                first = first.and(self.catch_up_with(&head.id, &head.record).await);
            }
        }
        first?;
        self.applied.arrive(newest.number);
        Ok(())
    }

    /// Lets serve what a head says. What the runtime would not have here is told in `/health`: another host has it.
    async fn catch_up_with(&self, id: &str, found: &Head) -> Result<(), Problem> {
        let Some(scope) = parsed(&found.scope) else {
            return Ok(());
        };
        // Whoever switches here knows what they do.
        let _turn = self.turn(id).await;
        let unit = self.books.unit().await?;
        let Some(row) = self.counting(&unit, id, &scope).await? else {
            return Ok(());
        };
        if self.applied.number(id) == Some(row.number) {
            return Ok(());
        }
        let told = self.tell(&scope, &row).await;
        match told {
            Ok(()) => {
                tracing::info!(
                    head = id,
                    number = row.number,
                    "another host's switch is done here, too"
                );
                self.trouble(id, None);
            }
            Err(Refusal::Refused(why)) => {
                tracing::error!(head = id, why, "another host's switch is refused here");
                self.trouble(id, Some(why));
            }
            Err(Refusal::Unavailable(why)) => {
                return Err(Problem::internal(why));
            }
        }
        self.applied.set(id, Some(row.number));
        Ok(())
    }

    /// The row that counts of a head.
    async fn counting(
        &self,
        unit: &Unit,
        id: &str,
        scope: &Scope,
    ) -> Result<Option<Activation>, Problem> {
        let head: Option<Head> = unit.get(id).await?;
        let Some(head) = head else { return Ok(None) };
        let Some(number) = head.number else {
            return Ok(None);
        };
        unit.get(&activation_id(scope, &head.plugin, number)).await
    }
}

async fn run(registry: Weak<Registry>) {
    let mut pause = Duration::ZERO;
    loop {
        let Some(bell) = registry
            .upgrade()
            .map(|registry| Arc::clone(&registry.bell))
        else {
            return;
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = bell.rung() => {}
        }
        let Some(registry) = registry.upgrade() else {
            return;
        };
        pause = match registry.catch_up().await {
            Ok(()) => LOOK_EVERY,
            Err(problem) => {
                tracing::warn!(%problem, "what other hosts have switched can't be done yet");
                (pause * 2).clamp(LOOK_EVERY, PAUSE_MAX)
            }
        };
    }
}
