//! The numbers as a table for people and as JSON for later.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::events::Handled;
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

/// How many processes of Fastify.
#[derive(Debug, Clone, Copy)]
pub enum Peers {
    One,
    PerCore,
}

/// One scenario on all sides.
#[derive(Debug, Serialize)]
pub struct Row {
    pub name: &'static str,
    pub stoa_path: String,
    pub peer_path: String,
    pub stoa: Option<Measure>,
    pub peer_one: Option<Measure>,
    pub peer_per_core: Option<Measure>,
}

impl Row {
    /// With Stoa's side.
    pub fn new(scenario: &Scenario, stoa: Measure) -> Self {
        Self {
            stoa: Some(stoa),
            ..Self::empty(scenario)
        }
    }

    /// Without Stoa's side.
    pub fn of_peer(scenario: &Scenario) -> Self {
        Self::empty(scenario)
    }

    /// A peer's side.
    pub const fn peer(&self, which: Peers) -> &Option<Measure> {
        match which {
            Peers::One => &self.peer_one,
            Peers::PerCore => &self.peer_per_core,
        }
    }

    /// The same, to fill in.
    pub const fn peer_mut(&mut self, which: Peers) -> &mut Option<Measure> {
        match which {
            Peers::One => &mut self.peer_one,
            Peers::PerCore => &mut self.peer_per_core,
        }
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

    fn empty(scenario: &Scenario) -> Self {
        Self::without_numbers(scenario.name, &scenario.stoa_path, &scenario.peer_path)
    }

    fn without_numbers(name: &'static str, stoa_path: &str, peer_path: &str) -> Self {
        Self {
            name,
            stoa_path: stoa_path.to_owned(),
            peer_path: peer_path.to_owned(),
            stoa: None,
            peer_one: None,
            peer_per_core: None,
        }
    }

    /// How many times as much Stoa does.
    fn ratio(&self, which: Peers) -> Option<f64> {
        let peer = self.peer(which).as_ref()?;
        Some(self.stoa.as_ref()?.per_second() / peer.per_second())
    }
}

/// Everything that was measured, and where.
#[derive(Debug, Serialize)]
pub struct Report {
    pub time: String,
    pub commit: String,
    pub machine: String,
    pub cores: usize,
    pub load: Load,
    pub rows: Vec<Row>,
    pub sign_ins: Option<SignIns>,
    pub reloads: Option<Reloads>,
    pub compiled_reloads: Option<Reloads>,
    pub spinning: Option<Spinning>,
    pub events: Vec<Handled>,
    pub live: Option<Listening>,
    /// Memory before any load, and after all of it.
    pub stoa_idle_bytes: Option<u64>,
    pub stoa_bytes: Option<u64>,
    pub peer_idle_bytes: Option<u64>,
    pub peer_bytes: Option<u64>,
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
            rows: Vec::new(),
            sign_ins: None,
            reloads: None,
            compiled_reloads: None,
            spinning: None,
            events: Vec::new(),
            live: None,
            stoa_idle_bytes: None,
            stoa_bytes: None,
            peer_idle_bytes: None,
            peer_bytes: None,
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
            "Stoa/s",
            "p50",
            "p99",
            "failed",
            "1 Fastify/s",
            "p50",
            "p99",
            "failed",
            "ratio",
            "per core/s",
            "p50",
            "p99",
            "failed",
            "ratio",
        ];
        line(&mut text, &heads.map(ToOwned::to_owned));
        for row in &self.rows {
            let mut cells = vec![row.name.to_owned()];
            cells.extend(side(row.stoa.as_ref()));
            for peer in [Peers::One, Peers::PerCore] {
                cells.extend(side(row.peer(peer).as_ref()));
                let ratio = row.ratio(peer);
                cells.push(ratio.map_or_else(dash, |ratio| format!("{ratio:.2}×")));
            }
            line(&mut text, &cells);
        }
        self.closing(&mut text);
        text
    }

    fn closing(&self, text: &mut String) {
        let mib =
            |bytes: Option<u64>| bytes.map_or_else(dash, |bytes| format!("{} MiB", bytes / MIB));
        text.push_str(&format!(
            "\nmemory (PSS)  Stoa {} idle, {} after; Fastify per core, PostgreSQL and Redis {} idle, {} after\n",
            mib(self.stoa_idle_bytes), mib(self.stoa_bytes), mib(self.peer_idle_bytes), mib(self.peer_bytes),
        ));
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

fn side(measure: Option<&Measure>) -> [String; 4] {
    let Some(measure) = measure else {
        return [dash(), dash(), dash(), dash()];
    };
    let rate = format!("{:.0}", measure.per_second());
    [
        rate,
        ms(measure.p50_us),
        ms(measure.p99_us),
        measure.failed().to_string(),
    ]
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
        let _ = if column == 0 {
            write!(text, "{cell:<30}")
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
        }
    }

    #[test]
    fn only_good_answers_count() {
        assert!((measure(1_000, 200).per_second() - 400.0).abs() < 1e-9);
        assert_eq!(measure(1_000, 200).failed(), 200);
    }

    #[test]
    fn a_row_compares_both_sides() {
        let mut row = Row {
            name: "x",
            stoa_path: String::new(),
            peer_path: String::new(),
            stoa: Some(measure(300, 0)),
            peer_one: None,
            peer_per_core: None,
        };
        assert!(row.ratio(Peers::One).is_none());
        *row.peer_mut(Peers::One) = Some(measure(100, 0));
        assert!((row.ratio(Peers::One).unwrap_or_default() - 3.0).abs() < 1e-9);
        assert!(row.ratio(Peers::PerCore).is_none());
    }
}
