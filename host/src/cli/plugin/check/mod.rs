//! `stoa plugin check`: what a host would say of a plugin, without running it, alone and among others.

mod others;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use stoa_kernel::limits::CallLimits;
use stoa_kernel::routing::Routes;
use stoa_wit::{Manifest, Route};
use stoa_workshop::among::{self, Other};
use stoa_workshop::project::Project;
use stoa_workshop::report::Report;
use stoa_workshop::{compare, judge};

use super::remote::Remote;

#[derive(clap::Args)]
pub struct Args {
    /// A plugin's file, or the folder of a project that has been built.
    #[arg(default_value = ".")]
    plugin: PathBuf,
    /// An older version's file: what changes for those who know it.
    #[arg(long)]
    against: Option<PathBuf>,
    /// A capability that the operator withholds; may be given several times.
    #[arg(long)]
    deny: Vec<String>,
    /// Another plugin's file, or a folder of them, beside which it will stand; may be given several times. With --host or
    /// STOA_HOST, those of that host.
    #[arg(long = "with")]
    others: Vec<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> Result<()> {
    let file = file(&args.plugin)?;
    let bytes = read(&file)?;
    let denied: BTreeSet<String> = args.deny.iter().cloned().collect();
    let (package, mut report) = judge::judge(&bytes, &denied)?;
    routes(&package.manifest, &mut report);
    limits(&package.manifest, &mut report);
    let mut beside = others::in_files(&args.others)?;
    if args.remote.is_known() {
        beside.extend(others::on_host(&args.remote, &mut report)?);
    }
    if !args.others.is_empty() || args.remote.is_known() {
        collisions(&package.manifest, &beside, &mut report);
        among::among(&bytes, &package.manifest, &beside, &mut report)?;
    }
    if let Some(old) = &args.against {
        compare::compare(&read(old)?, &bytes, &mut report)?;
    }
    print!("{report}");
    if report.is_refused() {
        bail!("a host refuses {}", file.display());
    }
    Ok(())
}

fn file(plugin: &Path) -> Result<PathBuf> {
    if !plugin.is_dir() {
        return Ok(plugin.to_path_buf());
    }
    let output = Project::open(plugin)?.output();
    if !output.exists() {
        bail!("{} is not there yet: `stoa plugin build`", output.display());
    }
    Ok(output)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| file.display().to_string())
}

/// The plugin's routes among each other. Those of other plugins and of the host are the host's to compare.
fn routes(manifest: &Manifest, report: &mut Report) {
    let mut table = Routes::default();
    let mut clashes = 0;
    for route in &manifest.routes {
        if let Err(clash) = table.add((), &Arc::new(route.clone())) {
            report.refused(clash.to_string());
            clashes += 1;
        }
    }
    if clashes == 0 {
        report.fine(format!(
            "{} routes, none in another's way",
            manifest.routes.len()
        ));
    }
}

/// The plugin's routes against those of others.
fn collisions(manifest: &Manifest, others: &[Other], report: &mut Report) {
    let mut clashes = 0;
    for other in others.iter().filter(|other| other.name != manifest.name) {
        let mut table = Routes::default();
        for route in other.all("route").filter_map(route) {
            // What a host has taken already does not clash with itself.
            let _ = table.add((), &Arc::new(route));
        }
        for route in &manifest.routes {
            if let Err(clash) = table.add((), &Arc::new(route.clone())) {
                report.refused(format!("{clash}, of {}", other.name));
                clashes += 1;
            }
        }
    }
    if clashes == 0 {
        report.fine(format!("no route of {} others is in the way", others.len()));
    }
}

/// A route as far as it can be in another's way, from `METHOD /path`.
fn route(word: &str) -> Option<Route> {
    let (method, path) = word.split_once(' ')?;
    let route = json!({"method": method, "path": path, "handler": "other", "callers": ["public"]});
    serde_json::from_value(route).ok()
}

/// What a host cuts down to its cap.
fn limits(manifest: &Manifest, report: &mut Report) {
    let (asked, cap) = (&manifest.limits, CallLimits::CAP);
    for (name, asked, cap) in [
        (
            "memory_bytes_max",
            asked.memory_bytes_max,
            cap.memory_bytes_max,
        ),
        ("cpu_ms_max", asked.cpu_ms_max, cap.cpu_ms_max),
        ("wall_ms_max", asked.wall_ms_max, cap.wall_ms_max),
        ("host_calls_max", asked.host_calls_max, cap.host_calls_max),
        (
            "response_bytes_max",
            asked.response_bytes_max,
            cap.response_bytes_max,
        ),
        (
            "concurrency_max",
            asked.concurrency_max.map(u64::from),
            u64::from(cap.concurrency_max),
        ),
    ] {
        if let Some(asked) = asked.filter(|asked| *asked > cap) {
            report.notable(format!(
                "limits.{name} = {asked}: hosts give {cap} unless their operator says otherwise"
            ));
        }
    }
}
