//! The numbers as a table for people and as JSON for later.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::clients;
use super::events::Handled;
use super::in_process::Hello;
use super::live::Listening;
use super::load::{Load, Measure};
use super::reads::Reads;
use super::reload::Reloads;
use super::scenarios::Scenario;
use super::sign_in::SignIns;
use super::spinning::Spinning;
use crate::process;
use crate::workspace;

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// The kinds of peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Peers {
    /// One process, as the seeds run a service.
    One,
    /// One per core, which is the most that the machine gives.
    PerCore,
    /// One per core, and each does for every request what Stoa does besides answering it.
    Equipped,
}

impl Peers {
    /// In the order in which they run and are shown.
    pub const ALL: [Self; 3] = [Self::One, Self::PerCore, Self::Equipped];

    /// How many processes of Fastify.
    pub const fn workers(self, cores: usize) -> usize {
        match self {
            Self::One => 1,
            Self::PerCore | Self::Equipped => cores,
        }
    }

    /// What Fastify has to be told: equipped, it adds security headers, CORS, a request id, metrics, timeouts.
    pub const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::One | Self::PerCore => &[],
            Self::Equipped => &[("EQUIPPED", "true")],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::One => "1 Fastify",
            Self::PerCore => "Fastify per core",
            Self::Equipped => "Fastify per core, equipped",
        }
    }
}

/// One scenario on all sides.
#[derive(Debug, Serialize)]
pub struct Row {
    pub name: &'static str,
    pub stoa_path: String,
    pub peer_path: String,
    pub stoa: Option<Measure>,
    pub peers: BTreeMap<Peers, Measure>,
}

impl Row {
    /// Without numbers yet.
    pub fn of(scenario: &Scenario) -> Self {
        Self::without_numbers(scenario.name, &scenario.stoa_path, &scenario.peer_path)
    }

    /// Sets numbers in the row of this name, which is added if it is missing.
    pub fn set(rows: &mut Vec<Self>, name: &'static str, path: &str, set: impl FnOnce(&mut Self)) {
        match rows.iter_mut().find(|row| row.name == name) {
            Some(row) => set(row),
            None => {
                let mut row = Self::without_numbers(name, path, path);
                set(&mut row);
                rows.push(row);
            }
        }
    }

    fn without_numbers(name: &'static str, stoa_path: &str, peer_path: &str) -> Self {
        Self {
            name,
            stoa_path: stoa_path.to_owned(),
            peer_path: peer_path.to_owned(),
            stoa: None,
            peers: BTreeMap::new(),
        }
    }

    /// How many times as much Stoa does.
    fn ratio(&self, which: Peers) -> Option<f64> {
        let peer = self.peers.get(&which)?;
        Some(self.stoa.as_ref()?.per_second() / peer.per_second())
    }

    /// How many times as much processor time the peer takes for the same.
    fn cpu_ratio(&self, which: Peers) -> Option<f64> {
        let peer = self.peers.get(&which)?;
        Some(peer.cpu_us_each()? / self.stoa.as_ref()?.cpu_us_each()?)
    }

    /// A line for each side that was measured.
    fn lines(&self) -> Vec<Vec<String>> {
        let stoa = self.stoa.iter().map(|stoa| ("Stoa", stoa, None, None));
        let peers = self.peers.iter().map(|(which, peer)| {
            let ratios = (self.ratio(*which), self.cpu_ratio(*which));
            (which.name(), peer, ratios.0, ratios.1)
        });
        let sides = stoa.chain(peers).enumerate();
        let times = |ratio: Option<f64>| ratio.map_or_else(dash, |ratio| format!("{ratio:.2}×"));
        sides
            .map(|(at, (side, measure, ratio, cpu_ratio))| {
                let name = if at == 0 { self.name } else { "" };
                let cpu_each = measure.cpu_us_each();
                vec![
                    name.to_owned(),
                    side.to_owned(),
                    format!("{:.0}", measure.per_second()),
                    ms(measure.p50_us),
                    ms(measure.p99_us),
                    measure.failed().to_string(),
                    times(ratio),
                    cpu_each.map_or_else(dash, |us| format!("{us:.1} µs")),
                    times(cpu_ratio),
                ]
            })
            .collect()
    }
}

/// Memory of a peer, its PostgreSQL and Redis included: before any load, and after all of it.
#[derive(Debug, Serialize)]
pub struct PeerMemory {
    pub idle_bytes: u64,
    pub bytes: u64,
}

/// Everything that was measured, and where.
#[derive(Debug, Serialize)]
pub struct Report {
    pub time: String,
    pub commit: String,
    pub machine: String,
    pub cores: usize,
    pub load: Load,
    /// Whether those who read beside something else came before all other programs.
    pub readers_come_first: bool,
    pub rows: Vec<Row>,
    pub sign_ins: Option<SignIns>,
    pub reloads: Option<Reloads>,
    pub compiled_reloads: Option<Reloads>,
    pub spinning: Option<Spinning>,
    pub in_process: Vec<Hello>,
    pub events: Vec<Handled>,
    pub live: Option<Listening>,
    /// Memory before any load, and after all of it.
    pub stoa_idle_bytes: Option<u64>,
    pub stoa_bytes: Option<u64>,
    pub peer_memory: BTreeMap<Peers, PeerMemory>,
}

impl Report {
    /// Without numbers yet.
    pub fn new(load: &Load) -> Result<Self> {
        let commit = process::output(
            Command::new("git")
                .args(["rev-parse", "--short", "HEAD"])
                .current_dir(workspace::root()),
        );
        Ok(Self {
            time: process::output(Command::new("date").args(["-u", "+%Y-%m-%dT%H%M%SZ"]))?
                .trim()
                .to_owned(),
            commit: commit.unwrap_or_default().trim().to_owned(),
            machine: process::output(Command::new("uname").arg("-srm"))?
                .trim()
                .to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            load: load.clone(),
            readers_come_first: clients::come_first(),
            rows: Vec::new(),
            sign_ins: None,
            reloads: None,
            compiled_reloads: None,
            spinning: None,
            in_process: Vec::new(),
            events: Vec::new(),
            live: None,
            stoa_idle_bytes: None,
            stoa_bytes: None,
            peer_memory: BTreeMap::new(),
        })
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "\n{}, {} cores, {} connections, {} s each; wrk on the same machine\n\n",
            self.machine, self.cores, self.load.connections, self.load.seconds
        );
        let heads = [
            "",
            "",
            "per second",
            "p50",
            "p99",
            "failed",
            "ratio",
            "cpu each",
            "by cpu",
        ];
        line(&mut text, &heads.map(ToOwned::to_owned));
        for cells in self.rows.iter().flat_map(Row::lines) {
            line(&mut text, &cells);
        }
        self.closing(&mut text);
        text
    }

    fn closing(&self, text: &mut String) {
        let mib =
            |bytes: Option<u64>| bytes.map_or_else(dash, |bytes| format!("{} MiB", bytes / MIB));
        text.push_str(&format!(
            "\nmemory (PSS)  Stoa {} idle, {} after\n",
            mib(self.stoa_idle_bytes),
            mib(self.stoa_bytes),
        ));
        for (which, memory) in &self.peer_memory {
            text.push_str(&format!(
                "memory (PSS)  {} with PostgreSQL and Redis {} idle, {} after\n",
                which.name(),
                mib(Some(memory.idle_bytes)),
                mib(Some(memory.bytes)),
            ));
        }
        if !self.readers_come_first {
            text.push_str("readers wait for processors like everybody: the system lets root alone change that\n");
        }
        if let Some(sign_ins) = &self.sign_ins {
            let SignIns {
                anonymous,
                signed_in,
                sign_ins,
                quiet,
                flooded,
                flooding,
            } = sign_ins;
            text.push_str(&format!(
                "signed in     {:.2} of the anonymous rate; {:.0} sign-ins/s ({} failed)\n",
                signed_in.per_second() / anonymous.per_second(),
                sign_ins.per_second(),
                sign_ins.failed(),
            ));
            text.push_str(&format!("quiet         {}\n", reads(quiet)));
            text.push_str(&format!(
                "signing in    {}; beside {:.0} sign-ins/s\n",
                reads(flooded),
                flooding.per_second()
            ));
        }
        for (kind, reloads) in [
            ("compiled before", &self.reloads),
            ("compiled anew", &self.compiled_reloads),
        ] {
            let Some(reloads) = reloads else { continue };
            text.push_str(&format!(
                "replacements  {} of {} kB, {kind}, under {:.0} requests/s with p99 {}: {} failed requests, live within {} ms (p50), {} ms (slowest)\n",
                reloads.done, reloads.component_bytes / 1_000, reloads.load.per_second(), ms(reloads.load.p99_us),
                reloads.load.failed(), reloads.p50_ms, reloads.slowest_ms,
            ));
        }
        if let Some(Spinning { quiet, beside }) = &self.spinning {
            text.push_str(&format!("quiet         {}\n", reads(quiet)));
            for beside in beside {
                text.push_str(&format!(
                    "spinning      {}; beside {} callers of a plugin that spins\n",
                    reads(&beside.reads),
                    beside.callers
                ));
            }
        }
        for Hello {
            case,
            calls,
            p50_us,
            p99_us,
        } in &self.in_process
        {
            text.push_str(&format!(
                "in process    a hello, {case} instance: p50 {p50_us:.1} µs, p99 {p99_us:.1} µs ({calls} calls)\n"
            ));
        }
        for handled in &self.events {
            let Handled {
                case,
                store,
                events,
                keys,
                per_second,
            } = handled;
            text.push_str(&format!(
                "events        {per_second:.0}/s handled ({case}: {events} of {keys} keys, store {store})\n"
            ));
        }
        if let Some(live) = &self.live {
            text.push_str(&live.lines());
        }
    }

    /// Writes the JSON and answers where.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let file = folder.join(&self.time).with_extension("json");
        fs::write(&file, serde_json::to_vec_pretty(self)?)?;
        Ok(file)
    }
}

fn reads(reads: &Reads) -> String {
    let Reads { busy, steady } = reads;
    format!(
        "a product at {:.0} reads/s: p99 {}, at {:.0}/s: p50 {}, p99 {}, {} failed",
        steady.per_second(),
        ms(steady.p99_us),
        busy.per_second(),
        ms(busy.p50_us),
        ms(busy.p99_us),
        steady.failed() + busy.failed(),
    )
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn ms(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1e3)
}

fn dash() -> String {
    "-".into()
}

fn line(text: &mut String, cells: &[String]) {
    for (column, cell) in cells.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = if column < 2 {
            write!(text, "{cell:<32}")
        } else {
            write!(text, "{cell:>11}")
        };
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(requests: u64, refused: u64) -> Measure {
        Measure {
            duration_us: 2_000_000,
            requests,
            bytes: 0,
            p50_us: 1_500,
            p99_us: 9_000,
            refused,
            broken: 0,
            cpu_us: None,
        }
    }

    #[test]
    fn only_good_answers_count() {
        assert!((measure(1_000, 200).per_second() - 400.0).abs() < 1e-9);
        assert_eq!(measure(1_000, 200).failed(), 200);
    }

    fn row() -> Row {
        Row {
            stoa: Some(measure(300, 0)),
            ..Row::without_numbers("x", "", "")
        }
    }

    #[test]
    fn a_row_compares_stoa_with_each_peer() {
        let mut row = row();
        assert!(row.ratio(Peers::One).is_none());
        row.peers.insert(Peers::One, measure(100, 0));
        row.peers.insert(Peers::Equipped, measure(50, 0));
        assert!((row.ratio(Peers::One).unwrap_or_default() - 3.0).abs() < 1e-9);
        assert!(row.ratio(Peers::PerCore).is_none());
        assert!((row.ratio(Peers::Equipped).unwrap_or_default() - 6.0).abs() < 1e-9);
    }

    #[test]
    fn who_takes_half_of_the_time_is_twice_as_good() {
        let measure = |cpu_us| Measure {
            cpu_us: Some(cpu_us),
            ..measure(100, 0)
        };
        let mut row = row();
        row.stoa = Some(measure(2_000));
        row.peers.insert(Peers::One, measure(4_000));
        assert!((row.cpu_ratio(Peers::One).unwrap_or_default() - 2.0).abs() < 1e-9);
        let cells = row.lines().concat().join(" | ");
        assert!(cells.ends_with("1.00× | 40.0 µs | 2.00×"), "{cells}");
    }

    #[test]
    fn each_side_that_was_measured_has_a_line_and_a_member() {
        let mut row = row();
        row.peers.insert(Peers::Equipped, measure(100, 20));
        row.peers.insert(Peers::PerCore, measure(100, 0));
        let lines: Vec<String> = row.lines().iter().map(|cells| cells.join(" | ")).collect();
        assert_eq!(
            lines,
            [
                "x | Stoa | 150 | 1.50 ms | 9.00 ms | 0 | - | - | -",
                " | Fastify per core | 50 | 1.50 ms | 9.00 ms | 0 | 3.00× | - | -",
                " | Fastify per core, equipped | 40 | 1.50 ms | 9.00 ms | 20 | 3.75× | - | -",
            ]
        );
        let json = serde_json::to_value(&row).unwrap_or_default();
        let requests = |side: &str| json.pointer(&format!("{side}/requests")).cloned();
        assert_eq!(requests("/peers/equipped"), Some(100.into()));
        assert_eq!(requests("/peers/per_core"), Some(100.into()));
        assert_eq!(requests("/peers/one"), None);
    }
}
