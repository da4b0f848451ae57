//! At start: what should serve, serves; and what may not any more, is withdrawn.

use std::collections::BTreeSet;

use stoa_kernel::deployment::{Refusal, Scope};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::wit::Permission;

use crate::books::{Note, Unit};
use crate::change::withheld;
use crate::records::{Activation, Head, Kind, Outcome, Revision, activation_id, head_id};
use crate::registry::Registry;
use crate::switch::{Act, STEPS_MAX};
use crate::trust::Trust;
use crate::who::of_deployment;

/// Versions that are tried one after the other when the newest is refused: more have no use, as each costs a
/// compilation.
const FALLBACKS_MAX: usize = 4;

/// What is known of a plugin's newest activation and those before it, while one is looked for that serves.
struct Fallback<'a> {
    scope: &'a Scope,
    newest: Activation,
    /// Why the newest is refused; none yet if it was not.
    why: Option<String>,
    /// The versions that were refused.
    refused: BTreeSet<String>,
    /// What later versions asked for and were denied: nobody has decided anew what an earlier one may do.
    withheld: BTreeSet<Permission>,
}

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
        if refused.is_empty() {
            return Ok(());
        }
        for (scope, row, _) in refused {
            self.fall_back(&scope, row).await?;
        }
        // Keys may have been revoked while an earlier version was looked for.
        self.judge_all().await
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
    async fn fall_back(&self, scope: &Scope, newest: Activation) -> Result<(), Problem> {
        let head = head_id(scope, &newest.plugin);
        let _turn = self.turn(&head).await;
        let unit = self.books.unit().await?;
        let trust = Trust::read(&self.config.trust, &unit).await?;
        let mut row = newest.clone();
        let mut fallback = Fallback {
            scope,
            newest,
            why: None,
            refused: BTreeSet::new(),
            withheld: BTreeSet::new(),
        };
        for _ in 0..STEPS_MAX {
            let Some(digest) = row.digest.clone() else {
                break;
            };
            let is_new = fallback.refused.insert(digest);
            if fallback.refused.len() > FALLBACKS_MAX {
                break;
            }
            if is_new {
                let told = match distrusted(&trust, &unit, &row).await? {
                    Some(distrust) => Err(Refusal::Refused(distrust)),
                    None => self.tell(scope, &row).await,
                };
                match told {
                    Ok(()) => return self.fell_back(fallback, row).await,
                    Err(Refusal::Unavailable(why)) => {
                        tracing::warn!(%head, why, "a plugin does not serve");
                        self.trouble(&head, Some(why));
                        return Ok(());
                    }
                    Err(Refusal::Refused(why)) => {
                        tracing::warn!(%head, number = row.number, why, "a plugin is refused");
                        let _ = fallback.why.get_or_insert(why);
                    }
                }
            }
            let Some(earlier) = self.earlier(&unit, &mut fallback, &row).await? else {
                break;
            };
            row = earlier;
        }
        self.trouble(&head, fallback.why);
        Ok(())
    }

    /// The row before one that is refused, with what it may still do.
    async fn earlier(
        &self,
        unit: &Unit,
        fallback: &mut Fallback<'_>,
        row: &Activation,
    ) -> Result<Option<Activation>, Problem> {
        if let Some(digest) = &row.digest
            && let Some(revision) = unit.get::<Revision>(digest).await?
        {
            fallback
                .withheld
                .extend(withheld(row, &revision.package()?));
        }
        let Some(previous) = row.previous else {
            return Ok(None);
        };
        let id = activation_id(fallback.scope, &row.plugin, previous);
        let earlier: Option<Activation> = unit.get(&id).await?;
        let Some(mut earlier) = earlier else {
            return Ok(None);
        };
        let mut lost = fallback.withheld.clone();
        if *fallback.scope != Scope::Deployment && !earlier.by_operator {
            let held = of_deployment(unit, &row.plugin).await?;
            lost.extend(&earlier.grants - &held);
        }
        earlier.grants = &earlier.grants - &lost;
        Ok(Some(earlier))
    }

    /// Writes down that an earlier row serves instead of the newest, if it is one.
    async fn fell_back(&self, fallback: Fallback<'_>, serves: Activation) -> Result<(), Problem> {
        let Fallback {
            scope, newest, why, ..
        } = &fallback;
        let Some(why) = why else { return Ok(()) };
        let act = Act::own(scope, &newest.plugin, why);
        let serves = &serves;
        let write = |unit: Unit| {
            let act = &act;
            async move {
                let head: Option<Head> = unit.get(&act.head()).await?;
                let mut head = head.unwrap_or_default();
                if head.number != Some(newest.number) {
                    // Another host has switched meanwhile: what it did counts, and is done here at the next look.
                    return Ok(None);
                }
                let own = |number, outcome, of: &Activation| Activation {
                    number,
                    outcome,
                    asked: None,
                    by: act.who.account.clone(),
                    at: self.books.now(),
                    reason: act.reason.clone(),
                    ..of.clone()
                };
                let refused = own(head.last + 1, Outcome::Refused, newest);
                let returned = Activation {
                    kind: Kind::Returned,
                    ..own(head.last + 2, Outcome::Active, serves)
                };
                self.add_row(&unit, act, &refused).await?;
                self.add_row(&unit, act, &returned).await?;
                head.last = returned.number;
                head.number = Some(returned.number);
                unit.put(&act.head(), &head).await?;
                self.settle(&unit, act, &serves.settings, "returned")
                    .await?;
                Ok(Some(returned.number))
            }
        };
        let head = act.head();
        if let Some(number) = self.books.transact(write).await? {
            self.applied.set(&head, Some(number));
            self.bell.ring();
            self.trouble(&head, Some(format!("went back a version: {why}")));
        }
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
