//! What a plugin has used, by the host's own counters.

/// The counters of one plugin, since the process began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Calls that ended well, or with the plugin's own problem.
    pub calls: u64,
    /// Calls that ended in a fault.
    pub faults: u64,
    /// Calls of the host.
    pub host_calls: u64,
    /// Microseconds of computing.
    pub cpu_us: u64,
    /// Bytes of the instance that was called last.
    pub memory_bytes: u64,
    /// Deliveries of events that failed, of all plugins.
    pub events_failed: u64,
}

impl Figures {
    /// Reads them from the text that Prometheus gets.
    pub fn of(plugin: &str, metrics: &str) -> Self {
        let label = format!("plugin=\"{plugin}\"");
        let sum = |name: &str, label: &str| {
            let lines = metrics.lines().filter(|line| {
                let rest = line.strip_prefix(name);
                rest.is_some_and(|rest| rest.starts_with('{') && rest.contains(label))
            });
            lines.filter_map(number).sum()
        };
        Self {
            calls: sum("plugin_calls_total", &label),
            faults: sum("plugin_faults_total", &label),
            host_calls: sum("plugin_host_calls_total", &label),
            cpu_us: sum("plugin_cpu_microseconds_total", &label),
            memory_bytes: sum("plugin_memory_bytes", &label),
            events_failed: sum("events_failed_total", ""),
        }
    }

    /// What was used since `before`.
    pub const fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(before.calls),
            faults: self.faults.saturating_sub(before.faults),
            host_calls: self.host_calls.saturating_sub(before.host_calls),
            cpu_us: self.cpu_us.saturating_sub(before.cpu_us),
            memory_bytes: self.memory_bytes,
            events_failed: self.events_failed.saturating_sub(before.events_failed),
        }
    }
}

/// The number at the end of a line. Gauges are written as floats.
fn number(line: &str) -> Option<u64> {
    let (_, number) = line.rsplit_once(' ')?;
    let (whole, _) = number.split_once('.').unwrap_or((number, ""));
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_own_counters_are_read() {
        let text = "# TYPE plugin_host_calls_total counter\nplugin_host_calls_total{plugin=\"a\"} 7\n\
            plugin_host_calls_total{plugin=\"b\"} 9\nplugin_memory_bytes{plugin=\"a\"} 65536\n";
        let figures = Figures::of("a", text);
        assert_eq!((figures.host_calls, figures.memory_bytes), (7, 65_536));
    }
}
