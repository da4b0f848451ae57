//! Single requests, again and again, asked of all sides in turns.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;

use super::host::Host;
use super::load::{Load, Measure, Target};
use super::peer::Peer;
use super::report::{Peers, Row};
use super::scenarios::{self, Remembered, Scenario, Shop};
use super::turns::{self, Side};

/// Everybody who is asked, all up at the same time.
#[derive(Default)]
pub struct Sides<'a> {
    pub hosts: BTreeMap<Remembered, &'a Host>,
    pub peers: BTreeMap<Peers, Peer>,
}

/// A row for each kind of request.
pub fn run(load: &Load, shop: &Shop, sides: &Sides<'_>, folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for alike in scenarios::all(shop).chunk_by(|one, next| one.peer_path == next.peer_path) {
        rows.extend(rows_of(alike, load, sides, folder)?);
    }
    Ok(rows)
}

/// Rows of what is the same to the peers, who are therefore measured once.
fn rows_of(alike: &[Scenario], load: &Load, sides: &Sides<'_>, folder: &Path) -> Result<Vec<Row>> {
    let (mut who, mut asked) = (Vec::new(), Vec::new());
    for scenario in alike {
        if let Some(host) = sides.hosts.get(&scenario.remembered) {
            let folder = folder.join(format!("{:?}", scenario.remembered));
            let path = &scenario.stoa_path;
            let side = Asked::new(host.address(), host.processes(), scenario, path, &folder)?;
            who.push(Who::Stoa(scenario.name));
            asked.push(side);
        }
    }
    if let Some(scenario) = alike.first() {
        for (which, peer) in &sides.peers {
            let folder = folder.join(format!("{which:?}"));
            let path = &scenario.peer_path;
            let side = Asked::new(peer.address(), peer.processes(), scenario, path, &folder)?;
            who.push(Who::Peer(*which));
            asked.push(side);
        }
    }
    let measured = turns::run(load, &mut asked)?;
    let measured: Vec<(Who, Measure)> = who.into_iter().zip(measured).collect();
    Ok(alike
        .iter()
        .map(|scenario| row(scenario, &measured))
        .collect())
}

/// What of all this belongs to one kind of request.
fn row(scenario: &Scenario, measured: &[(Who, Measure)]) -> Row {
    let mut row = Row::of(scenario);
    for (who, measure) in measured {
        match who {
            Who::Stoa(name) if *name == scenario.name => row.stoa = Some(measure.clone()),
            Who::Stoa(_) => {}
            Who::Peer(which) => {
                row.peers.insert(*which, measure.clone());
            }
        }
    }
    row
}

/// Who was asked: Stoa for a scenario of this name, or one of the peers.
enum Who {
    Stoa(&'static str),
    Peer(Peers),
}

/// What is asked of a side.
struct Asked {
    target: Target,
    processes: Vec<u32>,
}

impl Asked {
    /// Keeps bodies and tokens below `folder`.
    fn new(
        address: SocketAddr,
        processes: Vec<u32>,
        scenario: &Scenario,
        path: &str,
        folder: &Path,
    ) -> Result<Self> {
        println!("{} http://{address}{path}", scenario.name);
        fs::create_dir_all(folder)?;
        Ok(Self {
            target: Target::new(address, scenario, path, folder)?,
            processes,
        })
    }
}

impl Side for Asked {
    fn processes(&self) -> &[u32] {
        &self.processes
    }

    fn warm_up(&mut self, turn: &Load) -> Result<()> {
        turn.warm_up().run(&self.target)?;
        Ok(())
    }

    fn ask(&mut self, turn: &Load) -> Result<Measure> {
        turn.run(&self.target)
    }
}
