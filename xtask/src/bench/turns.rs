//! Whoever is compared is asked in turns. What the machine does beside this changes within seconds, and would be taken for a
//! difference between who is asked now and who is asked a minute later.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::load::{Load, Measure};
use super::processes;

/// How often each side has its turn.
pub const TURNS: u32 = 5;

/// Sides are at rest when all of them together take less of this time of the machine.
const REST_WINDOW: Duration = Duration::from_millis(200);
const REST_CPU_US_MAX: u64 = 20_000;
/// How long one waits for that: nobody has more left to do after a turn of a few seconds.
const REST_PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who can be asked for a while, and again.
pub trait Side {
    /// All that makes up who answers.
    fn processes(&self) -> &[u32];

    /// Others were asked before: compilers and caches get warm first.
    fn warm_up(&mut self, turn: &Load) -> Result<()>;

    fn ask(&mut self, turn: &Load) -> Result<Measure>;
}

/// Asks all of them, in turns that together are as long as the load; answers in their order.
pub fn run<S: Side>(load: &Load, sides: &mut [S]) -> Result<Vec<Measure>> {
    let turn = load.turn(TURNS);
    let mut measured = vec![Vec::new(); sides.len()];
    for _ in 0..TURNS {
        for (at, turns) in measured.iter_mut().enumerate() {
            wait_for_rest(sides)?;
            if let Some(side) = sides.get_mut(at) {
                turns.push(one(side, &turn)?);
            }
        }
    }
    Ok(measured
        .iter()
        .map(|turns| Measure::of_turns(turns))
        .collect())
}

fn one(side: &mut impl Side, turn: &Load) -> Result<Measure> {
    side.warm_up(turn)?;
    let before = processes::cpu_us(side.processes())?;
    let measure = side.ask(turn)?;
    let took = processes::cpu_us(side.processes())?.saturating_sub(before);
    Ok(Measure {
        cpu_us: Some(took),
        ..measure
    })
}

/// What the one before still does, such as events on their way or a checkpoint, is not to be the next one's burden.
fn wait_for_rest(sides: &[impl Side]) -> Result<()> {
    let all: Vec<u32> = sides.iter().flat_map(Side::processes).copied().collect();
    let begun = Instant::now();
    let mut before = processes::cpu_us(&all)?;
    while begun.elapsed() < REST_PATIENCE {
        std::thread::sleep(REST_WINDOW);
        let now = processes::cpu_us(&all)?;
        if now.saturating_sub(before) < REST_CPU_US_MAX {
            return Ok(());
        }
        before = now;
    }
    println!("somebody has something to do, whoever is asked");
    Ok(())
}
