//! `cargo xtask bench`: Stoa beside the same service in Node.js, under the same load on the same machine.

mod clients;
mod events;
mod host;
mod live;
mod load;
mod memory;
mod orders;
mod peer;
mod postgres;
mod reads;
mod reload;
mod report;
mod scenarios;
mod sign_in;
mod spinning;
mod volley;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::guests::{self, Batch, Profile};
use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::tools;
use crate::workspace::{self, Workspace};

use host::Host;
use load::{Load, Measure};
use peer::Peer;
use report::{PeerMemory, Peers, Report, Row};
use scenarios::{Scenario, Shop};

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
    /// Measure this program, and `examples/events` and `examples/live` beside it, instead of a fresh release build.
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
    let mut report = Report::new(&load)?;
    let mut rows = Vec::new();
    let shop = match args.only {
        Some(Side::Peer) => None,
        _ => measure_stoa(args, consent, folder.path(), &load, &mut rows, &mut report)?,
    };
    if args.only != Some(Side::Stoa) {
        let shop = shop.unwrap_or_else(Shop::invented);
        for which in Peers::ALL {
            let folder = folder.path().join(format!("peer-{which:?}"));
            if args.has(Part::Paths) {
                let folder = made(&folder, "paths")?;
                measure_peer(&folder, &load, &shop, which, &mut rows, &mut report)?;
            }
            // The time of an order goes into its transaction: equipment would hardly show.
            if args.has(Part::Orders) && which != Peers::Equipped {
                let folder = made(&folder, "orders")?;
                let measure = orders::of_peer(&load, &folder, which, report.cores)?;
                Row::set(&mut rows, orders::NAME, orders::PATH, |row| {
                    row.peers.insert(which, measure);
                });
            }
        }
    }
    report.rows = rows;
    print!("{}", report.table());
    let file = report.write(&workspace::root().join("bench/results"))?;
    println!("{}", file.display());
    Ok(())
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

/// Answers what it sells, if that was asked.
fn measure_stoa(
    args: &Args,
    consent: Consent,
    folder: &Path,
    load: &Load,
    rows: &mut Vec<Row>,
    report: &mut Report,
) -> Result<Option<Shop>> {
    let workspace = Workspace::load()?;
    let stoa = match &args.stoa {
        Some(program) => program
            .canonicalize()
            .with_context(|| program.display().to_string())?,
        None => build(&workspace, consent)?,
    };
    let plugins = folder.join("plugins");
    copy_plugins(&workspace.plugins_dir(), &plugins)?;
    let of_one_host = [Part::Paths, Part::SignIns, Part::Reloads];
    let shop = if of_one_host.into_iter().any(|part| args.has(part)) {
        Some(measure_host(
            args, &stoa, folder, &plugins, load, rows, report,
        )?)
    } else {
        None
    };
    if args.has(Part::Orders) {
        // For honesty also while those who hear of orders work on them.
        for (name, wanted) in [
            (orders::NAME, orders::PLUGINS),
            (orders::NAME_HEARD, orders::PLUGINS_HEARING),
        ] {
            let folder = made(folder, &format!("orders-{}", wanted.len()))?;
            let few = folder.join("plugins");
            copy_some(&plugins, &few, wanted)?;
            let measure = orders::of_stoa(load, &stoa, &folder, &few)?;
            Row::set(rows, name, orders::PATH, |row| row.stoa = Some(measure));
        }
    }
    if args.has(Part::Spinning) {
        let folder = made(folder, "spinning")?;
        let few = folder.join("plugins");
        copy_some(&plugins, &few, &["cart", "catalog"])?;
        let guests = workspace.test_plugins_dir();
        report.spinning = Some(spinning::run(load, &stoa, &folder, &few, &guests)?);
    }
    if args.has(Part::Events) {
        report.events = events::run(&stoa, &workspace.test_plugins_dir())?;
    }
    if args.has(Part::Live) {
        let guests = workspace.test_plugins_dir();
        report.live = Some(live::run(&stoa, &guests, args.sockets, args.messages)?);
    }
    Ok(shop)
}

/// What needs nothing but a host with all plugins.
fn measure_host(
    args: &Args,
    stoa: &Path,
    folder: &Path,
    plugins: &Path,
    load: &Load,
    rows: &mut Vec<Row>,
    report: &mut Report,
) -> Result<Shop> {
    let host = Host::start(stoa, folder, plugins, &[])?;
    let shop = Shop::of(host.address())?;
    report.stoa_idle_bytes = Some(host.memory_bytes()?);
    if args.has(Part::Paths) {
        for scenario in scenarios::all(&shop) {
            let measure = measure(load, host.address(), &scenario, &scenario.stoa_path, folder)?;
            rows.push(Row::new(&scenario, measure));
        }
        report.stoa_bytes = Some(host.memory_bytes()?);
    }
    if args.has(Part::SignIns) {
        report.sign_ins = Some(sign_in::run(load, &host, &shop, folder)?);
    }
    if args.has(Part::Reloads) {
        report.reloads = Some(reload::warm(load, &host, plugins, args.reloads)?);
        report.compiled_reloads = Some(reload::compiled(load, &host, plugins)?);
    }
    drop(host);
    if !args.has(Part::Paths) {
        return Ok(shop);
    }

    // For honesty: what the same reads cost when each one runs its handler, and when each one asks the database, too.
    let not_remembering = ("STOA_PLUGINS__ANSWER_BYTES_MAX", "0");
    let not_caching = ("STOA_STORE__QUERY_CACHE_ENTRIES_MAX", "0");
    for (settings, scenarios) in [
        (&[not_remembering][..], scenarios::without_answers(&shop)),
        (
            &[not_remembering, not_caching],
            scenarios::without_caches(&shop),
        ),
    ] {
        let host = Host::start(stoa, folder, plugins, settings)?;
        for scenario in scenarios {
            let measure = measure(load, host.address(), &scenario, &scenario.stoa_path, folder)?;
            rows.push(Row::new(&scenario, measure));
        }
    }
    Ok(shop)
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

fn copy_plugins(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
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

fn measure_peer(
    folder: &Path,
    load: &Load,
    shop: &Shop,
    which: Peers,
    rows: &mut Vec<Row>,
    report: &mut Report,
) -> Result<()> {
    let peer = Peer::start(folder, &shop.products, which, report.cores)?;
    let idle_bytes = peer.memory_bytes()?;
    shop.check_same_total(peer.address())?;
    for scenario in scenarios::all(shop)
        .into_iter()
        .chain(scenarios::without_answers(shop))
        .chain(scenarios::without_caches(shop))
    {
        let known = rows
            .iter()
            .filter(|row| row.peer_path == scenario.peer_path)
            .find_map(|row| row.peers.get(&which).cloned());
        let measure = match known {
            Some(measure) => measure,
            None => measure(load, peer.address(), &scenario, &scenario.peer_path, folder)?,
        };
        match rows.iter_mut().find(|row| row.name == scenario.name) {
            Some(row) => {
                row.peers.insert(which, measure);
            }
            None => {
                let mut row = Row::of_peer(&scenario);
                row.peers.insert(which, measure);
                rows.push(row);
            }
        }
    }
    let bytes = peer.memory_bytes()?;
    let memory = PeerMemory { idle_bytes, bytes };
    report.peer_memory.insert(which, memory);
    Ok(())
}

/// Tokens for this side, a short warm-up, then what counts.
fn measure(
    load: &Load,
    address: std::net::SocketAddr,
    scenario: &Scenario,
    path: &str,
    folder: &Path,
) -> Result<Measure> {
    let target = load::Target::new(address, scenario, path, folder)?;
    println!("{} http://{address}{path}", scenario.name);
    load.warm_up().run(&target)?;
    load.run(&target)
}
