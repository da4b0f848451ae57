//! Requests that are each sent once: what changes the state so that it can't be repeated, such as ordering a cart.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::load::Measure;
use super::wire::{Seen, Shot, Wire};

/// What came of them.
pub struct Volley {
    pub measure: Measure,
    /// Place and body of each good answer, in no order.
    pub answers: Vec<(usize, String)>,
    /// An answer that was not good.
    pub refusal: Option<String>,
}

/// One connection's part.
#[derive(Default)]
struct Part {
    seen: Seen,
    answers: Vec<(usize, String)>,
    refusal: Option<String>,
}

/// Sends them one after the other over so many connections, until all are sent or the time is over.
pub fn send(
    address: SocketAddr,
    connections: u32,
    shots: &[Shot],
    at_most: Duration,
) -> Result<Volley> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let parts: Vec<Result<Part>> = std::thread::scope(|scope| {
        let connection = |_| scope.spawn(|| part(address, shots, &next, begun + at_most));
        let threads: Vec<_> = (0..connections).map(connection).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(part) => part,
            Err(_) => bail!("a connection ended in a panic"),
        });
        joined.collect()
    });
    let took = begun.elapsed();
    let mut all = Part::default();
    for part in parts {
        let part = part?;
        all.seen = all.seen.and(part.seen);
        all.answers.extend(part.answers);
        all.refusal = all.refusal.or(part.refusal);
    }
    Ok(Volley {
        measure: all.seen.measure(took)?,
        answers: all.answers,
        refusal: all.refusal,
    })
}

fn part(
    address: SocketAddr,
    shots: &[Shot],
    next: &AtomicUsize,
    deadline: Instant,
) -> Result<Part> {
    let mut wire = Wire::connect(address)?;
    let mut part = Part::default();
    while Instant::now() < deadline {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(shot) = shots.get(at) else { break };
        let begun = Instant::now();
        let (status, body) = wire.send(shot)?;
        if part.seen.add(begun.elapsed(), status, &body) {
            part.answers.push((at, body));
        } else {
            part.refusal.get_or_insert(format!("{status}: {body}"));
        }
    }
    Ok(part)
}
