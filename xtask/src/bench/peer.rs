//! The peer: Fastify, PostgreSQL and Redis, all of our own and on ports of their own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::report::Peers;
use super::{postgres, processes};
use crate::client;
use crate::process;
use crate::running::{Running, free_address};
use crate::workspace;

/// Where its sources are.
const SOURCES: &str = "bench/peers/fastify";
/// Signs its tokens, for the minutes that it lives and for this machine alone.
const JWT_SECRET: &str = "only-for-the-minutes-of-a-benchmark";

/// The running peer. The fields are dropped in this order: the service before what it uses.
pub struct Peer {
    node: Running,
    redis: Running,
    postgres: Running,
    address: SocketAddr,
}

impl Peer {
    /// Starts everything on data below `folder`, on a machine of so many cores.
    pub fn start(folder: &Path, products: &[Value], which: Peers, cores: usize) -> Result<Self> {
        let sources = workspace::root().join(SOURCES);
        process::output(
            Command::new("npm")
                .args(["ci", "--silent"])
                .current_dir(&sources),
        )?;
        let (postgres, postgres_address) = postgres::start(folder)?;
        let (redis, redis_address) = start_redis(folder)?;
        let products_file = folder.join("products.json");
        fs::write(&products_file, serde_json::to_vec(products)?)?;

        let address = free_address()?;
        let mut command = Command::new("node");
        command
            .arg("server.js")
            .current_dir(&sources)
            .env("NODE_ENV", "production");
        command
            .env("WORKERS", which.workers(cores).to_string())
            .env("PORT", address.port().to_string())
            .env("PRODUCTS", &products_file);
        command.env("POSTGRES_PORT", postgres_address.port().to_string());
        command
            .env("REDIS_PORT", redis_address.port().to_string())
            .env("JWT_SECRET", JWT_SECRET)
            .envs(which.settings().iter().copied());
        let mut node = Running::start("Fastify", &mut command, folder.join("fastify.log"))?;
        node.wait_until(|| client::is_ok(address, "/health"))?;
        Ok(Self {
            node,
            redis,
            postgres,
            address,
        })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that makes up the service.
    pub fn processes(&self) -> Vec<u32> {
        [&self.node, &self.redis, &self.postgres]
            .map(Running::id)
            .to_vec()
    }

    /// What all of it holds.
    pub fn memory_bytes(&self) -> Result<u64> {
        processes::memory_bytes(&self.processes())
    }
}

/// A cache and nothing more: what it holds may be lost.
fn start_redis(folder: &Path) -> Result<(Running, SocketAddr)> {
    let address = free_address()?;
    let mut command = Command::new("redis-server");
    command.args([
        "--port",
        &address.port().to_string(),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]);
    command.arg("--dir").arg(folder);
    let mut running = Running::start("Redis", &mut command, folder.join("redis.log"))?;
    running.wait_until(|| TcpStream::connect(address).is_ok())?;
    Ok((running, address))
}
