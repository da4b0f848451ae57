//! A handle on one database of the engine.

use std::pin::Pin;
use std::sync::Arc;

use surrealdb::engine::local::Db;
use surrealdb::types::{Array, Value, Variables};
use surrealdb::{IndexedResults, Surreal};

use crate::fault::{Fault, root_fault};
use crate::mishap::{Mishap, Mishaps};

/// A question that is under way.
type Pulse = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One database's handle. Cheap to clone; statements of one handle run concurrently.
#[derive(Clone)]
pub(crate) struct Session {
    handle: Arc<Surreal<Db>>,
    /// The same for all handles of an engine.
    mishaps: Arc<Mishaps>,
}

impl Session {
    /// The first handle of an engine.
    pub(crate) fn new(handle: Surreal<Db>) -> Self {
        let (handle, mishaps) = (Arc::new(handle), Arc::default());
        Self { handle, mishaps }
    }

    /// The same by another handle of the same engine.
    pub(crate) fn by(&self, handle: Surreal<Db>) -> Self {
        let (handle, mishaps) = (Arc::new(handle), Arc::clone(&self.mishaps));
        Self { handle, mishaps }
    }

    /// What tests let go wrong.
    pub(crate) fn mishaps(&self) -> &Mishaps {
        &self.mishaps
    }

    /// Runs a script. To be awaited on the engine's own runtime.
    pub(crate) async fn run(
        &self,
        text: &str,
        variables: Variables,
    ) -> Result<IndexedResults, Fault> {
        let mishap = self.mishaps.to(text);
        if let Some(fault) = mishap.and_then(Mishap::instead) {
            return Err(fault);
        }
        let mut results = self.handle.query(text).bind(variables).await?;
        let fault = root_fault(&mut results).or_else(|| mishap?.afterwards());
        match fault {
            Some(fault) => Err(fault),
            None => Ok(results),
        }
    }

    /// Runs one statement that answers rows.
    pub(crate) async fn rows(&self, text: &str, variables: Variables) -> Result<Vec<Value>, Fault> {
        rows(&mut self.run(text, variables).await?, 0)
    }

    /// What asks the engine something that takes a scan, as often as it is called, and keeps nothing open. No mishap comes
    /// to it, and an error is an answer, too.
    pub(crate) fn pulse(&self) -> impl Fn() -> Pulse + Send + use<> {
        let handle = Arc::downgrade(&self.handle);
        move || {
            let handle = handle.upgrade();
            Box::pin(async move {
                if let Some(handle) = handle {
                    let _ = handle.query("INFO FOR ROOT").await;
                }
            })
        }
    }

    /// Another handle of the same engine, to be moved to another database.
    pub(crate) fn fork(&self) -> Surreal<Db> {
        Surreal::clone(&self.handle)
    }
}

/// The rows that a script's statement answered.
pub(crate) fn rows(results: &mut IndexedResults, statement: usize) -> Result<Vec<Value>, Fault> {
    match results.take::<Value>(statement)? {
        Value::Array(rows) => Ok(Array::into_vec(rows)),
        Value::None | Value::Null => Ok(Vec::new()),
        single => Ok(vec![single]),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::config::{StoreConfig, SyncPolicy};
    use crate::engine::Engine;

    const ADD: &str = "UPDATE t:a SET n += 1 RETURN NONE";

    async fn engine() -> (Engine, Session) {
        let config = StoreConfig {
            url: "mem://".into(),
            sync: SyncPolicy::Never,
            ..StoreConfig::default()
        };
        let engine = Engine::open(&config).await.unwrap();
        let session = engine.session("test".into()).await.unwrap();
        let made = session.clone();
        let script = "DEFINE TABLE t; DEFINE INDEX u ON t FIELDS u UNIQUE; CREATE t:a SET n = 0, u = 1 RETURN NONE";
        engine
            .run(async move { made.run(script, Variables::new()).await })
            .await
            .unwrap()
            .unwrap();
        (engine, session)
    }

    /// The engine itself loses no update, and says of each that it refused that it may be repeated.
    #[tokio::test]
    async fn the_engine_counts_exactly_what_it_accepted() {
        let (engine, session) = engine().await;
        for script in [ADD.to_owned(), format!("BEGIN; {ADD}; COMMIT")] {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let (session, script) = (session.clone(), script.clone());
                let work = async move {
                    let mut accepted = 0;
                    for _ in 0..40 {
                        match session.run(&script, Variables::new()).await {
                            Ok(_) => accepted += 1,
                            Err(fault) => assert_eq!(fault, Fault::Conflict),
                        }
                    }
                    accepted
                };
                tasks.spawn_on(work, &engine.handle().unwrap());
            }
            let accepted: i64 = tasks.join_all().await.into_iter().sum();
            let session = session.clone();
            let counted = async move {
                session
                    .rows(
                        "UPDATE t:a SET n = 0 RETURN VALUE $before.n",
                        Variables::new(),
                    )
                    .await
            };
            assert_eq!(
                engine.run(counted).await.unwrap().unwrap(),
                [Value::from_t(accepted)]
            );
        }
    }

    #[tokio::test]
    async fn each_refusal_is_told_apart() {
        let (engine, session) = engine().await;
        let overtaken = session.clone();
        let work = async move {
            let transaction = overtaken.fork().begin().await.unwrap();
            transaction.query(ADD).await.unwrap();
            overtaken.run(ADD, Variables::new()).await.unwrap();
            Fault::from(transaction.commit().await.unwrap_err())
        };
        assert_eq!(engine.run(work).await.unwrap(), Fault::Conflict);
        for (script, expected) in [
            (
                "BEGIN; CREATE t:b; THROW 'stoa:stale'; COMMIT",
                "a concurrent transaction got in between",
            ),
            ("BEGIN; CREATE t:b; CREATE t:a; COMMIT", "record t:a exists"),
            (
                "BEGIN; CREATE t:b SET u = 1; COMMIT",
                "Database index `u` already contains 1, with record `t:a`",
            ),
            (
                "BEGIN; CREATE t:b SET u = 'outcome is unknown'; CREATE t:c SET u = 'outcome is unknown'; COMMIT",
                "Database index `u` already contains 'outcome is unknown'",
            ),
            ("CREATE nothing:a", "The table 'nothing' does not exist"),
            ("SELECT FROM", "Parse error"),
            ("RETURN http::get('http://localhost')", "not allowed"),
        ] {
            let session = session.clone();
            let fault = engine
                .run(async move { session.run(script, Variables::new()).await.unwrap_err() })
                .await
                .unwrap();
            assert!(fault.to_string().contains(expected), "{script}: {fault:?}");
            // A statement on its own commits as it ends.
            let may_have_written = fault.is_in_doubt() && script.contains("COMMIT");
            assert!(!may_have_written, "{script}: {fault:?}");
        }
        let left = async move {
            session
                .rows("SELECT VALUE id FROM t", Variables::new())
                .await
        };
        assert_eq!(engine.run(left).await.unwrap().unwrap().len(), 1);
    }
}
