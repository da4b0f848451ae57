//! Threads that compute for long and give way, and those that answer and go first.

#[cfg(target_os = "linux")]
mod offering;

use std::cell::RefCell;
use std::fs::File;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// How much less important such a thread is than others: beside a busy one it gets about a tenth (sched(7)).
const NICE: i32 = 10;

/// How long such a thread would like to run at a time: the longest that Linux takes. Who wants less (all others do) and
/// wakes up runs at once instead of at the end of its turn (Linux 6.12 and later, `sched_setattr(2)`).
#[cfg(target_os = "linux")]
const LONG_SLICE_NS: u64 = 100_000_000;

/// How long a thread that answers would like to run at a time: the shortest that Linux takes, which is what many answers take.
#[cfg(target_os = "linux")]
const SHORT_SLICE_NS: u64 = 100_000;

/// Where Linux tells how long the thread that opens it has waited for a core: the second number, in nanoseconds.
const WAITED: &str = "/proc/thread-self/schedstat";

/// Waiting below this is what a system's own work costs everybody, nothing that somebody else wants.
const WAITED_NS_MIN: u64 = 50_000;

/// How long a thread steps aside. Who asks each millisecond then computes for a tenth of the time, as beside a busy thread
/// anyway, but others meet it at a tenth of the moments, and for a millisecond at most.
const ASIDE: Duration = Duration::from_millis(9);

thread_local! {
    /// Of a thread that gives way, on systems that tell.
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

/// Makes the calling thread run soon after it wakes up, for short turns: instead of at the end of the turn of whoever
/// computes. For threads that answer; it gets them no more of a core than others have. Where the system refuses, the thread stays as it is.
pub fn answer_soon() {
    #[cfg(target_os = "linux")]
    set_scheduling(libc::SCHED_OTHER, 0, SHORT_SLICE_NS);
}

/// Makes the calling thread give way to all others from now on; there is no way back. It gets whatever they leave, which is
/// all of the machine where they do nothing. Where the system refuses, the thread stays as it is.
pub fn give_way() {
    // Of this thread alone, on Linux.
    let _ = rustix::process::nice(NICE);
    #[cfg(target_os = "linux")]
    set_scheduling(libc::SCHED_OTHER, NICE, LONG_SLICE_NS);
    WAITING.set(Waiting::of_this_thread());
}

/// Makes the calling thread run only on cores that nobody else wants, which then pass for idle ones: who wakes up gets one at
/// once, as it would not beside a thread that gives way. There is no way back, and on a full machine hardly any progress: nothing that
/// others wait for, be it a lock for a moment, may be done on such a thread. Where the system refuses, the thread stays as it is.
pub fn take_leftovers() {
    #[cfg(target_os = "linux")]
    set_scheduling(libc::SCHED_IDLE, 0, 0);
}

/// Computes on the calling thread, which offers its core to those who wait for one thousands of times a second. Without that,
/// a thread that takes leftovers keeps somebody waiting for milliseconds every now and then, however unimportant it is.
pub fn offering_its_core<T>(compute: impl FnOnce() -> T) -> T {
    #[cfg(target_os = "linux")]
    let _offering = offering::Offering::of_this_thread();
    compute()
}

/// To be called each millisecond by what computes: if the calling thread gives way and somebody else wanted its core since the
/// last time, it sleeps for a few milliseconds. The scheduler alone looks every few milliseconds, while somebody waits who
/// needs a fraction of one.
pub fn step_aside() {
    let was_wanted =
        WAITING.with_borrow_mut(|waiting| waiting.as_mut().is_some_and(Waiting::was_wanted));
    if was_wanted {
        std::thread::sleep(ASIDE);
    }
}

/// How long the calling thread has computed since it began, in nanoseconds, if it gives way: neither waiting for a core nor
/// stepping aside is computing. None for all others, whom the question would cost more than the answer is worth to them.
#[must_use]
pub fn computed_ns() -> Option<u64> {
    WAITING.with_borrow(Option::is_some).then(|| {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
        let (seconds, ns) = (tv_sec.unsigned_abs(), tv_nsec.unsigned_abs());
        seconds.saturating_mul(1_000_000_000).saturating_add(ns)
    })
}

/// What a thread knows of those who want its core.
struct Waiting {
    told: File,
    /// How long it had waited at the last look.
    seen_ns: u64,
}

impl Waiting {
    fn of_this_thread() -> Option<Self> {
        let told = File::open(WAITED).ok()?;
        let seen_ns = waited_ns(&told)?;
        Some(Self { told, seen_ns })
    }

    /// Whether somebody had the core since the last look while this thread wanted it.
    fn was_wanted(&mut self) -> bool {
        waited_ns(&self.told).is_some_and(|waited_ns| self.has_waited(waited_ns))
    }

    fn has_waited(&mut self, waited_ns: u64) -> bool {
        let since_ns = waited_ns.saturating_sub(self.seen_ns);
        self.seen_ns = waited_ns;
        since_ns >= WAITED_NS_MIN
    }
}

/// How long the thread that opened this file has waited for a core since it began.
fn waited_ns(told: &File) -> Option<u64> {
    use std::os::unix::fs::FileExt as _;
    // Three numbers of 20 digits at most.
    let mut text = [0; 64];
    let read = told.read_at(&mut text, 0).ok()?;
    let text = str::from_utf8(text.get(..read)?).ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Tells the scheduler how this thread is to be treated. Older systems take no wish for a length of turns.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate of ours wraps this system call")]
fn set_scheduling(policy: i32, nice: i32, slice_ns: u64) {
    let wish = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: policy.unsigned_abs(),
        sched_flags: 0,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: slice_ns,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads `size` bytes from the pointer and keeps nothing of it; 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wish, 0) };
}

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "no crate of ours wraps this system call")]
    fn the_calling_thread_alone_answers_soon() {
        // What the system knows of this thread's wish; older ones know of none.
        let slice_ns = || {
            // SAFETY: all zeros is such a record, and the kernel writes no more of it than it is told there is.
            unsafe {
                let mut found: libc::sched_attr = std::mem::zeroed();
                let (this_thread, flags) = (0, 0);
                let asked = libc::syscall(
                    libc::SYS_sched_getattr,
                    this_thread,
                    &raw mut found,
                    size_of::<libc::sched_attr>(),
                    flags,
                );
                assert_eq!(asked, 0);
                found.sched_runtime
            }
        };
        let before = slice_ns();
        let answers = std::thread::spawn(move || {
            answer_soon();
            slice_ns()
        });
        let expected = if before == 0 { 0 } else { SHORT_SLICE_NS };
        assert_eq!(answers.join().unwrap(), expected);
        assert_eq!(slice_ns(), before);
    }

    #[test]
    fn the_calling_thread_alone_gives_way() {
        let before = rustix::process::getpriority_process(None);
        let gave_way = std::thread::spawn(|| {
            give_way();
            rustix::process::getpriority_process(None)
        });
        assert_eq!(gave_way.join().ok(), Some(Ok(NICE)));
        assert_eq!(rustix::process::getpriority_process(None), before);
    }

    #[test]
    fn leftovers_are_taken_by_the_calling_thread_alone() {
        let policy = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The 41st of proc_pid_stat(5); the name, which may hold spaces, is the second.
            let fields = stat.rsplit_once(')').unwrap().1;
            let policy = fields.split_ascii_whitespace().nth(41 - 3).unwrap();
            policy.parse::<i32>().unwrap()
        };
        let took = std::thread::spawn(move || {
            take_leftovers();
            policy()
        });
        assert_eq!(took.join().ok(), Some(libc::SCHED_IDLE));
        assert_eq!(policy(), libc::SCHED_OTHER);
    }

    #[test]
    fn waiting_is_no_computing_of_a_thread_that_gives_way() {
        assert_eq!(computed_ns(), None);
        let gives_way = std::thread::spawn(|| {
            give_way();
            let before = computed_ns().unwrap();
            std::thread::sleep(ASIDE);
            let slept = computed_ns().unwrap() - before;
            let sum: u64 = std::hint::black_box(0..1_000_000).fold(0, u64::wrapping_add);
            assert_ne!(std::hint::black_box(sum), 0);
            (slept, computed_ns().unwrap() - before)
        });
        let (slept, computed) = gives_way.join().unwrap();
        assert!(u128::from(slept) < ASIDE.as_nanos(), "{slept}");
        assert!(computed > slept);
    }

    #[test]
    fn a_core_is_wanted_when_its_thread_has_waited_since_the_last_look() {
        let mut waiting = Waiting::of_this_thread().unwrap();
        waiting.seen_ns = 200_000;
        assert!(!waiting.has_waited(200_000));
        assert!(!waiting.has_waited(200_000 + WAITED_NS_MIN - 1));
        assert!(waiting.has_waited(900_000));
        assert!(!waiting.has_waited(900_000));
    }

    #[test]
    fn the_system_tells_how_long_a_thread_has_waited() {
        let told = File::open(WAITED).unwrap();
        let text = std::fs::read_to_string(WAITED).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
        let [_, waited, _] = numbers.as_slice() else {
            unreachable!("{text}")
        };
        assert!(waited_ns(&told).unwrap() >= *waited);
        assert_eq!(waited_ns(&File::open("/dev/null").unwrap()), None);
    }
}
