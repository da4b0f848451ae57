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
    take_long_turns();
}

/// Tells the scheduler that this thread is in no hurry. Older systems take no such wish.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate of ours wraps this system call")]
fn take_long_turns() {
    let wish = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER.unsigned_abs(),
        sched_flags: 0,
        sched_nice: NICE,
        sched_priority: 0,
        sched_runtime: SLICE_NS,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads `size` bytes from the pointer and keeps nothing of it; 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wish, 0) };
}

#[cfg(all(test, target_os = "linux"))]
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
}
