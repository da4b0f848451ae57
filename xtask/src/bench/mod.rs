//! `cargo xtask bench`: Stoa beside the same service in Node.js, under the same load on the same machine.

mod host;
mod load;
mod memory;
mod peer;
mod postgres;
mod reload;
mod report;
mod scenarios;
mod sign_in;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::guests::{self, Batch, Profile};
use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::workspace::{self, Workspace};

use host::Host;
use load::{Load, Measure};
use peer::Peer;
use report::{Peers, Report, Row};
use scenarios::{Scenario, Shop};

/// What generates the load and what the peer needs.
const TOOLS: &[Tool] = &[
    Tool {
        file: "wrk",
        package: "wrk",
    },
    Tool::REDIS,
    Tool {
        file: "pg_ctlcluster",
        package: "postgresql",
    },
    Tool::NODE,
    Tool::NPM,
];

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
    /// Which part to run; both if absent.
    #[arg(long, value_enum)]
    only: Option<Side>,
    /// Measure this program instead of a fresh release build.
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
    let (shop, mut rows) = match args.only {
        Some(Side::Peer) => (Shop::invented(), Vec::new()),
        _ => measure_stoa(args, consent, folder.path(), &load, &mut report)?,
    };
    if args.only != Some(Side::Stoa) {
        // One process, as the seeds run a service, and one per core, which is the most that the machine gives.
        for (peer, workers) in [(Peers::One, 1), (Peers::PerCore, report.cores)] {
            let folder = folder.path().join(format!("peer-{workers}"));
            fs::create_dir_all(&folder)?;
            measure_peer(
                &folder,
                &load,
                &shop,
                (peer, workers),
                &mut rows,
                &mut report,
            )?;
        }
    }
    report.rows = rows;
    print!("{}", report.table());
    let file = report.write(&workspace::root().join("bench/results"))?;
    println!("{}", file.display());
    Ok(())
}

/// PostgreSQL runs as somebody else, who has to reach the folder inside.
fn traversable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o755)
}

fn measure_stoa(
    args: &Args,
    consent: Consent,
    folder: &Path,
    load: &Load,
    report: &mut Report,
) -> Result<(Shop, Vec<Row>)> {
    let workspace = Workspace::load()?;
    let stoa = match &args.stoa {
        Some(program) => program
            .canonicalize()
            .with_context(|| program.display().to_string())?,
        None => build(&workspace, consent)?,
    };
    let plugins = folder.join("plugins");
    copy_plugins(&workspace.plugins_dir(), &plugins)?;
    let mut rows = Vec::new();

    let host = Host::start(&stoa, folder, &plugins, &[])?;
    let shop = Shop::of(host.address())?;
    report.stoa_idle_bytes = Some(host.memory_bytes()?);
    for scenario in scenarios::all(&shop) {
        rows.push(Row::new(
            &scenario,
            measure(load, host.address(), &scenario, &scenario.stoa_path, folder)?,
        ));
    }
    report.stoa_bytes = Some(host.memory_bytes()?);
    report.sign_ins = Some(sign_in::run(load, &host, &shop, folder)?);
    report.reloads = Some(reload::warm(load, &host, &plugins, args.reloads)?);
    report.compiled_reloads = Some(reload::compiled(load, &host, &plugins)?);
    drop(host);

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
        let host = Host::start(&stoa, folder, &plugins, settings)?;
        for scenario in scenarios {
            let measure = measure(load, host.address(), &scenario, &scenario.stoa_path, folder)?;
            rows.push(Row::new(&scenario, measure));
        }
    }
    Ok((shop, rows))
}

/// The release build with the plugins as they are shipped.
fn build(workspace: &Workspace, consent: Consent) -> Result<PathBuf> {
    guests::build(
        workspace,
        Profile::Guest,
        consent,
        &[Batch::plugins(workspace)?],
    )?;
    let mut cargo = process::cargo();
    process::run(
        cargo
            .args(["build", "--release", "--workspace", "--bin", "stoa"])
            .current_dir(workspace::root()),
    )?;
    Ok(workspace.target.join("release").join("stoa"))
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

fn measure_peer(
    folder: &Path,
    load: &Load,
    shop: &Shop,
    (which, workers): (Peers, usize),
    rows: &mut Vec<Row>,
    report: &mut Report,
) -> Result<()> {
    let peer = Peer::start(folder, &shop.products, workers)?;
    report.peer_idle_bytes = Some(peer.memory_bytes()?);
    shop.check_same_total(peer.address())?;
    for scenario in scenarios::all(shop)
        .into_iter()
        .chain(scenarios::without_answers(shop))
        .chain(scenarios::without_caches(shop))
    {
        let known = rows
            .iter()
            .filter(|row| row.peer_path == scenario.peer_path)
            .find_map(|row| row.peer(which).clone());
        let measure = match known {
            Some(measure) => measure,
            None => measure(load, peer.address(), &scenario, &scenario.peer_path, folder)?,
        };
        match rows.iter_mut().find(|row| row.name == scenario.name) {
            Some(row) => *row.peer_mut(which) = Some(measure),
            None => {
                let mut row = Row::of_peer(&scenario);
                *row.peer_mut(which) = Some(measure);
                rows.push(row);
            }
        }
    }
    report.peer_bytes = Some(peer.memory_bytes()?);
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
