//! What the running host says of the plugin: whether it serves, what it logs, and how much of its limits it uses.

use std::net::{SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stoa_kernel::limits::CallLimits;
use stoa_wit::Limits;
use stoa_workshop::client;
use stoa_workshop::project::Project;

use crate::rehearsal::Figures;

/// Who asks a development host for tokens.
const DEVELOPER: &str = "stoa-plugin-dev";
/// Lines of one look.
const LINES_MAX: u32 = 200;
/// Bytes of a KiB.
const KIB: u64 = 1_024;

/// A host that runs, and what it has said of the plugin so far.
pub struct Host {
    address: SocketAddr,
    told: Option<String>,
    /// The last line that was shown.
    line: u64,
    /// The last figures; none before the first look, which shows nothing: they are of another time.
    figures: Option<Figures>,
    /// For the log: what `STOA_TOKEN` says, or what a development host gives to whoever asks.
    token: Option<String>,
}

impl Host {
    /// The host at `http://name:port`.
    ///
    /// # Errors
    /// When that is nowhere.
    pub fn at(url: &str) -> Result<Self> {
        let place = url.strip_prefix("http://");
        let place = place.context("--host is http://name:port")?;
        let place = place.trim_end_matches('/');
        let mut found = place.to_socket_addrs().with_context(|| place.to_owned())?;
        Ok(Self {
            address: found
                .next()
                .with_context(|| format!("{place} is nowhere"))?,
            told: None,
            line: 0,
            figures: None,
            token: std::env::var("STOA_TOKEN").ok(),
        })
    }

    /// Says what is otherwise than at the last look.
    pub fn look(&mut self, project: &Project) {
        let name = &project.manifest.name;
        let state = match client::get(self.address, "/health") {
            Ok(answer) => state(&answer.body, name),
            Err(_) => {
                // Whoever comes next counts from the beginning.
                (self.line, self.figures) = (0, None);
                Some(format!("no host answers at {}", self.address))
            }
        };
        if state != self.told {
            if let Some(state) = &state {
                eprintln!("{state}");
            }
            self.told = state;
        }
        for line in self.lines(name) {
            eprintln!("{line}");
        }
        if let Some(used) = self.used(name, &project.manifest.limits) {
            eprintln!("{used}");
        }
    }

    /// Lines of the plugin's log since the last look.
    fn lines(&mut self, name: &str) -> Vec<String> {
        if self.token.is_none() {
            self.token = token(self.address);
        }
        let path = format!(
            "/api/platform/plugins/{name}/logs?after={}&limit={LINES_MAX}",
            self.line
        );
        let answer = client::send(self.address, "GET", &path, self.token.as_deref(), None);
        let answer = answer.and_then(client::Answer::json);
        let Ok(answer) = answer else {
            // An old token, or a host that has none for us: the next look asks anew.
            self.token = std::env::var("STOA_TOKEN").ok();
            return Vec::new();
        };
        let items = answer.get("items").and_then(Value::as_array);
        let items = items.map_or(&[][..], Vec::as_slice);
        let numbers = items.iter().filter_map(|line| line.get("number")?.as_u64());
        self.line = numbers.fold(self.line, u64::max);
        let text = |line: &Value, key: &str| {
            let found = line.get(key).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        items
            .iter()
            .map(|line| format!("  {:5} {}", text(line, "level"), text(line, "text")))
            .collect()
    }

    /// What the plugin's calls since the last look have used of its limits.
    fn used(&mut self, name: &str, limits: &Limits) -> Option<String> {
        let metrics = client::get(self.address, "/metrics").ok()?;
        if metrics.status != 200 {
            return None;
        }
        let now = Figures::of(name, &metrics.body);
        let before = self.figures.replace(now)?;
        shown(&now.since(before), limits)
    }
}

/// Calls, and what each of them took on average; none if there was none.
fn shown(used: &Figures, limits: &Limits) -> Option<String> {
    let calls = used.calls.saturating_add(used.faults);
    let each = |all: u64| all.checked_div(calls);
    let max = CallLimits::DEFAULT;
    let host_calls_max = limits.host_calls_max.unwrap_or(max.host_calls_max);
    let cpu_ms_max = limits.cpu_ms_max.unwrap_or(max.cpu_ms_max);
    let memory_bytes_max = limits.memory_bytes_max.unwrap_or(max.memory_bytes_max);
    let mut text = format!(
        "{calls} {}; each took {} of {host_calls_max} calls of the host, {} of {cpu_ms_max} ms of computing; \
         {} of {} KiB of memory",
        if calls == 1 { "call" } else { "calls" },
        each(used.host_calls)?,
        each(used.cpu_us)?.div_ceil(1_000),
        used.memory_bytes / KIB,
        memory_bytes_max / KIB,
    );
    if used.faults > 0 {
        text += &format!("; {} ended in a fault", used.faults);
    }
    Some(text)
}

/// What a development host gives to whoever asks.
fn token(host: SocketAddr) -> Option<String> {
    let wanted = json!({
        "userId": DEVELOPER, "email": format!("{DEVELOPER}@localhost"), "operator": true,
    });
    let issued = client::post(host, "/auth/token", None, &wanted)
        .ok()?
        .json()
        .ok()?;
    issued.get("token")?.as_str().map(ToOwned::to_owned)
}

/// What `/health` says of the plugin.
fn state(health: &str, name: &str) -> Option<String> {
    let health: Value = serde_json::from_str(health).ok()?;
    let part = format!("plugin:{name}");
    let mut parts = health.get("parts")?.as_array()?.iter();
    let found = parts.find(|found| found.get("part").and_then(Value::as_str) == Some(&part))?;
    let text = |key: &str| found.get(key).and_then(Value::as_str);
    let version = text("version").map(|version| format!("{name} {version} serves"));
    Some(match (text("detail"), version) {
        (Some(detail), Some(version)) => format!("the host refuses it: {detail} ({version})"),
        (Some(detail), None) => format!("the host refuses it: {detail}"),
        (None, version) => version.unwrap_or_else(|| format!("{name} does not serve")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_says_what_serves_and_what_was_refused() {
        let health = r#"{"status": "ok", "parts": [{"part": "store", "ready": true},
            {"part": "plugin:a", "ready": true, "version": "0.1.0"},
            {"part": "plugin:b", "ready": true, "version": "0.1.0", "detail": "no"}]}"#;
        assert_eq!(state(health, "a").as_deref(), Some("a 0.1.0 serves"));
        let refused = state(health, "b");
        assert_eq!(
            refused.as_deref(),
            Some("the host refuses it: no (b 0.1.0 serves)")
        );
        assert_eq!(state(health, "c"), None);
    }

    #[test]
    fn what_calls_took_is_told_beside_the_limits() {
        let mut used = Figures::default();
        assert_eq!(shown(&used, &Limits::default()), None);
        used.calls = 1;
        used.faults = 1;
        used.host_calls = 12;
        used.cpu_us = 3_000;
        used.memory_bytes = 1 << 20;
        let limits = Limits {
            cpu_ms_max: Some(50),
            ..Limits::default()
        };
        let text = shown(&used, &limits).unwrap_or_default();
        for part in [
            "2 calls;",
            "6 of 2000 calls of the host",
            "2 of 50 ms",
            "1024 of 32768 KiB",
            "1 ended in a fault",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
