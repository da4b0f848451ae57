//! What a plugin that computes without end costs those who read something else.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use super::host::Host;
use super::load::{Load, Target};
use super::reads::Reads;
use super::scenarios::Shop;
use super::wire::{Shot, Wire};

/// The test guest that does it; each call computes for nine tenths of the second that it may. One that takes all of it
/// is kept from serving after a few calls, and costs nobody anything.
pub const PLUGIN: &str = "hostile";
const SPIN: &str = "/hostile/labour";
/// How many call it at the same time, each again as soon as it is answered.
const CALLERS: [u32; 2] = [1, 8];
/// Until the host has found out what it is dealing with.
const SETTLING: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Spinning {
    pub quiet: Reads,
    pub beside: Vec<Beside>,
}

/// Reads beside so many callers of the plugin.
#[derive(Debug, Serialize)]
pub struct Beside {
    pub callers: u32,
    /// Calls that ended meanwhile.
    pub spun: u64,
    pub reads: Reads,
}

/// Measures a product by its id on a host with the plugin beside the shop's.
pub fn run(
    load: &Load,
    stoa: &Path,
    folder: &Path,
    plugins: &Path,
    guests: &Path,
) -> Result<Spinning> {
    println!("a product beside a plugin that spins");
    let file = Path::new(PLUGIN).with_extension("wasm");
    fs::copy(guests.join(&file), plugins.join(&file))
        .with_context(|| format!("no {}: run `cargo xtask guests --test`", file.display()))?;
    let host = Host::start(stoa, folder, plugins, &[])?;
    let shop = Shop::of(host.address())?;
    let path = shop.product_path();
    load.warm_up().run(&Target::plain(host.address(), &path))?;
    let quiet = Reads::run(load, host.address(), &path)?;
    let beside = CALLERS.iter().map(|callers| {
        let is_over = AtomicBool::new(false);
        let spun = AtomicU64::new(0);
        let reads = std::thread::scope(|scope| {
            for _ in 0..*callers {
                scope.spawn(|| spin(host.address(), &is_over, &spun));
            }
            std::thread::sleep(SETTLING);
            let reads = Reads::run(load, host.address(), &path);
            is_over.store(true, Ordering::Relaxed);
            reads
        })?;
        Ok(Beside {
            callers: *callers,
            spun: spun.into_inner(),
            reads,
        })
    });
    Ok(Spinning {
        quiet,
        beside: beside.collect::<Result<_>>()?,
    })
}

/// Calls the plugin again and again.
fn spin(address: SocketAddr, is_over: &AtomicBool, spun: &AtomicU64) -> Result<()> {
    let shot = Shot {
        path: SPIN.into(),
        token: None,
        body: Some(Value::Null),
    };
    while !is_over.load(Ordering::Relaxed) {
        // A host that has had enough may end the connection.
        let mut wire = Wire::connect(address)?;
        while !is_over.load(Ordering::Relaxed) && wire.send(&shot).is_ok() {
            spun.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
