//! The last lines of a plugin, in memory, for those who look after it.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::{LogLine, LogQuery};
use stoa_kernel::id::TenantId;
use tokio::sync::watch;

/// Lines that are kept of one plugin: what a person scrolls through.
const LINES_MAX: usize = 1_000;

/// Bytes of the texts that are kept of one plugin.
const BYTES_MAX: usize = 256 << 10;

/// Numbers of lines in one millisecond. Numbers begin with their time, so that whoever reads on after a restart misses
/// nothing; they stay below 2^53 for another two centuries.
const NUMBERS_PER_MS: u64 = 1_000;

/// The last number, over all plugins.
static NUMBER: AtomicU64 = AtomicU64::new(0);

fn next_number(at: Millis) -> u64 {
    let next = |last: u64| (last + 1).max(at.saturating_mul(NUMBERS_PER_MS));
    let last = NUMBER.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(next(last))
    });
    next(last.unwrap_or_default())
}

/// The last lines of one plugin.
#[derive(Debug, Default)]
pub struct Journal {
    kept: Mutex<Kept>,
    /// The last line's number.
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
    bytes_by_tenant: HashMap<TenantId, usize>,
}

impl Kept {
    fn push(&mut self, line: LogLine) {
        let bytes = bytes(&line);
        self.bytes += bytes;
        *self.bytes_by_tenant.entry(line.tenant.clone()).or_default() += bytes;
        self.lines.push_back(line);
    }

    /// Drops the oldest line of the tenant that has most to say: nobody's lines are lost to another's noise.
    fn drop_one(&mut self) -> Option<()> {
        let by_tenant = self.bytes_by_tenant.iter();
        let (loudest, _) = by_tenant.max_by_key(|(_, bytes)| **bytes)?;
        let at = self.lines.iter().position(|line| line.tenant == *loudest)?;
        let line = self.lines.remove(at)?;
        let bytes = bytes(&line);
        self.bytes = self.bytes.saturating_sub(bytes);
        let left = self.bytes_by_tenant.get_mut(&line.tenant)?;
        *left = left.saturating_sub(bytes);
        if *left == 0 {
            self.bytes_by_tenant.remove(&line.tenant);
        }
        Some(())
    }
}

impl Journal {
    /// Adds a line, whose number is set here; older ones make room.
    pub fn add(&self, line: LogLine) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = next_number(line.at);
        kept.push(LogLine { number, ..line });
        self.last.send_replace(number);
        while kept.lines.len() > LINES_MAX || kept.bytes > BYTES_MAX {
            if kept.drop_one().is_none() {
                return;
            }
        }
    }

    /// The lines that are asked for, oldest first.
    pub fn find(&self, query: &LogQuery) -> Vec<LogLine> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = kept.lines.iter().filter(|line| query.admits(line));
        lines.take(query.limit).cloned().collect()
    }

    /// Waits for a line after this number; answers the last one's.
    pub async fn grown(&self, after: u64) -> u64 {
        let mut last = self.last.subscribe();
        let grown = last.wait_for(|last| *last > after).await;
        grown.map_or(after, |last| *last)
    }
}

fn bytes(line: &LogLine) -> usize {
    let trace = line.trace.as_ref().map_or(0, String::len);
    size_of::<LogLine>() + line.text.len() + line.request.len() + trace
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use stoa_kernel::deployment::LogLevel;

    use super::*;

    const ALL: LogQuery = LogQuery {
        tenant: None,
        request: None,
        trace: None,
        level: None,
        since: None,
        after: 0,
        limit: usize::MAX,
    };

    fn line(tenant: &str, text: &str) -> LogLine {
        LogLine {
            number: 0,
            at: 1,
            tenant: TenantId::parse(tenant).unwrap(),
            request: "r".into(),
            trace: None,
            level: LogLevel::Info,
            text: text.into(),
        }
    }

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| &*line.text).collect()
    }

    #[test]
    fn old_lines_make_room_by_number_and_by_size() {
        let journal = Journal::default();
        for number in 0..LINES_MAX + 10 {
            journal.add(line("a", &number.to_string()));
        }
        let kept = journal.find(&ALL);
        assert_eq!(
            (kept.len(), &*kept.first().unwrap().text),
            (LINES_MAX, "10")
        );
        for _ in 0..10 {
            journal.add(line("a", &"x".repeat(BYTES_MAX / 4)));
        }
        assert_eq!(journal.find(&ALL).len(), 3);
    }

    #[test]
    fn a_tenant_that_says_much_drowns_out_nobody_else() {
        let journal = Journal::default();
        journal.add(line("quiet", "said once"));
        for number in 0..3 * LINES_MAX {
            journal.add(line("loud", &number.to_string()));
        }
        let kept = journal.find(&ALL);
        assert_eq!(kept.len(), LINES_MAX);
        assert_eq!(&*kept.first().unwrap().text, "said once");
        let last = (3 * LINES_MAX - 1).to_string();
        assert_eq!(kept.last().unwrap().text, last);
    }

    #[test]
    fn lines_are_read_on_from_a_number_and_by_tenant() {
        let journal = Journal::default();
        for (tenant, text) in [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")] {
            journal.add(line(tenant, text));
        }
        let of_a = LogQuery {
            tenant: TenantId::parse("a").ok(),
            limit: 2,
            ..ALL
        };
        let first = journal.find(&of_a);
        assert_eq!(texts(&first), ["1", "3"]);
        let after = first.last().unwrap().number;
        let rest = journal.find(&LogQuery { after, ..of_a });
        assert_eq!(texts(&rest), ["4"]);
        assert_eq!(journal.find(&ALL).len(), 4);
    }

    #[test]
    fn lines_are_found_by_level_time_request_and_trace() {
        let journal = Journal::default();
        let other = |text: &str, change: fn(&mut LogLine)| {
            let mut line = line("a", text);
            change(&mut line);
            journal.add(line);
        };
        other("plain", |_| {});
        other("error", |line| line.level = LogLevel::Error);
        other("later", |line| line.at = 9);
        other("asked", |line| line.request = "q".into());
        other("traced", |line| line.trace = Some("t".into()));
        let find = |query: LogQuery| {
            let found = journal.find(&query);
            found.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        let (level, trace) = (Some(LogLevel::Warn), Some("t".to_owned()));
        assert_eq!(find(LogQuery { level, ..ALL }), ["error"]);
        let since = Some(9);
        assert_eq!(find(LogQuery { since, ..ALL }), ["later"]);
        let request = Some("q".to_owned());
        assert_eq!(find(LogQuery { request, ..ALL }), ["asked"]);
        assert_eq!(find(LogQuery { trace, ..ALL }), ["traced"]);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_the_next_line() {
        let journal = Journal::default();
        journal.add(line("a", "1"));
        let first = journal.grown(0).await;
        let (second, ()) = tokio::join!(journal.grown(first), async {
            journal.add(line("a", "2"));
        });
        assert!(second > first, "{second} after {first}");
        assert_eq!(journal.find(&ALL).last().unwrap().number, second);
    }
}
