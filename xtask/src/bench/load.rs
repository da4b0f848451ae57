//! wrk as the source of load. It runs on the machine of the servers and takes its share of the processors.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clients;
use super::scenarios::{self, Scenario};
use crate::process;
use crate::workspace;

/// The program.
const WRK: &str = "wrk";
/// What prints the result.
const SCRIPT: &str = "bench/result.lua";
/// The same, and makes requests that differ.
const SCRIPT_OF_MANY: &str = "bench/load.lua";
/// What the result's line begins with.
const RESULT: &str = "RESULT ";
/// Threads of wrk: one is enough to saturate two cores of servers, two keep its own latency out of the numbers.
const THREADS: u32 = 2;
/// Seconds until compilers and caches are warm.
const WARM_UP_SECONDS: u32 = 1;

/// How much load.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// Seconds that count.
    pub seconds: u32,
    /// Connections, each with one request under way.
    pub connections: u32,
}

/// What came of it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Measure {
    /// How long it really took.
    pub duration_us: u64,
    /// Answers, good or bad.
    pub requests: u64,
    /// Bytes of the answers.
    pub bytes: u64,
    /// Half of the answers came within.
    pub p50_us: u64,
    /// All but one of a hundred came within.
    pub p99_us: u64,
    /// Answers with a status of 400 or more.
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
    /// Processor time of the side that answered, where somebody looked.
    #[serde(default)]
    pub cpu_us: Option<u64>,
}

impl Measure {
    /// What several short ones come to: all their requests, and times as in the middle one of them, so that a moment in which
    /// the machine was busy elsewhere counts once.
    pub fn of_turns(turns: &[Self]) -> Self {
        let sum = |of: fn(&Self) -> u64| turns.iter().map(of).sum();
        Self {
            duration_us: sum(|turn| turn.duration_us),
            requests: sum(|turn| turn.requests),
            bytes: sum(|turn| turn.bytes),
            p50_us: median(turns, |turn| turn.p50_us),
            p99_us: median(turns, |turn| turn.p99_us),
            refused: sum(|turn| turn.refused),
            broken: sum(|turn| turn.broken),
            cpu_us: turns.iter().map(|turn| turn.cpu_us).sum(),
        }
    }

    /// Good answers per second.
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
    pub fn per_second(&self) -> f64 {
        self.good() as f64 * 1e6 / self.duration_us.max(1) as f64
    }

    /// Processor time of each good answer: what the side takes of a machine, whatever the load beside it takes.
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    pub fn cpu_us_each(&self) -> Option<f64> {
        Some(self.cpu_us? as f64 / self.good().max(1) as f64)
    }

    const fn good(&self) -> u64 {
        self.requests.saturating_sub(self.refused)
    }

    /// Whatever was not a good answer.
    pub const fn failed(&self) -> u64 {
        self.refused + self.broken
    }
}

/// The middle one of these.
fn median(turns: &[Measure], of: fn(&Measure) -> u64) -> u64 {
    let mut all: Vec<u64> = turns.iter().map(of).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// One scenario on one side, with its bodies and tokens as wrk reads them.
pub struct Target {
    url: String,
    method: &'static str,
    bodies: Option<PathBuf>,
    tokens: Option<PathBuf>,
    /// The one who sends all of the requests.
    token: Option<String>,
}

impl Target {
    /// Writes bodies and tokens into `folder`.
    pub fn new(
        address: SocketAddr,
        scenario: &Scenario,
        path: &str,
        folder: &Path,
    ) -> Result<Self> {
        let bodies = lines(
            &folder.join("bodies"),
            scenario.bodies.iter().map(ToString::to_string).collect(),
        )?;
        let tokens = (0..scenario.shoppers)
            .map(|shopper| scenarios::token(address, &format!("shopper-{shopper}")));
        let tokens = lines(&folder.join("tokens"), tokens.collect::<Result<_>>()?)?;
        Ok(Self {
            method: scenario.method,
            bodies,
            tokens,
            ..Self::plain(address, path)
        })
    }

    /// A plain GET.
    pub fn plain(address: SocketAddr, path: &str) -> Self {
        Self {
            url: format!("http://{address}{path}"),
            method: "GET",
            bodies: None,
            tokens: None,
            token: None,
        }
    }

    /// The same by somebody.
    pub fn with_token(self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self
        }
    }

    /// POSTs of these bodies in turn, which are written into `folder`.
    pub fn posting(
        address: SocketAddr,
        path: &str,
        bodies: &[Value],
        folder: &Path,
    ) -> Result<Self> {
        let bodies = bodies.iter().map(Value::to_string).collect();
        Ok(Self {
            method: "POST",
            // Not the file of a scenario, which may still be read.
            bodies: lines(&folder.join("posts"), bodies)?,
            ..Self::plain(address, path)
        })
    }
}

fn lines(file: &Path, lines: Vec<String>) -> Result<Option<PathBuf>> {
    if lines.is_empty() {
        return Ok(None);
    }
    fs::write(file, lines.join("\n"))?;
    Ok(Some(file.to_path_buf()))
}

impl Load {
    /// One of so many turns.
    pub fn turn(&self, turns: u32) -> Self {
        Self {
            seconds: self.seconds.div_ceil(turns),
            ..self.clone()
        }
    }

    /// The same, shorter.
    pub fn warm_up(&self) -> Self {
        Self {
            seconds: WARM_UP_SECONDS,
            ..self.clone()
        }
    }

    /// Runs it to its end.
    pub fn run(&self, target: &Target) -> Result<Measure> {
        self.run_by(Command::new(WRK), target)
    }

    /// The same by clients that come first where they may.
    pub fn run_first(&self, target: &Target) -> Result<Measure> {
        self.run_by(clients::command(WRK), target)
    }

    fn run_by(&self, mut wrk: Command, target: &Target) -> Result<Measure> {
        wrk.arg(format!("-t{THREADS}"))
            .arg(format!("-c{}", self.connections))
            .arg(format!("-d{}s", self.seconds));
        if let Some(token) = &target.token {
            wrk.args(["-H", &format!("authorization: Bearer {token}")]);
        }
        let differ = target.bodies.is_some() || target.tokens.is_some();
        let script = if differ { SCRIPT_OF_MANY } else { SCRIPT };
        wrk.args(["-s", script, &target.url, "--", target.method])
            .current_dir(workspace::root());
        for file in [&target.bodies, &target.tokens] {
            wrk.arg(file.as_deref().unwrap_or(Path::new("-")));
        }
        let said = process::output(&mut wrk)?;
        let line = said.lines().find_map(|line| line.strip_prefix(RESULT));
        Ok(serde_json::from_str(line.with_context(|| {
            format!("wrk printed no result:\n{said}")
        })?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_to_their_sum_and_their_middle() {
        let turn = |requests, p99_us| Measure {
            duration_us: 1_000_000,
            requests,
            bytes: 1,
            p50_us: p99_us / 2,
            p99_us,
            refused: 1,
            broken: 0,
            cpu_us: Some(100),
        };
        let all = Measure::of_turns(&[turn(11, 8), turn(21, 90), turn(31, 4)]);
        assert_eq!(
            (all.duration_us, all.requests, all.refused),
            (3_000_000, 63, 3)
        );
        assert!((all.per_second() - 20.0).abs() < 1e-9);
        assert_eq!(all.cpu_us_each(), Some(5.0));
        assert_eq!((all.p50_us, all.p99_us), (4, 8));
    }
}
