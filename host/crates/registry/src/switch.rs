//! Doing what was asked for: rows and head in one commit, then the runtime, and back if that refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::answer::IdempotencyKey;
use stoa_kernel::deployment::{Deployment, Refusal, Scope};
use stoa_kernel::error::Problem;
use stoa_kernel::wit::{Permission, version_numbers as numbers};

use crate::books::{Note, Unit, unavailable};
use crate::change::{Change, Draft, Place, Placed, Subject, draft, withheld};
use crate::records::{
    Activation, Head, Kind, NEWEST, Newest, Outcome, Plugin, Revision, activation_id, head_id,
};
use crate::registry::Registry;
use crate::settings::changed_meanwhile;
use crate::trust::{Distrust, Trust};
use crate::who::{Who, of_deployment};

/// Seconds after which what the runtime had no room for may be tried again.
const RETRY_AFTER_S: u32 = 5;

/// Activations that a rollback or a return looks back at: a plugin's life, and far less than a thread's patience.
pub(crate) const STEPS_MAX: usize = 1_000;

/// Of the problem that too few vouch for a revision.
pub(crate) const UNTRUSTED: &str = "untrusted";

/// Who does something, and where.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who.
    pub who: Who,
    /// In which scope.
    pub scope: Scope,
    /// To which plugin.
    pub plugin: String,
    /// The newest row that they know of: another one since then, and nothing is done.
    pub expected: Option<u64>,
    /// Why, in their words.
    pub reason: String,
    /// Whether data may be lost by it.
    pub accept_loss: bool,
    /// By what a repetition of the request is known.
    pub key: Option<IdempotencyKey>,
}

impl Act {
    /// The registry's own act.
    pub(crate) fn own(scope: &Scope, plugin: &str, reason: impl Into<String>) -> Self {
        Self {
            who: Who::registry(),
            scope: scope.clone(),
            plugin: plugin.to_owned(),
            expected: None,
            reason: reason.into(),
            accept_loss: false,
            key: None,
        }
    }

    /// The head that it is about.
    pub(crate) fn head(&self) -> String {
        head_id(&self.scope, &self.plugin)
    }
}

/// The row of an act.
enum Written {
    /// It was added.
    Now(Activation, Before),
    /// It was there: the act was done before, and the host that did it died before it could say so.
    Before(Activation),
}

/// How it was before a row.
struct Before {
    head: Head,
    /// What was set.
    set: BTreeMap<String, Value>,
}

impl Registry {
    /// Does it, to its end even if whoever asked goes away: the row that came of it.
    ///
    /// # Errors
    /// Why nothing was done; 422 `plugin-refused` when the runtime would not have it, which the rows tell, too.
    pub async fn switch(self: &Arc<Self>, act: Act, change: Change) -> Result<Activation, Problem> {
        let registry = Arc::clone(self);
        let task = tokio::spawn(async move {
            let row = registry.switch_now(&act, &change).await?;
            if act.who.is_operator() && act.scope == Scope::Deployment {
                registry.cut_tenants(&act, &change, &row).await?;
            }
            Ok(row)
        });
        let done = task.await;
        done.unwrap_or_else(|error| Err(Problem::internal(error.to_string())))
    }

    async fn switch_now(&self, act: &Act, change: &Change) -> Result<Activation, Problem> {
        let head = act.head();
        let turn = self.turn(&head).await;
        let write = |unit| self.write(unit, act, change);
        let (row, before) = match self.books.transact(write).await? {
            Written::Now(row, before) => (row, before),
            Written::Before(row) => return Ok(row),
        };
        self.bell.ring();
        if row.kind == Kind::Offer || row.outcome == Outcome::Waiting {
            return Ok(row);
        }
        match self.tell(&act.scope, &row).await {
            Ok(()) => {
                self.trouble(&head, None);
                Ok(row)
            }
            Err(refusal) => {
                let back = |unit| self.take_back(unit, act, &row, &before, &refusal);
                self.books.transact(back).await?;
                self.applied.set(&head, before.head.number);
                self.bell.ring();
                drop(turn);
                // Keys may have been revoked while what serves again was not the one that counts.
                self.judge_all().await?;
                Err(refused(refusal))
            }
        }
    }

    /// Writes the next row, unless the act is not to be done.
    async fn write(&self, unit: Unit, act: &Act, change: &Change) -> Result<Written, Problem> {
        // Every act writes this. Read first, it lets no key be revoked between the judgement and the commit.
        unit.get::<Newest>(NEWEST).await?;
        if let Some(done) = self.done_before(&unit, act).await? {
            return Ok(Written::Before(done));
        }
        let place = self.place(&unit, act, change).await?;
        if act
            .expected
            .is_some_and(|expected| expected != place.head.last)
        {
            return Err(changed_meanwhile(place.head.last));
        }
        let drafted = draft(change, &place)?;
        if drafted.outcome == Outcome::Active && drafted.digest.is_some() {
            self.trusted(&unit, &drafted).await?;
        }
        let current = place.current.as_ref().map(|placed| &placed.row);
        let is_same = current.is_some_and(|row| row.digest == drafted.digest);
        let carries = is_same && current.is_some_and(|row| row.accept_loss);
        let accept_loss = act.accept_loss || carries;
        let switches = drafted.outcome == Outcome::Active && drafted.kind != Kind::Offer;
        if switches && !is_same && !accept_loss {
            self.loses_nothing(&unit, act, &drafted).await?;
        }
        let (before, set) = (place.head, place.set.unwrap_or_default());
        let row = self.add(&unit, act, drafted, &before, accept_loss).await?;
        let mut head = Head {
            scope: act.scope.to_string(),
            plugin: act.plugin.clone(),
            last: row.number,
            ..before.clone()
        };
        match (row.kind, row.outcome) {
            (Kind::Offer, _) => head.offered = Some(row.number),
            (_, Outcome::Waiting) => head.waiting = Some(row.number),
            _ => {
                head.number = Some(row.number);
                head.highest = highest(before.highest.as_deref(), row.version.as_deref());
            }
        }
        if let Some(waiting) = &place.waiting {
            match change {
                Change::Approve { .. } => head.waiting = None,
                Change::Install { .. } if supersedes(&row, &waiting.row) => {
                    let id = activation_id(&act.scope, &act.plugin, waiting.row.number);
                    let superseded = Activation {
                        outcome: Outcome::Superseded,
                        ..waiting.row.clone()
                    };
                    unit.put(&id, &superseded).await?;
                    head.waiting = head.waiting.filter(|number| *number == row.number);
                }
                _ => {}
            }
        }
        unit.put(&act.head(), &head).await?;
        let counts = row.outcome == Outcome::Active && row.kind != Kind::Offer;
        if counts && row.digest.is_some() {
            self.settle(&unit, act, &row.settings, &word(&row.kind))
                .await?;
        }
        self.show(&unit, act, &head, &row).await?;
        Ok(Written::Now(row, Before { head: before, set }))
    }

    async fn add(
        &self,
        unit: &Unit,
        act: &Act,
        drafted: Draft,
        head: &Head,
        accept_loss: bool,
    ) -> Result<Activation, Problem> {
        let row = Activation {
            scope: act.scope.to_string(),
            plugin: act.plugin.clone(),
            number: head.last + 1,
            digest: drafted.digest,
            version: drafted.version,
            grants: drafted.grants,
            settings: drafted.settings,
            kind: drafted.kind,
            outcome: drafted.outcome,
            settings_given: drafted.settings_given,
            previous: drafted.previous,
            accept_loss,
            asked: act.key.as_ref().map(|key| key.id.clone()),
            fingerprint: act.key.as_ref().map(|key| key.fingerprint.clone()),
            by_operator: drafted.by_operator || act.who.is_person_operating(),
            by: act.who.account.clone(),
            at: self.books.now(),
            reason: act.reason.clone(),
        };
        self.add_row(unit, act, &row).await?;
        Ok(row)
    }

    pub(crate) async fn add_row(
        &self,
        unit: &Unit,
        act: &Act,
        row: &Activation,
    ) -> Result<(), Problem> {
        let id = activation_id(&act.scope, &act.plugin, row.number);
        unit.create(&id, row).await.map_err(unavailable)?;
        let (kind, outcome) = (word(&row.kind), word(&row.outcome));
        let version = row.version.as_deref().unwrap_or("nothing");
        let note = Note {
            who: &row.by,
            what: &format!("plugin.{kind}"),
            scope: Some(&act.scope),
            about: &act.plugin,
            detail: format!("{} {version} {outcome}: {}", row.number, row.reason),
        };
        self.books.note(unit, note).await
    }

    /// The runtime has refused: a row says so, and the head is as it was.
    async fn take_back(
        &self,
        unit: Unit,
        act: &Act,
        row: &Activation,
        before: &Before,
        refusal: &Refusal,
    ) -> Result<(), Problem> {
        let Before { head: before, set } = before;
        let found: Option<Head> = unit.get(&act.head()).await?;
        let mut head = found.unwrap_or_default();
        let refused = Activation {
            number: head.last + 1,
            outcome: Outcome::Refused,
            reason: refusal.to_string(),
            at: self.books.now(),
            ..row.clone()
        };
        self.add_row(&unit, act, &refused).await?;
        if head.number != Some(row.number) {
            // Another host has switched meanwhile: what it did counts.
            head.last = refused.number;
            return unit.put(&act.head(), &head).await;
        }
        if let Some(waiting) = self.placed(&unit, act, before.waiting).await?
            && waiting.row.outcome == Outcome::Superseded
        {
            let id = activation_id(&act.scope, &act.plugin, waiting.row.number);
            let waits = Activation {
                outcome: Outcome::Waiting,
                ..waiting.row
            };
            unit.put(&id, &waits).await?;
        }
        head.last = refused.number;
        head.number = before.number;
        head.waiting = before.waiting;
        head.highest.clone_from(&before.highest);
        unit.put(&act.head(), &head).await?;
        self.settle(&unit, act, set, "refused").await?;
        self.show(&unit, act, &head, &refused).await
    }

    /// How it is before the act.
    async fn place(&self, unit: &Unit, act: &Act, change: &Change) -> Result<Place, Problem> {
        let head: Head = unit.get(&act.head()).await?.unwrap_or_default();
        let current = self.placed(unit, act, head.number).await?;
        let previous = current.as_ref().and_then(|current| current.row.previous);
        let mut previous = self.placed(unit, act, previous).await?;
        let subject = match change {
            Change::Install { digest, .. } | Change::Offer { digest, .. } => {
                Some(self.subject(unit, act, digest).await?)
            }
            Change::Returned { from, to } => {
                let serving = current
                    .as_ref()
                    .and_then(|placed| placed.row.digest.as_ref());
                if serving != Some(from) {
                    return Err(Problem::new(409, "changed-meanwhile", "It serves no more."));
                }
                previous = self.back_to(unit, act, previous, to).await?;
                None
            }
            _ => None,
        };
        let set = self.settings_of(unit, &act.scope, &act.plugin).await?;
        let carried = current.as_ref().map(|current| &current.row.settings);
        Ok(Place {
            set: set.map(|set| set.values).or_else(|| carried.cloned()),
            waiting: self.placed(unit, act, head.waiting).await?,
            ceiling: act.who.ceiling(unit, &act.plugin).await?,
            head,
            current,
            previous,
            subject,
        })
    }

    /// The last activation before with this digest.
    async fn back_to(
        &self,
        unit: &Unit,
        act: &Act,
        mut from: Option<Placed>,
        digest: &str,
    ) -> Result<Option<Placed>, Problem> {
        for _ in 0..STEPS_MAX {
            let Some(placed) = from else { return Ok(None) };
            if placed.row.digest.as_deref() == Some(digest) {
                return Ok(Some(placed));
            }
            from = self.placed(unit, act, placed.row.previous).await?;
        }
        Ok(None)
    }

    async fn placed(
        &self,
        unit: &Unit,
        act: &Act,
        number: Option<u64>,
    ) -> Result<Option<Placed>, Problem> {
        let Some(number) = number else {
            return Ok(None);
        };
        let id = activation_id(&act.scope, &act.plugin, number);
        let Some(row) = unit.get::<Activation>(&id).await? else {
            return Ok(None);
        };
        let package = match &row.digest {
            Some(digest) => match unit.get::<Revision>(digest).await? {
                Some(revision) => Some(revision.package()?),
                None => None,
            },
            None => None,
        };
        Ok(Some(Placed { row, package }))
    }

    async fn subject(&self, unit: &Unit, act: &Act, digest: &str) -> Result<Subject, Problem> {
        let revision: Option<Revision> = unit.get(digest).await?;
        let revision = revision.filter(|revision| revision.plugin == act.plugin);
        let revision = revision.ok_or_else(Problem::not_found)?;
        Ok(Subject {
            digest: digest.to_owned(),
            package: revision.package()?,
        })
    }

    /// Whether those sign for it whose word counts, at this moment.
    async fn trusted(&self, unit: &Unit, drafted: &Draft) -> Result<(), Problem> {
        let Some(digest) = &drafted.digest else {
            return Ok(());
        };
        let revision: Option<Revision> = unit.get(digest).await?;
        let revision = revision.ok_or_else(Problem::not_found)?;
        let trust = Trust::read(&self.config.trust, unit).await?;
        let judged = trust.judge_revision(unit, digest, &revision).await?;
        judged.map_err(|distrust| untrusted(&distrust))
    }

    /// Lets tenants know of a plugin that they may use, and remembers who has one of their own.
    pub(crate) async fn show(
        &self,
        unit: &Unit,
        act: &Act,
        head: &Head,
        row: &Activation,
    ) -> Result<(), Problem> {
        let Some(mut plugin) = unit.get::<Plugin>(&act.plugin).await? else {
            return Ok(());
        };
        let before = plugin.clone();
        match &act.scope {
            Scope::Deployment => {
                let serves = match row.outcome {
                    Outcome::Active if row.kind != Kind::Offer => row.digest.is_some(),
                    Outcome::Active | Outcome::Waiting | Outcome::Superseded => before.open,
                    Outcome::Refused => {
                        let current = self.placed(unit, act, head.number).await?;
                        current.is_some_and(|placed| placed.row.digest.is_some())
                    }
                };
                plugin.open = serves || head.offered.is_some();
            }
            Scope::Tenant(tenant) => {
                plugin.tenants.insert(tenant.to_string());
            }
        }
        if plugin == before {
            return Ok(());
        }
        unit.put(&act.plugin, &plugin).await
    }

    /// Lets the runtime do what the row says.
    pub(crate) async fn tell(&self, scope: &Scope, row: &Activation) -> Result<(), Refusal> {
        self.let_do(scope, row).await?;
        let head = head_id(scope, &row.plugin);
        self.applied.set(&head, Some(row.number));
        Ok(())
    }

    async fn let_do(&self, scope: &Scope, row: &Activation) -> Result<(), Refusal> {
        let Some(digest) = &row.digest else {
            self.deployer.withdraw(scope, &row.plugin).await;
            if let (Scope::Tenant(tenant), true) = (scope, row.accept_loss)
                && let Err(error) = self.deployer.bring_back(tenant, &row.plugin).await
            {
                tracing::warn!(%scope, plugin = row.plugin, %error, "data could not be brought back");
            }
            return Ok(());
        };
        // The code is as it was. Rows between this one and what serves may never have come to this host, so both are told.
        let serves = self.deployer.serves(scope, &row.plugin);
        let is_there = serves.is_some_and(|serves| serves.is(scope, digest));
        if matches!(row.kind, Kind::Grant | Kind::Settings | Kind::Returned)
            && is_there
            && self
                .deployer
                .grant(scope, &row.plugin, row.grants.clone())
                .await
        {
            let settings = row.settings.clone();
            self.deployer.set(scope, &row.plugin, settings).await;
            return Ok(());
        }
        let deployment = Deployment {
            scope: scope.clone(),
            plugin: row.plugin.clone(),
            digest: digest.clone(),
            file: self.file(digest).await?,
            grants: row.grants.clone(),
            settings: row.settings.clone(),
            accept_loss: row.accept_loss,
        };
        self.deployer.deploy(deployment).await?;
        // What is set by name is what serves now, also for when a tenant goes back to the deployment's version.
        let settings = row.settings.clone();
        self.deployer.set(scope, &row.plugin, settings).await;
        Ok(())
    }

    /// What an operator takes back for the deployment, tenants who granted it to their own versions lose, too.
    async fn cut_tenants(
        &self,
        act: &Act,
        change: &Change,
        done: &Activation,
    ) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let held = of_deployment(&unit, &act.plugin).await?;
        let withheld = match change {
            Change::Grant(_) | Change::Offer { .. } => None,
            Change::Install { .. } | Change::Approve { .. } | Change::Rollback
                if done.outcome == Outcome::Active =>
            {
                // Another version may not need what theirs do: they lose what it asks for and was denied.
                let placed = self.placed(&unit, act, Some(done.number)).await?;
                let package = placed.and_then(|placed| placed.package);
                Some(package.map_or_else(BTreeSet::new, |package| withheld(done, &package)))
            }
            _ => return Ok(()),
        };
        for (scope, row) in self.current(&unit).await? {
            let is_own = row.plugin == act.plugin && scope != Scope::Deployment && !row.by_operator;
            let mut lost = &row.grants - &held;
            if let Some(withheld) = &withheld {
                lost = &lost & withheld;
            }
            if !is_own || lost.is_empty() {
                continue;
            }
            let own = Act::own(&scope, &act.plugin, "the deployment's grants were narrowed");
            let cut = match row.digest {
                Some(_) => self.switch_now(&own, &Change::Narrow(lost)).await.map(drop),
                None => self.narrow(&own, &row, &lost).await,
            };
            // One tenant's trouble is not to leave the others what was taken back.
            if let Err(problem) = cut {
                tracing::warn!(%scope, plugin = act.plugin, %problem, "grants could not be narrowed");
            }
        }
        Ok(())
    }

    /// Narrows what a disabled row would have if it were enabled.
    async fn narrow(
        &self,
        act: &Act,
        row: &Activation,
        lost: &BTreeSet<Permission>,
    ) -> Result<(), Problem> {
        let _turn = self.turn(&act.head()).await;
        let id = &activation_id(&act.scope, &act.plugin, row.number);
        let narrow = |unit: Unit| async move {
            let Some(row) = unit.get::<Activation>(id).await? else {
                return Ok(());
            };
            let before = row.previous.unwrap_or_default();
            let before = activation_id(&act.scope, &act.plugin, before);
            let before: Option<Activation> = unit.get(&before).await?;
            if before.is_some_and(|before| before.by_operator) {
                return Ok(());
            }
            let grants = &row.grants - lost;
            unit.put(id, &Activation { grants, ..row }).await
        };
        self.books.transact(narrow).await
    }
}

/// 422: too few vouch for it.
pub(crate) fn untrusted(distrust: &Distrust) -> Problem {
    Problem::new(422, UNTRUSTED, format!("{distrust}."))
}

/// Whether who asked for one no longer wants the other, which waits.
fn supersedes(row: &Activation, waiting: &Activation) -> bool {
    let version = |row: &Activation| row.version.as_deref().map(numbers);
    row.outcome == Outcome::Waiting || version(row) >= version(waiting)
}

/// What a client is told when the runtime would not have something.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Refused(why) => Problem::new(422, "plugin-refused", why),
        Refusal::Unavailable(why) => Problem::unavailable(RETRY_AFTER_S, why),
    }
}

fn highest(before: Option<&str>, now: Option<&str>) -> Option<String> {
    let all = [before, now].into_iter().flatten();
    all.max_by_key(|version| numbers(version)).map(Into::into)
}

/// The word of a kind or an outcome.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
