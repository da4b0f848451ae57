//! Offering the core of a thread that computes, all the time, to those who wait for it.
//!
//! That a thread is of less importance than another does not mean that the other runs: one that has had a little more than its
//! share is passed over until the next tick (EEVDF, Linux's `Documentation/scheduler/sched-eevdf.rst`), up to 4 ms, and whoever
//! was just interrupted has. A thread that yields has the scheduler look at once. What computes inside of a library
//! can't yield by itself, so a signal makes it. The signal is the one that Go's runtime took for a like purpose: nobody uses it for
//! anything else, and debuggers let it pass.

use std::mem;
use std::ptr;
use std::sync::OnceLock;
use std::time::Duration;

use libc::{c_int, itimerspec, sigaction, sigevent, timer_t, timespec};

/// How often: what others wait at most, at a cost of a twentieth to a fifth of what the thread could compute, by the machine.
const OFFER_EVERY: Duration = Duration::from_micros(200);

const SIGNAL: c_int = libc::SIGURG;

/// Lives as long as the core is offered.
pub(super) struct Offering(timer_t);

impl Offering {
    /// The calling thread's core from now on; none where the system refuses.
    pub(super) fn of_this_thread() -> Option<Self> {
        static IS_HEARD: OnceLock<bool> = OnceLock::new();
        if !*IS_HEARD.get_or_init(hear) {
            return None;
        }
        let offering = Self::idle()?;
        offering.begin().then_some(offering)
    }

    /// A timer that tells this thread, and does not run yet.
    #[expect(unsafe_code, reason = "no crate of ours wraps these system calls")]
    fn idle() -> Option<Self> {
        // SAFETY: all zeros is such an event; the kernel reads it and writes the timer's id, both of which live here.
        unsafe {
            let mut event: sigevent = mem::zeroed();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = SIGNAL;
            event.sigev_notify_thread_id = libc::gettid();
            let mut timer: timer_t = ptr::null_mut();
            let made = libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer);
            (made == 0).then_some(Self(timer))
        }
    }

    #[expect(unsafe_code, reason = "no crate of ours wraps these system calls")]
    fn begin(&self) -> bool {
        let often = timespec {
            tv_sec: 0,
            tv_nsec: OFFER_EVERY.subsec_nanos().into(),
        };
        let times = itimerspec {
            it_interval: often,
            it_value: often,
        };
        // SAFETY: the timer is there until this is dropped; the kernel reads the times and writes nothing.
        unsafe { libc::timer_settime(self.0, 0, &raw const times, ptr::null_mut()) == 0 }
    }
}

impl Drop for Offering {
    #[expect(unsafe_code, reason = "no crate of ours wraps these system calls")]
    fn drop(&mut self) {
        // SAFETY: the timer was made by this and is deleted once.
        unsafe { libc::timer_delete(self.0) };
    }
}

/// Has the signal offer the core of the thread that it comes to; false where the system refuses.
#[expect(unsafe_code, reason = "no crate of ours wraps these system calls")]
fn hear() -> bool {
    // SAFETY: all zeros is an action without a mask. The handler makes one system call and touches nothing that is
    // shared, and a call that it meets goes on.
    unsafe {
        let mut action: sigaction = mem::zeroed();
        action.sa_sigaction = offer as extern "C" fn(c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(SIGNAL, &raw const action, ptr::null_mut()) == 0
    }
}

extern "C" fn offer(_: c_int) {
    rustix::thread::sched_yield();
    #[cfg(test)]
    tests::OFFERED.set(tests::OFFERED.get().wrapping_add(1));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::cell::Cell;
    use std::time::Instant;

    use super::*;

    /// Longer than any machine takes.
    const FOREVER: Duration = Duration::from_secs(60);

    thread_local! {
        /// How often this thread did.
        pub(super) static OFFERED: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn a_core_is_offered_again_and_again_until_that_ends() {
        let offering = Offering::of_this_thread().unwrap();
        let begun = Instant::now();
        while OFFERED.get() < 10 && begun.elapsed() < FOREVER {
            std::hint::spin_loop();
        }
        assert!(OFFERED.get() >= 10);
        let others = std::thread::spawn(|| OFFERED.get());
        assert_eq!(others.join().unwrap(), 0, "it is this thread's alone");
        drop(offering);
        let offered = OFFERED.get();
        std::thread::sleep(OFFER_EVERY * 10);
        assert!(OFFERED.get() <= offered + 1, "one may have been on its way");
    }
}
