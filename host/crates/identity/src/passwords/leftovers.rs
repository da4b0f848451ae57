//! Computes on cores that nobody else wants, as long as there are any.
//!
//! A thread that gives way still keeps its core until the scheduler looks again, and others wait meanwhile. Who runs only
//! on idle cores is in nobody's way, but gets nowhere on a full machine. So a task is tried there first, and done by whoever asked
//! if that takes too long, which also bounds how many passwords a full machine hashes in a second.

use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use argon2::Block;
use argon2::password_hash::{self, Output};
use stoa_kernel::importance;

use super::task::Task;

/// How long a task is left to idle cores: some ten times what it takes there. With the time that it then takes on a core of which it
/// gets a tenth, a full machine still hashes three or four passwords a second for each turn.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long a thread keeps its memory while nobody signs in.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Threads that run on idle cores only.
pub(super) struct Leftovers {
    patience: Duration,
    /// Those that nobody waits for. Some may still work on what was given up.
    helpers: Mutex<Vec<Sender<Ask>>>,
}

/// What a helper is asked to do.
struct Ask {
    /// Dropped when it is given up.
    task: Weak<Task>,
    answer: Sender<password_hash::Result<Output>>,
}

impl Default for Leftovers {
    fn default() -> Self {
        Self::with(PATIENCE, Vec::new())
    }
}

impl Leftovers {
    fn with(patience: Duration, helpers: Vec<Sender<Ask>>) -> Self {
        Self {
            patience,
            helpers: Mutex::new(helpers),
        }
    }

    /// Evaluates a task, on an idle core if there is one in time, and on the calling thread otherwise.
    ///
    /// # Errors
    /// Those of [`Task::compute`].
    pub(super) fn compute(&self, task: Task) -> password_hash::Result<Output> {
        let task = Arc::new(task);
        if let Some(outcome) = self.ask(&task) {
            return outcome;
        }
        task.compute()
    }

    /// What a helper answers in time.
    fn ask(&self, task: &Arc<Task>) -> Option<password_hash::Result<Output>> {
        let (answer, answered) = mpsc::channel();
        let helper = self.send(Ask {
            task: Arc::downgrade(task),
            answer,
        })?;
        let outcome = answered.recv_timeout(self.patience);
        self.with_helpers(|helpers| helpers.push(helper));
        outcome.ok()
    }

    /// Gives this to a helper, and answers which.
    fn send(&self, mut ask: Ask) -> Option<Sender<Ask>> {
        while let Some(helper) = self.with_helpers(Vec::pop) {
            match helper.send(ask) {
                Ok(()) => return Some(helper),
                // Nobody has asked it for long.
                Err(SendError(unsent)) => ask = unsent,
            }
        }
        let helper = start(ask.task.upgrade()?.blocks())?;
        helper.send(ask).ok()?;
        Some(helper)
    }

    fn with_helpers<T>(&self, act: impl FnOnce(&mut Vec<Sender<Ask>>) -> T) -> T {
        act(&mut self.helpers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A new helper, if the system gives a thread.
fn start(blocks: usize) -> Option<Sender<Ask>> {
    let (sender, asks) = mpsc::channel();
    let helper = thread::Builder::new().name("stoa-leftovers".into());
    helper.spawn(move || help(blocks, &asks)).ok()?;
    Some(sender)
}

/// Does what it is asked. Its memory is there before it runs on idle cores only, and it answers a thread that does nothing
/// else: so nothing that others wait for depends on it.
fn help(blocks: usize, asks: &Receiver<Ask>) {
    importance::give_way();
    let mut memory = vec![Block::default(); blocks];
    importance::take_leftovers();
    while let Ok(Ask { task, answer }) = asks.recv_timeout(KEPT_FOR) {
        let Some(task) = task.upgrade() else { continue };
        // Hashes of other costs are few.
        memory.resize(memory.len().max(task.blocks()), Block::default());
        let outcome = importance::offering_its_core(|| task.compute_in(&mut memory));
        // It may have been given up.
        let _ = answer.send(outcome);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use argon2::password_hash::SaltString;

    use super::super::Cost;
    use super::*;

    /// Longer than any machine takes.
    const FOREVER: Duration = Duration::from_secs(60);

    fn task(cost: Cost) -> Task {
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        Task::new(cost.argon2().unwrap(), "correct horse", salt)
    }

    #[test]
    fn a_helper_comes_to_the_same_again_and_again() {
        let leftovers = Leftovers::with(FOREVER, Vec::new());
        let greater = Cost {
            memory_kib: 64,
            ..Cost::FOR_TESTS
        };
        for cost in [Cost::FOR_TESTS, greater, Cost::FOR_TESTS] {
            let answered = leftovers.ask(&Arc::new(task(cost))).unwrap();
            assert_eq!(answered, task(cost).compute());
        }
        assert_eq!(leftovers.with_helpers(|helpers| helpers.len()), 1);
    }

    #[test]
    fn who_gets_no_idle_core_computes_by_itself() {
        let (busy, asks) = mpsc::channel();
        let leftovers = Leftovers::with(Duration::from_millis(1), vec![busy]);
        let computed = leftovers.compute(task(Cost::FOR_TESTS));
        assert_eq!(computed, task(Cost::FOR_TESTS).compute());
        assert_eq!(leftovers.with_helpers(|helpers| helpers.len()), 1);
        let given_up = asks.try_recv().unwrap();
        assert!(
            given_up.task.upgrade().is_none(),
            "it need not be done again"
        );
    }

    #[test]
    fn a_helper_that_has_ended_is_replaced() {
        let (ended, _) = mpsc::channel();
        let leftovers = Leftovers::with(FOREVER, vec![ended]);
        let task = Arc::new(task(Cost::FOR_TESTS));
        let answered = leftovers.ask(&task).unwrap();
        assert_eq!(answered, task.compute());
        assert_eq!(leftovers.with_helpers(|helpers| helpers.len()), 1);
    }
}
