//! Answers that are ready at about the same time leave together.
//!
//! Each answer that is written wakes up whoever waits for it. Where that takes an interrupt of another processor, it
//! costs more than a small answer takes to compute: a virtual machine is left for it, and caches and predictors forget
//! what they knew. So what waits for a busy thread is computed first, one request after the other, and answered then, one
//! answer after the other: whoever the first one woke up finds the rest without being woken up.

use std::cell::Cell;

/// Requests of one stretch of work that are answered at once. Where no more come at a time, hardly any wait for each
/// other.
const FEW: u32 = 4;

thread_local! {
    /// Requests that this thread has begun in this stretch of work: since it last had nothing to do.
    static BEGUN: Cell<u32> = const { Cell::new(0) };
    /// And in the stretch before.
    static BEGUN_BEFORE: Cell<u32> = const { Cell::new(0) };
}

/// To be called by a thread of the runtime that has nothing more to do.
pub fn thread_rests() {
    BEGUN_BEFORE.set(BEGUN.replace(0));
}

/// The calling thread begins with a request.
pub(crate) fn begin() {
    BEGUN.set(BEGUN.get().saturating_add(1));
}

/// Lets what waits for the calling thread go first, if it has much to do.
pub(crate) async fn wait_for_others() {
    if BEGUN.get() > FEW || BEGUN_BEFORE.get() > FEW {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::FutureExt as _;

    use super::*;

    /// Whatever ran on this thread before.
    fn forget() {
        thread_rests();
        thread_rests();
    }

    /// What a runtime of one thread does with so many requests at once.
    fn order_of(requests: u32) -> Vec<String> {
        forget();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .on_thread_park(thread_rests)
            .build()
            .unwrap();
        let done = Arc::new(Mutex::new(Vec::new()));
        let request = |number| {
            let done = Arc::clone(&done);
            async move {
                begin();
                done.lock().unwrap().push(format!("computed {number}"));
                wait_for_others().await;
                done.lock().unwrap().push(format!("answered {number}"));
            }
        };
        runtime.block_on(async {
            let requests: Vec<_> = (1..=requests)
                .map(|number| tokio::spawn(request(number)))
                .collect();
            futures::future::join_all(requests).await;
        });
        let done = done.lock().unwrap();
        done.clone()
    }

    #[test]
    fn a_few_are_answered_one_after_the_other() {
        let expected = (1..=FEW).flat_map(|n| [format!("computed {n}"), format!("answered {n}")]);
        assert_eq!(order_of(FEW), expected.collect::<Vec<_>>());
    }

    #[test]
    fn of_many_the_rest_is_computed_before_it_is_answered() {
        let order = order_of(FEW + 3);
        let few = usize::try_from(2 * FEW).unwrap();
        let (computed, answered) = order.get(few..).unwrap().split_at(3);
        assert_eq!(computed, ["computed 5", "computed 6", "computed 7"]);
        let mut answered = answered.to_vec();
        answered.sort_unstable();
        assert_eq!(answered, ["answered 5", "answered 6", "answered 7"]);
    }

    #[test]
    fn a_thread_that_was_busy_expects_to_be_busy_once_more() {
        forget();
        (0..=FEW).for_each(|_| begin());
        thread_rests();
        begin();
        assert!(wait_for_others().now_or_never().is_none());
        thread_rests();
        begin();
        assert!(wait_for_others().now_or_never().is_some());
    }
}
