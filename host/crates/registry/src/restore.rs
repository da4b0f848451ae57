//! At start: what should serve, serves; and what may not any more, is withdrawn.

use stoa_kernel::deployment::{Refusal, Scope};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;

use crate::books::{Note, Unit};
use crate::records::{Activation, Head, Kind, Outcome, Revision, activation_id, head_id};
use crate::registry::Registry;
use crate::switch::Act;
use crate::trust::Trust;

/// Activations that are tried one after the other when the newest is refused: more have no use, as each costs a
/// compilation.
const FALLBACKS_MAX: usize = 4;

/// Why too few vouch for a row's version by now, whenever it was that it served.
async fn distrusted(
    trust: &Trust,
    unit: &Unit,
    row: &Activation,
) -> Result<Option<String>, Problem> {
    let Some(digest) = &row.digest else {
        return Ok(None);
    };
    let Some(revision) = unit.get::<Revision>(digest).await? else {
        return Ok(None);
    };
    let judged = trust.judge_revision(unit, digest, &revision).await?;
    Ok(judged.err().map(|distrust| distrust.to_string()))
}

impl Registry {
    /// Lets everything serve that should. What can't is told in `/health`, and does not keep the host from starting:
    /// a plugin that was killed in the middle of a switch serves one of its two versions.
    ///
    /// # Errors
    /// When the rows can't be read.
    pub async fn restore(&self) -> Result<(), Problem> {
        self.judge_all().await?;
        self.recall_settings().await?;
        self.recall_all_secrets().await?;
        let unit = self.books.unit().await?;
        let mut refused = Vec::new();
        for (scope, row) in self.serving(&unit).await? {
            // A provider may come later than those who use it.
            if let Err(refusal) = self.tell(&scope, &row).await {
                refused.push((scope, row, refusal));
            }
        }
        for (scope, row, _) in refused {
            self.fall_back(&scope, row).await?;
        }
        Ok(())
    }

    /// Every activation that should serve, the deployment's first.
    pub(crate) async fn serving(&self, unit: &Unit) -> Result<Vec<(Scope, Activation)>, Problem> {
        let mut serving = self.current(unit).await?;
        serving.retain(|(_, row)| row.digest.is_some());
        Ok(serving)
    }

    /// The same, with those that are disabled.
    pub(crate) async fn current(&self, unit: &Unit) -> Result<Vec<(Scope, Activation)>, Problem> {
        let mut current = Vec::new();
        for head in unit.all::<Head>(None).await? {
            let Head {
                scope,
                plugin,
                number,
                ..
            } = head.record;
            let Some(number) = number else { continue };
            let Some(scope) = parsed(&scope) else {
                let broken = format!("{scope:?} is no scope");
                return Err(Problem::internal(broken));
            };
            let id = activation_id(&scope, &plugin, number);
            let row: Option<Activation> = unit.get(&id).await?;
            current.extend(row.map(|row| (scope, row)));
        }
        current.sort_by(|(a, first), (b, second)| (a, &first.plugin).cmp(&(b, &second.plugin)));
        Ok(current)
    }

    /// Tries a row once more, and those before it, until one serves.
    async fn fall_back(&self, scope: &Scope, row: Activation) -> Result<(), Problem> {
        let head = head_id(scope, &row.plugin);
        let newest = row.clone();
        let (mut row, mut first) = (row, None);
        let unit = self.books.unit().await?;
        let trust = Trust::read(&self.config.trust, &unit).await?;
        for _ in 0..FALLBACKS_MAX {
            let told = match distrusted(&trust, &unit, &row).await? {
                Some(distrust) => Err(Refusal::Refused(distrust)),
                None => self.tell(scope, &row).await,
            };
            match told {
                Ok(()) if first.is_none() => return Ok(()),
                Ok(()) => return self.fell_back(scope, &newest, &row, first).await,
                Err(Refusal::Unavailable(why)) => {
                    tracing::warn!(%head, why, "a plugin does not serve");
                    self.trouble(&head, Some(why));
                    return Ok(());
                }
                Err(Refusal::Refused(why)) => {
                    tracing::warn!(%head, number = row.number, why, "a plugin is refused");
                    let _ = first.get_or_insert(why);
                }
            }
            let Some(previous) = row.previous else { break };
            let id = activation_id(scope, &row.plugin, previous);
            let Some(before) = unit.get(&id).await? else {
                break;
            };
            row = before;
        }
        self.trouble(&head, first);
        Ok(())
    }

    /// Writes down that an earlier row serves instead of the newest.
    async fn fell_back(
        &self,
        scope: &Scope,
        newest: &Activation,
        serves: &Activation,
        why: Option<String>,
    ) -> Result<(), Problem> {
        let why = why.unwrap_or_default();
        let act = Act::own(scope, &newest.plugin, why.clone());
        let write = |unit: Unit| {
            let act = &act;
            async move {
                let head: Option<Head> = unit.get(&act.head()).await?;
                let mut head = head.unwrap_or_default();
                if head.number != Some(newest.number) {
                    // Another host has switched meanwhile: what it did counts, and is done here at the next look.
                    return Ok(());
                }
                let refused = Activation {
                    number: head.last + 1,
                    outcome: Outcome::Refused,
                    by: act.who.account.clone(),
                    at: self.books.now(),
                    reason: act.reason.clone(),
                    ..newest.clone()
                };
                self.add_row(&unit, act, &refused).await?;
                head.last = refused.number;
                head.number = Some(serves.number);
                unit.put(&act.head(), &head).await?;
                self.settle(&unit, act, &serves.settings, "returned").await
            }
        };
        self.books.transact(write).await?;
        self.bell.ring();
        let head = act.head();
        self.trouble(&head, Some(format!("went back a version: {why}")));
        Ok(())
    }

    /// Withdraws everything that may not serve any more, as the keys and revocations are at this moment.
    ///
    /// # Errors
    /// When the rows can't be read or written.
    pub async fn judge_all(&self) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let trust = Trust::read(&self.config.trust, &unit).await?;
        for (scope, row) in self.serving(&unit).await? {
            if let Some(distrust) = distrusted(&trust, &unit, &row).await? {
                self.take_down(&scope, &row, distrust).await?;
            }
        }
        Ok(())
    }

    async fn take_down(&self, scope: &Scope, row: &Activation, why: String) -> Result<(), Problem> {
        let act = Act::own(scope, &row.plugin, why.clone());
        let head = act.head();
        let _turn = self.turn(&head).await;
        let write = |unit: Unit| {
            let act = &act;
            async move {
                let head: Option<Head> = unit.get(&act.head()).await?;
                let mut head = head.unwrap_or_default();
                if head.number != Some(row.number) {
                    return Ok(None);
                }
                let down = Activation {
                    number: head.last + 1,
                    digest: None,
                    version: None,
                    kind: Kind::Disable,
                    outcome: Outcome::Active,
                    previous: Some(row.number),
                    by_operator: true,
                    asked: None,
                    accept_loss: false,
                    by: act.who.account.clone(),
                    at: self.books.now(),
                    reason: act.reason.clone(),
                    ..row.clone()
                };
                self.add_row(&unit, act, &down).await?;
                let note = Note {
                    who: &act.who.account,
                    what: "plugin.withdrawn",
                    scope: Some(&act.scope),
                    about: &act.plugin,
                    detail: act.reason.clone(),
                };
                self.books.note(&unit, note).await?;
                head.last = down.number;
                head.number = Some(down.number);
                unit.put(&act.head(), &head).await?;
                self.show(&unit, act, &head, &down).await?;
                Ok(Some(down.number))
            }
        };
        if let Some(number) = self.books.transact(write).await? {
            self.bell.ring();
            tracing::warn!(%head, why, "a plugin was withdrawn");
            self.deployer.withdraw(scope, &row.plugin).await;
            self.applied.set(&head, Some(number));
            self.trouble(&head, Some(format!("withdrawn: {why}")));
        }
        Ok(())
    }
}

/// A scope of its text.
pub(crate) fn parsed(text: &str) -> Option<Scope> {
    match text.split_once(':') {
        None => (text == Scope::Deployment.to_string()).then_some(Scope::Deployment),
        Some(("tenant", id)) => TenantId::parse(id).ok().map(Scope::Tenant),
        Some(_) => None,
    }
}
