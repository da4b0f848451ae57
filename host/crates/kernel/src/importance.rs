//! Threads that compute for long and give way to those that answer.

/// How much less important such a thread is than others: beside a busy one it gets about a tenth (sched(7)).
const NICE: i32 = 10;

/// How long such a thread would like to run at a time: the longest that Linux takes. Who wants less (all others do) and
/// wakes up runs at once instead of at the end of its turn (Linux 6.12 and later, `sched_setattr(2)`).
#[cfg(target_os = "linux")]
const SLICE_NS: u64 = 100_000_000;

/// Makes the calling thread give way to all others from now on; there is no way back. It gets whatever they leave, which is
/// all of the machine where they do nothing. Where the system refuses, the thread stays as it is.
pub fn give_way() {
    // Of this thread alone, on Linux.
    let _ = rustix::process::nice(NICE);
    #[cfg(target_os = "linux")]
    set_scheduling(libc::SCHED_OTHER, NICE, SLICE_NS);
}

/// Makes the calling thread run only on cores that nobody else wants, which then pass for idle ones: who wakes up gets one at
/// once, as it would not beside a thread that gives way. There is no way back, and on a full machine hardly any progress: nothing that
/// others wait for, be it a lock for a moment, may be done on such a thread. Where the system refuses, the thread stays as it is.
pub fn take_leftovers() {
    #[cfg(target_os = "linux")]
    set_scheduling(libc::SCHED_IDLE, 0, 0);
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
}
