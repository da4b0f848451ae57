//! `cargo xtask bench`: Stoa beside the same service in Node.js, under the same load on the same machine.

mod clients;
mod events;
mod host;
mod in_process;
mod live;
mod load;
mod orders;
mod paths;
mod peer;
mod postgres;
mod processes;
mod reads;
mod reload;
mod report;
mod scenarios;
mod sign_in;
mod spinning;
mod turns;
mod volley;
mod wire;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

use crate::guests::{self, Batch, Profile};
use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::tools;
use crate::workspace::{self, Workspace};

use host::Host;
use load::Load;
use paths::Sides;
use peer::Peer;
use report::{PeerMemory, Peers, Report};
use scenarios::{Remembered, Shop};

/// What generates the load and what the peer needs.
const TOOLS: &[Tool] = &[
    Tool {
        file: "wrk",
        package: "wrk",
    },
    tools::REDIS,
    Tool {
        file: "pg_ctlcluster",
        package: "postgresql",
    },
    Tool::NODE,
    Tool::NPM,
];

/// Where measuring programs find test guests.
const GUESTS_VARIABLE: &str = "STOA_TEST_GUESTS";

/// What sells and fills carts.
const SHOP_PLUGINS: &[&str] = &["cart", "catalog"];

#[derive(clap::Args)]
pub struct Args {
    /// Seconds of each measurement, after a shorter one that warms up.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Connections that are kept busy.
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// How often a plugin is replaced under load.
    #[arg(long, default_value_t = 200)]
    reloads: u32,
    /// Connections that listen at the same time.
    #[arg(long, default_value_t = 2_000)]
    sockets: u32,
    /// Messages that each of them hears, twice.
    #[arg(long, default_value_t = 50)]
    messages: u32,
    /// Which side to run; both if absent.
    #[arg(long, value_enum)]
    only: Option<Side>,
    /// Which parts to run, with commas in between; all if absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Measure this program, and those of `examples/` beside it, instead of a fresh release build.
    #[arg(long)]
    stoa: Option<PathBuf>,
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    /// This project.
    Stoa,
    /// Fastify with PostgreSQL and Redis, with products of its own making.
    Peer,
}

/// One part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Single requests, again and again.
    Paths,
    /// Signing in, and what it costs others.
    SignIns,
    /// Plugins that are replaced under load.
    Reloads,
    /// Carts that become orders.
    Orders,
    /// Reads beside a plugin that computes without end.
    Spinning,
    /// A hello without network and client.
    InProcess,
    /// Events that a plugin handles.
    Events,
    /// Messages to those who listen.
    Live,
}

impl Args {
    fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }
}

pub fn run(args: &Args) -> Result<()> {
    let consent = Consent::from_flag(args.yes);
    prerequisites::ensure(TOOLS, &[], consent)?;
    let folder = tempfile::Builder::new()
        .prefix("stoa-bench-")
        .permissions(traversable())
        .tempdir()?;
    let load = Load {
        seconds: args.seconds,
        connections: args.connections,
    };
    let mut bench = Bench {
        args,
        folder: folder.path(),
        report: Report::new(&load)?,
        load,
    };
    if args.only == Some(Side::Peer) {
        bench.measure_peers()?;
    } else {
        bench.measure_stoa(consent)?;
    }
    print!("{}", bench.report.table());
    let results = workspace::root().join("bench/results");
    let file = bench.report.write(&results)?;
    println!("{}", file.display());
    Ok(())
}

/// What is measured, how, and what came of it.
struct Bench<'a> {
    args: &'a Args,
    folder: &'a Path,
    load: Load,
    report: Report,
}

/// What hosts are started from.
struct Built {
    stoa: PathBuf,
    plugins: PathBuf,
}

/// A folder inside of another.
fn made(folder: &Path, name: &str) -> Result<PathBuf> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// PostgreSQL runs as somebody else, who has to reach the folder inside.
fn traversable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o755)
}

impl Bench<'_> {
    fn measure_stoa(&mut self, consent: Consent) -> Result<()> {
        let (args, folder) = (self.args, self.folder);
        let workspace = Workspace::load()?;
        let stoa = match &args.stoa {
            Some(program) => program
                .canonicalize()
                .with_context(|| program.display().to_string())?,
            None => build(&workspace, consent)?,
        };
        let plugins = folder.join("plugins");
        copy_plugins(&workspace.plugins_dir(), &plugins)?;
        let built = Built { stoa, plugins };
        let of_one_host = [Part::Paths, Part::SignIns, Part::Reloads];
        if of_one_host.into_iter().any(|part| args.has(part)) {
            self.measure_host(&built)?;
        }
        if args.has(Part::Orders) {
            self.measure_orders(&built)?;
        }
        let (stoa, guests) = (&built.stoa, workspace.test_plugins_dir());
        if args.has(Part::Spinning) {
            let folder = made(folder, "spinning")?;
            let few = folder.join("plugins");
            copy_some(&built.plugins, &few, SHOP_PLUGINS)?;
            self.report.spinning = Some(spinning::run(&self.load, stoa, &folder, &few, &guests)?);
        }
        if args.has(Part::InProcess) {
            self.report.in_process = in_process::run(stoa, &workspace.plugins_dir(), &guests)?;
        }
        if args.has(Part::Events) {
            self.report.events = events::run(stoa, &guests)?;
        }
        if args.has(Part::Live) {
            self.report.live = Some(live::run(stoa, &guests, args.sockets, args.messages)?);
        }
        Ok(())
    }

    /// What a host with all plugins is asked for.
    fn measure_host(&mut self, built: &Built) -> Result<()> {
        let (args, folder) = (self.args, self.folder);
        let Built { stoa, plugins } = built;
        let host = Host::start(stoa, folder, plugins, &[])?;
        let shop = Shop::of(host.address())?;
        self.report.stoa_idle_bytes = Some(host.memory_bytes()?);
        if args.has(Part::Paths) {
            // Those that remember less are asked for products alone.
            let few = made(folder, "few-plugins")?;
            copy_some(plugins, &few, SHOP_PLUGINS)?;
            let less = Remembered::LESS.map(|remembered| {
                let folder = made(folder, &format!("remembering-{remembered:?}"))?;
                let host = Host::start(stoa, &folder, &few, remembered.settings())?;
                anyhow::Ok((remembered, host))
            });
            let less = less.into_iter().collect::<Result<Vec<_>>>()?;
            let mut sides = Sides::default();
            sides.hosts.insert(Remembered::Answers, &host);
            sides
                .hosts
                .extend(less.iter().map(|(remembered, host)| (*remembered, host)));
            if args.only != Some(Side::Stoa) {
                sides.peers = peers(folder, &shop, self.report.cores)?;
            }
            self.measure_paths(&shop, sides)?;
            // Programs that several run count in parts for each.
            drop(less);
            self.report.stoa_bytes = Some(host.memory_bytes()?);
        }
        if args.has(Part::SignIns) {
            self.report.sign_ins = Some(sign_in::run(&self.load, &host, &shop, folder)?);
        }
        if args.has(Part::Reloads) {
            self.report.reloads = Some(reload::warm(&self.load, &host, plugins, args.reloads)?);
            self.report.compiled_reloads = Some(reload::compiled(&self.load, &host, plugins)?);
        }
        Ok(())
    }

    /// Asks all of them, and looks what it does to the peers' memory.
    fn measure_paths(&mut self, shop: &Shop, sides: Sides<'_>) -> Result<()> {
        let memory = |peers: &BTreeMap<Peers, Peer>| {
            let bytes = peers
                .iter()
                .map(|(which, peer)| Ok((*which, peer.memory_bytes()?)));
            bytes.collect::<Result<BTreeMap<_, _>>>()
        };
        let idle = memory(&sides.peers)?;
        let rows = paths::run(&self.load, shop, &sides, self.folder)?;
        self.report.rows.extend(rows);
        for (which, bytes) in memory(&sides.peers)? {
            let idle_bytes = idle.get(&which).copied().unwrap_or_default();
            let memory = PeerMemory { idle_bytes, bytes };
            self.report.peer_memory.insert(which, memory);
        }
        Ok(())
    }

    /// What peers are asked for where nobody is beside them.
    fn measure_peers(&mut self) -> Result<()> {
        if self.args.has(Part::Paths) {
            let sides = Sides {
                peers: peers(self.folder, &Shop::invented(), self.report.cores)?,
                ..Sides::default()
            };
            self.measure_paths(&Shop::invented(), sides)?;
        }
        if self.args.has(Part::Orders) {
            let peers = peers_for_orders(self.folder, self.report.cores)?;
            let rows = orders::run(&self.load, &[], &peers)?;
            self.report.rows.extend(rows);
        }
        Ok(())
    }

    /// Orders on hosts and peers of their own.
    fn measure_orders(&mut self, built: &Built) -> Result<()> {
        let folder = self.folder;
        // For honesty also while those who hear of orders work on them.
        let hosts = [
            (orders::NAME, orders::PLUGINS),
            (orders::NAME_HEARD, orders::PLUGINS_HEARING),
        ];
        let hosts = hosts.into_iter().map(|(name, wanted)| {
            let folder = made(folder, &format!("orders-{}", wanted.len()))?;
            let few = folder.join("plugins");
            copy_some(&built.plugins, &few, wanted)?;
            anyhow::Ok((name, orders::host(&built.stoa, &folder, &few)?))
        });
        let hosts = hosts.collect::<Result<Vec<_>>>()?;
        let peers = match self.args.only {
            Some(_) => Vec::new(),
            None => peers_for_orders(folder, self.report.cores)?,
        };
        let rows = orders::run(&self.load, &hosts, &peers)?;
        self.report.rows.extend(rows);
        Ok(())
    }
}

/// All kinds of peer, selling the same.
fn peers(folder: &Path, shop: &Shop, cores: usize) -> Result<BTreeMap<Peers, Peer>> {
    let start = |which| {
        let folder = made(folder, &format!("peer-{which:?}"))?;
        let peer = Peer::start(&folder, &shop.products, which, cores)?;
        shop.check_same_total(peer.address())?;
        Ok((which, peer))
    };
    Peers::ALL.into_iter().map(start).collect()
}

/// The time of an order goes into its transaction: equipment would hardly show.
fn peers_for_orders(folder: &Path, cores: usize) -> Result<Vec<(Peers, Peer)>> {
    let start = |which| {
        let folder = made(folder, &format!("orders-{which:?}"))?;
        Ok((which, orders::peer(&folder, which, cores)?))
    };
    [Peers::One, Peers::PerCore]
        .map(start)
        .into_iter()
        .collect()
}

/// The release build with the plugins as they are shipped.
fn build(workspace: &Workspace, consent: Consent) -> Result<PathBuf> {
    guests::build(
        workspace,
        Profile::Guest,
        consent,
        &[Batch::plugins(workspace)?, Batch::test_guests(workspace)?],
    )?;
    let mut cargo = process::cargo();
    process::run(
        cargo
            .args(["build", "--release", "--workspace"])
            .args(["--bin", "stoa"])
            .args(["--example", in_process::PROGRAM])
            .args(["--example", events::PROGRAM])
            .args(["--example", live::PROGRAM])
            .current_dir(workspace::root()),
    )?;
    Ok(workspace.target.join("release").join("stoa"))
}

/// A measuring program that was built beside `stoa` and runs test guests inside of itself.
fn guest_program(stoa: &Path, name: &str, guests: &Path) -> Result<Command> {
    let program = stoa.with_file_name("examples").join(name);
    if !program.exists() {
        bail!("no {}: build it, or leave --stoa out", program.display());
    }
    let mut command = Command::new(program);
    command.env(GUESTS_VARIABLE, guests);
    Ok(command)
}

/// What such a program prints: each case as a line of JSON.
fn cases<T: DeserializeOwned>(program: &mut Command) -> Result<Vec<T>> {
    let said = process::output(program)?;
    let cases = said
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    cases.collect()
}

fn copy_plugins(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let built = fs::read_dir(from)
        .with_context(|| format!("no {}: run `cargo xtask guests`", from.display()))?;
    for entry in built {
        let file = entry?.path();
        fs::copy(
            &file,
            to.join(file.file_name().context("a file without a name")?),
        )?;
    }
    Ok(())
}

/// The plugins of these names.
fn copy_some(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    fs::create_dir_all(to)?;
    for name in names {
        let file = Path::new(name).with_extension("wasm");
        fs::copy(from.join(&file), to.join(&file)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
