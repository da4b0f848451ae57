//! The last lines of a plugin, in memory, for those who look after it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use stoa_kernel::deployment::LogLine;
use stoa_kernel::id::TenantId;

/// Lines that are kept of one plugin: what a person scrolls through.
const LINES_MAX: usize = 1_000;

/// Bytes of the texts that are kept of one plugin.
const BYTES_MAX: usize = 256 << 10;

/// Numbers lines over all plugins.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// The last lines of one plugin.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

impl Journal {
    /// Adds a line, whose number is set here; the oldest ones make room.
    pub fn add(&self, line: LogLine) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        kept.bytes += bytes(&line);
        kept.lines.push_back(LogLine { number, ..line });
        while kept.lines.len() > LINES_MAX || kept.bytes > BYTES_MAX {
            let Some(oldest) = kept.lines.pop_front() else {
                return;
            };
            kept.bytes = kept.bytes.saturating_sub(bytes(&oldest));
        }
    }

    /// Up to `limit` lines after a number, oldest first; of one tenant, or of all.
    pub fn after(&self, number: u64, tenant: Option<&TenantId>, limit: usize) -> Vec<LogLine> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = kept.lines.iter().filter(|line| line.number > number);
        let lines = lines.filter(|line| tenant.is_none_or(|tenant| line.tenant == *tenant));
        lines.take(limit).cloned().collect()
    }
}

fn bytes(line: &LogLine) -> usize {
    size_of::<LogLine>() + line.text.len() + line.request.len()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn line(tenant: &str, text: &str) -> LogLine {
        LogLine {
            number: 0,
            at: 1,
            tenant: TenantId::parse(tenant).unwrap(),
            request: "r".into(),
            level: "info",
            text: text.into(),
        }
    }

    #[test]
    fn old_lines_make_room_by_number_and_by_size() {
        let journal = Journal::default();
        for number in 0..LINES_MAX + 10 {
            journal.add(line("a", &number.to_string()));
        }
        let kept = journal.after(0, None, usize::MAX);
        assert_eq!(
            (kept.len(), &*kept.first().unwrap().text),
            (LINES_MAX, "10")
        );
        for _ in 0..10 {
            journal.add(line("a", &"x".repeat(BYTES_MAX / 4)));
        }
        assert_eq!(journal.after(0, None, usize::MAX).len(), 3);
    }

    #[test]
    fn lines_are_read_on_from_a_number_and_by_tenant() {
        let journal = Journal::default();
        for (tenant, text) in [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")] {
            journal.add(line(tenant, text));
        }
        let a = TenantId::parse("a").unwrap();
        let texts = |lines: &[LogLine]| -> Vec<String> {
            lines.iter().map(|line| line.text.clone()).collect()
        };
        let first = journal.after(0, Some(&a), 2);
        assert_eq!(texts(&first), ["1", "3"]);
        let rest = journal.after(first.last().unwrap().number, Some(&a), 2);
        assert_eq!(texts(&rest), ["4"]);
        assert_eq!(journal.after(0, None, 100).len(), 4);
    }
}
