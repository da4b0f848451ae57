//! Commits that meet before the engine go into it together.
//!
//! A transaction costs the engine much that does not depend on what is in it: it reads the definitions of what it touches,
//! begins, commits and has the log written; and rows that come to one table in one statement cost less than in several. So no more commits
//! of a tenant run at once than the machine can work on, and what comes meanwhile is committed together by whoever is
//! next, what a conflict has undone before all others. What is alone never waits. Nobody's commit depends on another's: all of them hold the locks of what they write, and where
//! their transaction fails, each is tried alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::store::CommitError;
use tokio::sync::oneshot;

use crate::commit::Ready;

/// Transactions of one tenant that run at once: as one waits for the disk, the other computes. More would be smaller.
const RUNNING_MAX: usize = 2;

/// Commits that one transaction takes. Of more of them the engine takes no less for each, and those that come meanwhile
/// wait longer.
const TOGETHER_MAX: usize = 8;

/// Bytes of documents and events that one transaction takes, unless the first commit alone has more: what is small does not
/// wait for what is large.
const TOGETHER_BYTES_MAX: usize = 1 << 20;

/// Where the commits of a tenant meet.
#[derive(Default)]
pub(crate) struct Meeting(Mutex<State>);

#[derive(Default)]
struct State {
    running: usize,
    /// What a conflict has undone and is done again: it has waited once already.
    hurrying: VecDeque<Waiting>,
    waiting: VecDeque<Waiting>,
}

impl State {
    fn push(&mut self, waiting: Waiting) {
        if waiting.ready.hurries() {
            self.hurrying.push_back(waiting);
        } else {
            self.waiting.push_back(waiting);
        }
    }

    /// Whoever is next, if it `may_go`.
    fn pop(&mut self, may_go: impl FnOnce(&Ready) -> bool) -> Option<Waiting> {
        let queue = if self.hurrying.is_empty() {
            &mut self.waiting
        } else {
            &mut self.hurrying
        };
        queue.pop_front_if(|next| may_go(&next.ready))
    }
}

/// A commit that waits.
pub(crate) struct Waiting {
    pub(crate) ready: Arc<Ready>,
    told: oneshot::Sender<Told>,
}

impl Waiting {
    /// Tells it what came of it.
    pub(crate) fn tell(self, told: Told) {
        // It waits until its process ends.
        let _ = self.told.send(told);
    }
}

/// What a commit that waited is told.
pub(crate) enum Told {
    /// It is its turn, together with these.
    Lead(Turn, Vec<Waiting>),
    /// It happened, or did not, with others.
    Ended(Result<(), CommitError>),
    /// What it was tried with failed: it is to be tried alone.
    Alone,
}

/// Leave to run a transaction. Given back, it goes to those who came meanwhile.
pub(crate) struct Turn(Arc<Meeting>);

impl Meeting {
    /// A turn of its own at once, or in time to be told.
    pub(crate) async fn join(self: &Arc<Self>, ready: &Arc<Ready>) -> Told {
        let waits = {
            let mut state = self.lock();
            if state.running < RUNNING_MAX {
                state.running += 1;
                None
            } else {
                let (told, waits) = oneshot::channel();
                let ready = Arc::clone(ready);
                state.push(Waiting { ready, told });
                Some(waits)
            }
        };
        match waits {
            None => Told::Lead(Turn(Arc::clone(self)), Vec::new()),
            Some(waits) => waits.await.unwrap_or_else(|_| {
                let reason = "whoever committed this has ended".into();
                Told::Ended(Err(CommitError::Unknown(reason)))
            }),
        }
    }

    /// The next ones that go together; none if nobody waits.
    fn next(&self) -> Option<(Waiting, Vec<Waiting>)> {
        let mut state = self.lock();
        let Some(first) = state.pop(|_| true) else {
            state.running -= 1;
            return None;
        };
        let mut bytes = first.ready.bytes;
        let mut others = Vec::new();
        while others.len() + 1 < TOGETHER_MAX
            && let Some(next) = state.pop(|next| {
                bytes = bytes.saturating_add(next.bytes);
                bytes <= TOGETHER_BYTES_MAX
            })
        {
            others.push(next);
        }
        Some((first, others))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((first, others)) = self.0.next() {
            // Should it be gone, the turn comes back here with what is not sent, and goes on to the next ones; those that were
            // to go with it are told by the end of their channel.
            first.tell(Told::Lead(Self(Arc::clone(&self.0)), others));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    fn ready(bytes: usize) -> Arc<Ready> {
        Arc::new(Ready::of_bytes(bytes, false))
    }

    fn hurrying(bytes: usize) -> Arc<Ready> {
        Arc::new(Ready::of_bytes(bytes, true))
    }

    fn lead(told: Told) -> (Turn, Vec<Waiting>) {
        match told {
            Told::Lead(turn, others) => (turn, others),
            Told::Ended(outcome) => panic!("it ended: {outcome:?}"),
            Told::Alone => panic!("it was not tried yet"),
        }
    }

    /// Takes every turn there is.
    async fn busy(meeting: &Arc<Meeting>) -> Vec<Turn> {
        let mut turns = Vec::new();
        for _ in 0..RUNNING_MAX {
            let (turn, others) = lead(meeting.join(&ready(1)).await);
            assert!(others.is_empty());
            turns.push(turn);
        }
        turns
    }

    /// Commits of so many bytes, which wait one behind the other.
    async fn wait(meeting: &Arc<Meeting>, bytes: &[usize]) -> Vec<JoinHandle<Told>> {
        wait_as(meeting, bytes.iter().map(|bytes| ready(*bytes))).await
    }

    /// The same with commits that are ready.
    async fn wait_as(
        meeting: &Arc<Meeting>,
        all: impl Iterator<Item = Arc<Ready>>,
    ) -> Vec<JoinHandle<Told>> {
        let count = || {
            let state = meeting.lock();
            state.waiting.len() + state.hurrying.len()
        };
        let mut waiting = Vec::new();
        for ready in all {
            let (own, before) = (Arc::clone(meeting), count());
            waiting.push(tokio::spawn(async move { own.join(&ready).await }));
            while count() == before {
                tokio::task::yield_now().await;
            }
        }
        waiting
    }

    #[tokio::test]
    async fn what_waits_goes_together_and_hears_what_came_of_it() {
        let meeting = Arc::default();
        let mut turns = busy(&meeting).await;
        let mut waiting = wait(&meeting, &[1, 2, 3]).await.into_iter();
        turns.pop();
        let (turn, others) = lead(waiting.next().unwrap().await.unwrap());
        let bytes: Vec<usize> = others.iter().map(|other| other.ready.bytes).collect();
        assert_eq!(bytes, [2, 3]);
        let mut outcomes = [Told::Ended(Ok(())), Told::Alone].into_iter();
        for other in others {
            other.tell(outcomes.next().unwrap());
        }
        assert!(matches!(
            waiting.next().unwrap().await.unwrap(),
            Told::Ended(Ok(()))
        ));
        assert!(matches!(
            waiting.next().unwrap().await.unwrap(),
            Told::Alone
        ));
        drop((turn, turns));
        assert_eq!(meeting.lock().running, 0);
        drop(busy(&meeting).await);
    }

    #[tokio::test]
    async fn what_is_done_again_goes_first() {
        let meeting = Arc::default();
        let mut turns = busy(&meeting).await;
        let all = [ready(1), hurrying(2), hurrying(3), ready(4)];
        let mut waiting = wait_as(&meeting, all.into_iter()).await;
        turns.pop();
        let (turn, others) = lead(waiting.remove(1).await.unwrap());
        let bytes: Vec<usize> = others.iter().map(|other| other.ready.bytes).collect();
        assert_eq!(bytes, [3, 1, 4]);
        drop((others, turn, turns));
        assert_eq!(meeting.lock().running, 0);
    }

    #[tokio::test]
    async fn many_and_large_ones_go_in_several_turns() {
        let meeting = Arc::default();
        let mut turns = busy(&meeting).await;
        let large = TOGETHER_BYTES_MAX + 1;
        let mut bytes = vec![large, 1, large - 1];
        bytes.extend([1; TOGETHER_MAX + 1]);
        let waiting = wait(&meeting, &bytes).await;
        // One turn is enough: each that ends goes to the next ones.
        turns.pop();
        let mut sizes = Vec::new();
        for told in waiting {
            if let Ok(Told::Lead(turn, others)) = told.await {
                sizes.push(1 + others.len());
                others
                    .into_iter()
                    .for_each(|other| other.tell(Told::Ended(Ok(()))));
                drop(turn);
            }
        }
        assert_eq!(sizes, [1, 1, 1, TOGETHER_MAX, 1]);
    }

    #[tokio::test]
    async fn a_turn_given_to_nobody_goes_on_to_the_next() {
        let meeting = Arc::default();
        let mut turns = busy(&meeting).await;
        let mut waiting = wait(&meeting, &[1, TOGETHER_BYTES_MAX, 2]).await;
        let gone = waiting.remove(0);
        gone.abort();
        assert!(gone.await.is_err());
        turns.pop();
        let (turn, _) = lead(waiting.remove(0).await.unwrap());
        drop(turn);
        lead(waiting.remove(0).await.unwrap());
        drop(turns);
        assert_eq!(meeting.lock().running, 0);
    }

    #[tokio::test]
    async fn who_was_to_go_with_one_that_is_gone_is_told_that_nothing_is_known() {
        let meeting = Arc::default();
        let mut turns = busy(&meeting).await;
        let mut waiting = wait(&meeting, &[1, 1]).await;
        let (gone, with_it) = (waiting.remove(0), waiting.remove(0));
        gone.abort();
        assert!(gone.await.is_err());
        turns.pop();
        assert!(matches!(
            with_it.await.unwrap(),
            Told::Ended(Err(CommitError::Unknown(_)))
        ));
        drop(turns);
        assert_eq!(meeting.lock().running, 0);
    }
}
