//! What somebody who reads a product feels, with the machine full and with room to spare. Who reads comes first
//! (`clients.rs`).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use super::clients;
use super::load::{Load, Measure, Target};
use super::wire::{Seen, Shot, Wire};

/// Readers at a steady pace: each this often, far from what the host can do.
const STEADY_READERS: u32 = 8;
const STEADY_EVERY: Duration = Duration::from_millis(8);

/// Reads in two ways: as many as the host answers, and at a steady pace with room to spare, where a time counts from
/// when the request was due.
#[derive(Debug, Serialize)]
pub struct Reads {
    pub busy: Measure,
    pub steady: Measure,
}

impl Reads {
    /// One way after the other is so many times as long as the load.
    pub const WAYS: u32 = 2;

    /// One way after the other, each as long as this load.
    pub fn run(load: &Load, address: SocketAddr, path: &str) -> Result<Self> {
        Ok(Self {
            busy: load.run_first(&Target::plain(address, path))?,
            steady: steady(address, path, Duration::from_secs(load.seconds.into()))?,
        })
    }

    /// What several short ones come to, see [`Measure::of_turns`].
    pub fn of_turns(turns: &[Self]) -> Self {
        let of = |kind: fn(&Self) -> &Measure| {
            let turns: Vec<Measure> = turns.iter().map(kind).cloned().collect();
            Measure::of_turns(&turns)
        };
        Self {
            busy: of(|turn| &turn.busy),
            steady: of(|turn| &turn.steady),
        }
    }
}

/// Reads at a steady pace, whatever the answers take.
fn steady(address: SocketAddr, path: &str, lasting: Duration) -> Result<Measure> {
    let begun = Instant::now();
    let seen: Vec<Result<Seen>> = std::thread::scope(|scope| {
        let reader = |number| {
            let from = begun + STEADY_EVERY * number / STEADY_READERS;
            scope.spawn(move || read_steadily(address, path, from, lasting))
        };
        let threads: Vec<_> = (0..STEADY_READERS).map(reader).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(seen) => seen,
            Err(_) => bail!("a reader ended in a panic"),
        });
        joined.collect()
    });
    let mut all = Seen::default();
    for seen in seen {
        all = all.and(seen?);
    }
    all.measure(begun.elapsed())
}

fn read_steadily(
    address: SocketAddr,
    path: &str,
    from: Instant,
    lasting: Duration,
) -> Result<Seen> {
    clients::this_thread_comes_first()?;
    let mut wire = Wire::connect(address)?;
    let shot = Shot {
        path: path.into(),
        token: None,
        body: None,
    };
    let (mut seen, mut due) = (Seen::default(), from);
    while due < from + lasting {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let (status, body) = wire.send(&shot)?;
        seen.add(due.elapsed(), status, &body);
        due += STEADY_EVERY;
    }
    Ok(seen)
}
