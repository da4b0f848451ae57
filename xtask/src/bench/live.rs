//! How long a message takes to all who listen, what a connection costs, and what one who floods costs the others.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::guest_program;
use crate::process;

/// The measuring program: an example of the crate `stoa-testkit`, which has its clients inside, as a process with
/// both sides of each connection needs no load generator that speaks WebSocket.
pub const PROGRAM: &str = "live";

/// Milliseconds from a message's request to its arrival at 99 of 100 listeners: what people take for "at once" is
/// twice that.
const FAN_OUT_P99_MS_MAX: f64 = 50.0;
/// Bytes of one connection, its client included: as many as the host's connections, 4,096, stay within 128 MiB.
const BYTES_PER_SOCKET_MAX: u64 = 32 << 10;
/// How many times as long messages may take while somebody floods.
const FLOOD_FACTOR_MAX: f64 = 2.0;

/// What came of it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Listening {
    /// Connections on one channel.
    pub sockets: u32,
    /// Messages of each measurement, one after the other.
    pub messages: u32,
    /// Bytes of one connection, its client included.
    pub bytes_per_socket: u64,
    pub quiet: Arrivals,
    /// While one sender sends as fast as it can.
    pub flooded: Arrivals,
    #[serde(default)]
    pub targets: Targets,
}

/// Milliseconds from a message's request to its arrivals.
#[derive(Debug, Deserialize, Serialize)]
pub struct Arrivals {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// What is hoped for.
#[derive(Debug, Deserialize, Serialize)]
pub struct Targets {
    pub fan_out_p99_ms_max: f64,
    pub bytes_per_socket_max: u64,
    pub flood_factor_max: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            fan_out_p99_ms_max: FAN_OUT_P99_MS_MAX,
            bytes_per_socket_max: BYTES_PER_SOCKET_MAX,
            flood_factor_max: FLOOD_FACTOR_MAX,
        }
    }
}

impl Listening {
    /// What is printed of it, each figure beside its target.
    pub fn lines(&self) -> String {
        let Targets {
            fan_out_p99_ms_max,
            bytes_per_socket_max,
            flood_factor_max,
        } = self.targets;
        let factor = self.flooded.p99_ms / self.quiet.p99_ms;
        format!(
            "live          {} messages to {} sockets: p50 {:.1} ms, p99 {:.1} ms ({})\n\
             live          {:.1} kB per socket, its client included ({})\n\
             live          beside a flood: p50 {:.1} ms, p99 {:.1} ms, {factor:.2} times ({})\n",
            self.messages,
            self.sockets,
            self.quiet.p50_ms,
            self.quiet.p99_ms,
            judged(
                self.quiet.p99_ms,
                fan_out_p99_ms_max,
                &format!("{fan_out_p99_ms_max} ms")
            ),
            kb(self.bytes_per_socket),
            judged(
                kb(self.bytes_per_socket),
                kb(bytes_per_socket_max),
                &format!("{:.1} kB", kb(bytes_per_socket_max))
            ),
            self.flooded.p50_ms,
            self.flooded.p99_ms,
            judged(
                factor,
                flood_factor_max,
                &format!("{flood_factor_max} times")
            ),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn kb(bytes: u64) -> f64 {
    bytes as f64 / 1e3
}

fn judged(figure: f64, max: f64, shown: &str) -> String {
    let verdict = if figure <= max { "met" } else { "missed" };
    format!("target {shown}: {verdict}")
}

/// Runs the program that was built beside `stoa`, with so many connections and messages.
pub fn run(stoa: &Path, guests: &Path, sockets: u32, messages: u32) -> Result<Listening> {
    println!("{messages} messages to {sockets} sockets");
    let mut program = guest_program(stoa, PROGRAM, guests)?;
    let said = process::output(program.args([sockets.to_string(), messages.to_string()]))?;
    let line = said.lines().last().context("it said nothing")?;
    let listening: Listening = serde_json::from_str(line).with_context(|| line.to_owned())?;
    if listening.sockets != sockets {
        bail!("{} sockets instead of {sockets}", listening.sockets);
    }
    Ok(listening)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn each_figure_stands_beside_its_target() {
        let line = r#"{"sockets":2000,"messages":50,"bytes_per_socket":19000,
            "quiet":{"p50_ms":14.0,"p99_ms":27.04},"flooded":{"p50_ms":20.0,"p99_ms":81.12}}"#;
        let listening: Listening = serde_json::from_str(line).unwrap();
        assert_eq!(
            listening.lines(),
            "live          50 messages to 2000 sockets: p50 14.0 ms, p99 27.0 ms (target 50 ms: met)\n\
             live          19.0 kB per socket, its client included (target 32.8 kB: met)\n\
             live          beside a flood: p50 20.0 ms, p99 81.1 ms, 3.00 times (target 2 times: missed)\n"
        );
        let told = serde_json::to_value(&listening).unwrap();
        let targets = told.get("targets").unwrap();
        assert_eq!(targets.get("flood_factor_max").unwrap(), 2.0);
    }
}
