//! A plugin is replaced again and again while requests are under way: none may fail.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use stoa_wit::{PACKAGE_SECTION, Package};

use super::client;
use super::host::Host;
use super::load::{Load, Measure, Target};
use super::scenarios::HELLO_FRESH;
use crate::pack;
use crate::sections;

/// The plugin that is replaced.
const PLUGIN: &str = "hello";
/// Time that one replacement may take on average, to know how long the load has to last.
const REPLACEMENT_MS: u32 = 150;
/// How often we ask for the version, and how long at most.
const ASK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Reloads {
    /// How often the plugin was replaced while the load lasted.
    pub done: u32,
    /// Time from the rename to the first sight of the new version: half of them, and the slowest.
    pub p50_ms: u64,
    pub slowest_ms: u64,
    /// The load meanwhile.
    pub load: Measure,
}

/// Replaces the plugin up to `count` times under load.
pub fn run(load: &Load, host: &Host, plugins: &Path, count: u32) -> Result<Reloads> {
    println!("{count} replacements of a plugin under load");
    let file = plugins.join(PLUGIN).with_extension("wasm");
    let builds = builds(&fs::read(&file)?)?;
    let load = Load {
        seconds: load.seconds.max(count * REPLACEMENT_MS / 1_000),
        ..load.clone()
    };
    let target = Target::plain(host.address(), HELLO_FRESH);
    let is_over = AtomicBool::new(false);
    let (times, measure) = std::thread::scope(|scope| {
        let replacing = scope.spawn(|| replace(host, &file, &builds, count, &is_over));
        let measure = load.run(&target);
        is_over.store(true, Ordering::Relaxed);
        (replacing.join(), measure)
    });
    let Ok(times) = times else {
        bail!("replacing ended in a panic")
    };
    let mut times = times?;
    times.sort_unstable();
    let ms = |time: Option<&Duration>| {
        time.map_or(0, |time| {
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        })
    };
    Ok(Reloads {
        done: u32::try_from(times.len())?,
        p50_ms: ms(times.get(times.len() / 2)),
        slowest_ms: ms(times.last()),
        load: measure?,
    })
}

/// The plugin in two versions, with these numbers.
fn builds(plugin: &[u8]) -> Result<[(String, Vec<u8>); 2]> {
    Ok([version(plugin, "0.1.1")?, version(plugin, "0.1.2")?])
}

fn version(plugin: &[u8], version: &str) -> Result<(String, Vec<u8>)> {
    let packages = sections::read(plugin, PACKAGE_SECTION)?;
    let mut package = Package::from_section(packages.first().context("no package section")?)?;
    version.clone_into(&mut package.manifest.version);
    let mut other = sections::without(plugin, &[PACKAGE_SECTION])?;
    sections::append(&mut other, PACKAGE_SECTION, &serde_json::to_vec(&package)?);
    Ok((version.to_owned(), other))
}

fn replace(
    host: &Host,
    file: &Path,
    builds: &[(String, Vec<u8>)],
    count: u32,
    is_over: &AtomicBool,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for (_, (version, plugin)) in (0..count).zip(builds.iter().cycle()) {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        pack::install(plugin, file)?;
        while serving(host)? != Some(version.clone()) {
            if begun.elapsed() > PATIENCE {
                bail!(
                    "version {version} is not served after {} s",
                    PATIENCE.as_secs()
                );
            }
            std::thread::sleep(ASK_EVERY);
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// The version that `/health` tells of.
fn serving(host: &Host) -> Result<Option<String>> {
    let health = client::get(host.address(), "/health")?.json()?;
    let parts = health
        .get("parts")
        .and_then(Value::as_array)
        .context("/health without parts")?;
    let wanted = format!("plugin:{PLUGIN}");
    let part = parts
        .iter()
        .find(|part| part.get("part").and_then(Value::as_str) == Some(&wanted));
    Ok(part.and_then(|part| Some(part.get("version")?.as_str()?.to_owned())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_builds_differ_in_their_version_alone() {
        let manifest =
            stoa_wit::Manifest::from_toml("name = \"hello\"\nversion = \"0.1.0\"").unwrap();
        let component = wasm_encoder::Component::new().finish();
        let plugin = pack::pack(&component, manifest, pack::Schemas::new()).unwrap();
        let [(first, a), (second, b)] = builds(&plugin).unwrap();
        assert_ne!(first, second);
        assert_ne!(a, b);
        let strip = |plugin: &[u8]| sections::without(plugin, &[PACKAGE_SECTION]).unwrap();
        assert_eq!(strip(&a), strip(&b));
    }
}
