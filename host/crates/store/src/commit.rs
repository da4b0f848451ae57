//! Commits: one script that checks what the request relied on and writes what it wrote, or does nothing.
//!
//! What the request read is locked in this process and compared with the cache first, so that most
//! conflicts cost no call, and only what the cache does not know needs a guard in the script. The whole runs
//! as one task of the engine's runtime: a caller that goes away can't leave the cache behind the database. Commits that
//! meet before the engine share a transaction (`together.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::store::{CommitError, StoreError};
use surrealdb::types::{Object, RecordId, Value};

use crate::fault::Fault;
use crate::outbox::News;
use crate::row::Row;
use crate::script::Script;
use crate::shared::Shared;
use crate::table::{Key, Table};
use crate::tenants::Tenant;
use crate::together::Told;
use crate::{answers, names, outbox};

/// One document to write.
pub(crate) struct Write {
    pub(crate) key: Key,
    /// The revision that it must have; none if it must not exist.
    pub(crate) base: Option<i64>,
    /// What it becomes; none if it goes.
    pub(crate) next: Option<Arc<Row>>,
}

/// All that a unit of work asks of the database.
pub(crate) struct Plan {
    /// What was read and is not written, with the revisions that it must still have.
    pub(crate) guards: Vec<(Key, Option<i64>)>,
    /// In the order in which they are to happen.
    pub(crate) writes: Vec<Write>,
    pub(crate) events: Vec<Event>,
    /// The events that this handles, and for whom.
    pub(crate) handled: Vec<(String, String)>,
    pub(crate) answer: Option<(String, StoredAnswer)>,
    /// Whether it goes before others that wait.
    pub(crate) hurries: bool,
}

/// A plan whose documents are locked, with what they become.
pub(crate) struct Ready {
    plan: Plan,
    /// One for each write.
    rows: Vec<(Key, Option<Arc<Row>>)>,
    /// When it began: whether its events are due by then was told.
    now: Millis,
    /// About how much it writes.
    pub(crate) bytes: usize,
}

impl Ready {
    fn new(plan: Plan, revision: i64, now: Millis) -> Self {
        let written = |write: &Write| (write.key.clone(), becomes(write, revision).map(Arc::new));
        let rows: Vec<(Key, Option<Arc<Row>>)> = plan.writes.iter().map(written).collect();
        let documents = rows
            .iter()
            .flat_map(|(_, row)| row)
            .map(|row| row.body.len());
        let events = plan.events.iter().map(|event| event.payload.len());
        let answer = plan.answer.iter().map(|(_, answer)| answer.body.len());
        let bytes = documents.chain(events).chain(answer).sum();
        Self {
            plan,
            rows,
            now,
            bytes,
        }
    }

    /// Nothing, said to be so much.
    #[cfg(test)]
    pub(crate) fn of_bytes(bytes: usize, hurries: bool) -> Self {
        let plan = Plan {
            guards: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            handled: Vec::new(),
            answer: None,
            hurries,
        };
        Self {
            bytes,
            ..Self::new(plan, 1, 0)
        }
    }

    /// See [`Plan::hurries`].
    pub(crate) const fn hurries(&self) -> bool {
        self.plan.hurries
    }

    /// Each write with its document and what that becomes.
    fn writes(&self) -> impl Iterator<Item = (&Write, &(Key, Option<Arc<Row>>))> {
        self.plan.writes.iter().zip(&self.rows)
    }
}

/// What the database holds after a write.
///
/// Removing a record is the dearest of all statements: the first one of each transaction has the engine read the
/// definitions of every table, in search of references. Where documents come to an end anyway, one that is removed
/// ends at once, and the sweep removes many together.
fn becomes(write: &Write, revision: i64) -> Option<Row> {
    match (&write.next, write.base) {
        (Some(row), _) => Some(row.committed(revision)),
        (None, Some(_)) if write.key.table.may_expire() => Some(Row::ended(revision)),
        (None, _) => None,
    }
}

/// Makes a plan durable, or changes nothing.
pub(crate) async fn commit(
    shared: Arc<Shared>,
    tenant: Arc<Tenant>,
    plan: Plan,
) -> Result<(), CommitError> {
    let begun = Instant::now();
    let inner = Arc::clone(&shared);
    let work = async move { inner.commit(&tenant, plan).await };
    let outcome = match shared.engine.run(work).await {
        Ok(outcome) => outcome,
        Err(fault) => Err(CommitError::Unknown(fault.to_string())),
    };
    metrics::counter!("store_commits_total", "outcome" => word(&outcome)).increment(1);
    metrics::histogram!("store_commit_seconds").record(begun.elapsed().as_secs_f64());
    outcome
}

const fn word(outcome: &Result<(), CommitError>) -> &'static str {
    match outcome {
        Ok(()) => "committed",
        Err(CommitError::Conflict) => "conflict",
        Err(CommitError::Answered) => "answered",
        Err(CommitError::Unavailable(_)) => "unavailable",
        Err(CommitError::Unknown(_)) => "unknown",
    }
}

impl Shared {
    async fn commit(&self, tenant: &Tenant, mut plan: Plan) -> Result<(), CommitError> {
        let answer = plan.answer.as_ref().map(|(id, _)| answers::key(id));
        let writes = plan.writes.iter().map(|write| &write.key).chain(&answer);
        let _locks = self
            .documents
            .lock(writes, plan.guards.iter().map(|(key, _)| key))
            .await;
        if plan
            .writes
            .iter()
            .any(|write| self.is_stale(&write.key, write.base))
        {
            return Err(CommitError::Conflict);
        }
        for (key, revision) in std::mem::take(&mut plan.guards) {
            match self.documents.get(&key) {
                // Nobody can change it while it is locked here.
                Some(known) if known.as_ref().map(|row| row.revision) == revision => {}
                Some(_) => return Err(CommitError::Conflict),
                None => plan.guards.push((key, revision)),
            }
        }
        // Whoever relied on what this writes comes after it, so its events get greater ids.
        for event in &mut plan.events {
            event.id = self.event_ids.at_least(&event.id);
        }
        let now = self.now();
        let news = News::of(&plan.events, now);
        let outcome = self.write(tenant, plan, now).await;
        if matches!(outcome, Ok(()) | Err(CommitError::Unknown(_))) {
            self.tell(&tenant.id, &news);
        }
        outcome
    }

    fn is_stale(&self, key: &Key, base: Option<i64>) -> bool {
        self.documents
            .get(key)
            .is_some_and(|known| known.as_ref().map(|row| row.revision) != base)
    }

    /// Whether a document that is locked here surely has this revision. Where documents expire, the sweep may have
    /// removed what the cache still knows.
    fn is_certain(&self, key: &Key, revision: i64) -> bool {
        let known = || self.documents.get(key).flatten();
        !key.table.may_expire() && known().is_some_and(|row| row.revision == revision)
    }

    async fn write(&self, tenant: &Tenant, plan: Plan, now: Millis) -> Result<(), CommitError> {
        let ready = Arc::new(Ready::new(plan, self.next_revision(), now));
        for (key, row) in &ready.rows {
            let Some(row) = row else { continue };
            if row.expires_at.is_some() {
                key.table.set_expiring();
            }
            key.table.largest.expect(row.body.len());
        }
        let Ready { plan, rows, .. } = &*ready;
        // A query may show a new document before the cache knows it: that it is absent is no longer certain.
        let created = plan.writes.iter().filter(|write| write.base.is_none());
        created.for_each(|write| self.forget(&write.key));
        let outcome = self.together(tenant, &ready).await;
        match &outcome {
            Ok(()) => rows
                .iter()
                .for_each(|(key, row)| self.publish(key.clone(), row.clone())),
            // What is cached may be why it failed, or may be outdated now.
            Err(_) => {
                plan.writes.iter().for_each(|write| self.forget(&write.key));
                plan.guards.iter().for_each(|(key, _)| self.forget(key));
            }
        }
        outcome
    }

    /// Commits it, with those that wait when its turn comes.
    async fn together(&self, tenant: &Tenant, own: &Arc<Ready>) -> Result<(), CommitError> {
        let alone = std::slice::from_ref(own);
        let (turn, others) = match tenant.meeting.join(own).await {
            Told::Lead(turn, others) => (turn, others),
            Told::Ended(outcome) => return outcome,
            Told::Alone => return self.transact(tenant, alone).await,
        };
        let ready = others.iter().map(|other| &other.ready);
        let all: Vec<Arc<Ready>> = std::iter::once(own).chain(ready).cloned().collect();
        let outcome = self.transact(tenant, &all).await;
        drop(turn);
        if others.is_empty() {
            return outcome;
        }
        metrics::histogram!("store_commits_together")
            .record(u32::try_from(all.len()).unwrap_or(u32::MAX));
        if matches!(outcome, Ok(()) | Err(CommitError::Unknown(_))) {
            for other in others {
                other.tell(Told::Ended(outcome.clone()));
            }
            return outcome;
        }
        // Nothing was written, and whose fault that was is not known.
        others.into_iter().for_each(|other| other.tell(Told::Alone));
        self.transact(tenant, alone).await
    }

    async fn transact(&self, tenant: &Tenant, all: &[Arc<Ready>]) -> Result<(), CommitError> {
        let mut script = self
            .script(all)
            .map_err(|error| CommitError::Unavailable(error.to_string()))?;
        let grown = grown(all);
        for (table, bytes) in grown.values() {
            let record = RecordId::new(names::SIZES, table.name.as_str());
            script.grow(Value::RecordId(record), *bytes);
        }
        let outcome = script.run(&tenant.session).await.map_err(commit_error);
        if outcome.is_ok() {
            grown
                .values()
                .for_each(|(table, bytes)| table.largest.record(*bytes));
        }
        outcome
    }

    /// What is removed goes first: others may want its values.
    fn script(&self, all: &[Arc<Ready>]) -> Result<Script, StoreError> {
        let now = self.now();
        let mut script = Script::default();
        let plans = || all.iter().map(|ready| &ready.plan);
        for (key, revision) in plans().flat_map(|plan| &plan.guards) {
            script.guard(key, *revision);
        }
        let writes = || all.iter().flat_map(|ready| ready.writes());
        for (write, (key, row)) in writes() {
            if let (Some(base), None) = (write.base, row) {
                script.delete(key, base);
            }
        }
        // Rows that come to the same table at the same time cost the engine less together.
        let mut added: BTreeMap<&str, Vec<Object>> = BTreeMap::new();
        for (write, (key, row)) in writes() {
            let Some(row) = row else { continue };
            let mut content = row.content(now)?;
            match write.base {
                Some(base) if self.is_certain(key, base) => {
                    script.replace(key, Value::Object(content));
                }
                Some(base) => script.update(key, base, Value::Object(content)),
                None => {
                    content.insert("id", key.record());
                    added.entry(&key.table.name).or_default().push(content);
                }
            }
        }
        for (event, subscriber) in plans().flat_map(|plan| &plan.handled) {
            script.present(outbox::record(event));
            let mark = outbox::mark(event, subscriber, now);
            added.entry(names::HANDLED).or_default().push(mark);
        }
        for (id, answer) in plans().filter_map(|plan| plan.answer.as_ref()) {
            let answer = answers::row(id, answer, now);
            added.entry(names::ANSWERS).or_default().push(answer);
        }
        for (table, rows) in added {
            script.insert(table, rows);
        }
        let events = all.iter().flat_map(|ready| {
            let events = ready.plan.events.iter();
            events.map(|event| (event, ready.now))
        });
        outbox::insert(&mut script, events);
        Ok(script)
    }

    fn publish(&self, key: Key, row: Option<Arc<Row>>) {
        let table = Arc::clone(&key.table);
        self.documents.publish(key, row);
        table.advance();
    }

    /// Forgets a document and whatever a query found in its collection.
    pub(crate) fn forget(&self, key: &Key) {
        self.documents.forget(key);
        key.table.advance();
    }
}

/// Tables of which the database does not know yet how large their documents get.
fn grown(all: &[Arc<Ready>]) -> BTreeMap<u64, (&Table, usize)> {
    let keys = all.iter().flat_map(|ready| &ready.rows);
    let tables = keys.filter_map(|(key, _)| {
        let bytes = key.table.largest.unrecorded()?;
        Some((key.table.uid, (&*key.table, bytes)))
    });
    tables.collect()
}

fn commit_error(fault: Fault) -> CommitError {
    match fault {
        Fault::Exists(record) if answers::is_record(&record) || outbox::is_mark(&record) => {
            CommitError::Answered
        }
        Fault::Gone => CommitError::Answered,
        Fault::Conflict | Fault::Exists(_) | Fault::NotUnique(_) => CommitError::Conflict,
        Fault::Failed {
            message,
            last: false,
        } => CommitError::Unavailable(message),
        Fault::Unknown(message)
        | Fault::Failed {
            message,
            last: true,
        } => CommitError::Unknown(message),
    }
}
