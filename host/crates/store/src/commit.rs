//! Commits: one script that checks what the request relied on and writes what it wrote, or does nothing.
//!
//! What the request read is locked in this process and compared with the cache first, so that most
//! conflicts cost no call, and only what the cache does not know needs a guard in the script. The whole runs
//! as one task of the engine's runtime: a caller that goes away can't leave the cache behind the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::event::Event;
use stoa_kernel::store::{CommitError, StoreError};
use surrealdb::types::{Object, Value};

use crate::fault::Fault;
use crate::outbox::News;
use crate::row::Row;
use crate::script::Script;
use crate::shared::Shared;
use crate::table::Key;
use crate::tenants::Tenant;
use crate::{answers, outbox};

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
        let news = News::of(&plan.events, self.now());
        let outcome = self.write(tenant, plan).await;
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

    async fn write(&self, tenant: &Tenant, plan: Plan) -> Result<(), CommitError> {
        let revision = self.next_revision();
        let written = |write: &Write| (write.key.clone(), becomes(write, revision).map(Arc::new));
        let rows: Vec<(Key, Option<Arc<Row>>)> = plan.writes.iter().map(written).collect();
        for (key, row) in &rows {
            if row.as_ref().is_some_and(|row| row.expires_at.is_some()) {
                key.table.set_expiring();
            }
        }
        let script = self
            .script(&plan, &rows)
            .map_err(|error| CommitError::Unavailable(error.to_string()))?;
        // A query may show a new document before the cache knows it: that it is absent is no longer certain.
        let created = plan.writes.iter().filter(|write| write.base.is_none());
        created.for_each(|write| self.forget(&write.key));
        let outcome = script.run(&tenant.session).await.map_err(commit_error);
        match &outcome {
            Ok(()) => rows
                .into_iter()
                .for_each(|(key, row)| self.publish(key, row)),
            // What is cached may be why it failed, or may be outdated now.
            Err(_) => {
                plan.writes.iter().for_each(|write| self.forget(&write.key));
                plan.guards.iter().for_each(|(key, _)| self.forget(key));
            }
        }
        outcome
    }

    fn script(&self, plan: &Plan, rows: &[(Key, Option<Arc<Row>>)]) -> Result<Script, StoreError> {
        let now = self.now();
        let mut script = Script::default();
        for (key, revision) in &plan.guards {
            script.guard(key, *revision);
        }
        // Rows that come to the same table at the same time cost the engine less together.
        let mut added: BTreeMap<&str, Vec<Object>> = BTreeMap::new();
        for (write, (key, row)) in plan.writes.iter().zip(rows) {
            match (write.base, row) {
                (Some(base), Some(row)) => {
                    let content = Value::Object(row.content(now)?);
                    if self.is_certain(key, base) {
                        script.replace(key, content);
                    } else {
                        script.update(key, base, content);
                    }
                }
                (Some(base), None) => script.delete(key, base),
                (None, Some(row)) => {
                    let mut content = row.content(now)?;
                    content.insert("id", key.record());
                    added.entry(&key.table.name).or_default().push(content);
                }
                (None, None) => {}
            }
        }
        for (table, rows) in added {
            script.insert(table, rows);
        }
        for (event, subscriber) in &plan.handled {
            script.present(outbox::record(event));
            script.create(outbox::mark(event, subscriber), outbox::mark_content(now));
        }
        outbox::insert(&mut script, &plan.events, now);
        if let Some((id, answer)) = &plan.answer {
            script.create(answers::record(id), answers::content(answer, now));
        }
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
