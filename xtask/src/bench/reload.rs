//! A plugin is replaced again and again while requests are under way: none may fail.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use stoa_wit::{PACKAGE_SECTION, Package};

use super::host::Host;
use super::load::{Load, Measure, Target};
use super::scenarios::HELLO_FRESH;
use crate::client;
use crate::pack;
use crate::sections;

/// The plugin that is replaced while it serves the load.
const SMALL: &str = "hello";
/// A plugin of some 300 kB, for what compiling costs the others.
const LARGE: &str = "cart";
/// Time that one replacement may take on average, to know how long the load has to last.
const REPLACEMENT_MS: u32 = 150;
/// The same with compiling, at low priority beside the load.
const COMPILED_REPLACEMENT_MS: u32 = 1_000;
/// Replacements with compiling: enough for a median.
const COMPILED_COUNT: u32 = 10;
/// How often we ask for the version, and how long at most.
const ASK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Reloads {
    /// Bytes of the component.
    pub component_bytes: usize,
    /// How often the plugin was replaced while the load lasted.
    pub done: u32,
    /// Time from the rename to the first sight of the new version: half of them, and the slowest.
    pub p50_ms: u64,
    pub slowest_ms: u64,
    /// The load meanwhile.
    pub load: Measure,
}

/// Replaces the small plugin up to `count` times under load, by code that was compiled before.
pub fn warm(load: &Load, host: &Host, plugins: &Path, count: u32) -> Result<Reloads> {
    println!("{count} replacements of a plugin under load");
    let file = plugins.join(SMALL).with_extension("wasm");
    let plugin = fs::read(&file)?;
    let builds = [version(&plugin, "0.1.1")?, version(&plugin, "0.1.2")?];
    let never = AtomicBool::new(false);
    replace(host, SMALL, &file, &builds, &never)?;
    let turns = builds.iter().cycle().take(usize::try_from(count)?);
    let turns: Vec<_> = turns.cloned().collect();
    let seconds = count * REPLACEMENT_MS / 1_000;
    under_load(load, host, (SMALL, &file), &turns, seconds)
}

/// Replaces the large plugin by versions that nobody has compiled yet, while the small one serves the load.
pub fn compiled(load: &Load, host: &Host, plugins: &Path) -> Result<Reloads> {
    println!("{COMPILED_COUNT} replacements of a plugin that has to be compiled, under load");
    let file = plugins.join(LARGE).with_extension("wasm");
    let plugin = fs::read(&file)?;
    let turns = (0..COMPILED_COUNT).map(|patch| version(&plugin, &format!("0.9.{patch}")));
    let turns = turns.collect::<Result<Vec<_>>>()?;
    let seconds = COMPILED_COUNT * COMPILED_REPLACEMENT_MS / 1_000;
    under_load(load, host, (LARGE, &file), &turns, seconds)
}

fn under_load(
    load: &Load,
    host: &Host,
    (plugin, file): (&str, &Path),
    turns: &[(String, Vec<u8>)],
    seconds: u32,
) -> Result<Reloads> {
    let load = Load {
        seconds: load.seconds.max(seconds),
        ..load.clone()
    };
    let target = Target::plain(host.address(), HELLO_FRESH);
    let is_over = AtomicBool::new(false);
    let (times, measure) = std::thread::scope(|scope| {
        let replacing = scope.spawn(|| replace(host, plugin, file, turns, &is_over));
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
        component_bytes: turns.first().map_or(0, |(_, bytes)| bytes.len()),
        done: u32::try_from(times.len())?,
        p50_ms: ms(times.get(times.len() / 2)),
        slowest_ms: ms(times.last()),
        load: measure?,
    })
}

/// The plugin under another version.
fn version(plugin: &[u8], version: &str) -> Result<(String, Vec<u8>)> {
    let packages = sections::read(plugin, PACKAGE_SECTION)?;
    let mut package = Package::from_section(packages.first().context("no package section")?)?;
    version.clone_into(&mut package.manifest.version);
    let mut other = sections::without(plugin, &[PACKAGE_SECTION])?;
    sections::append(&mut other, PACKAGE_SECTION, &serde_json::to_vec(&package)?);
    Ok((version.to_owned(), other))
}

/// Installs one version after the other, each as soon as the one before is seen.
fn replace(
    host: &Host,
    plugin: &str,
    file: &Path,
    turns: &[(String, Vec<u8>)],
    is_over: &AtomicBool,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for (version, bytes) in turns {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        pack::install(bytes, file)?;
        while serving(host, plugin)?.as_ref() != Some(version) {
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
fn serving(host: &Host, plugin: &str) -> Result<Option<String>> {
    let health = client::get(host.address(), "/health")?.json()?;
    let parts = health
        .get("parts")
        .and_then(Value::as_array)
        .context("/health without parts")?;
    let wanted = format!("plugin:{plugin}");
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
        let (_, a) = version(&plugin, "0.1.1").unwrap();
        let (_, b) = version(&plugin, "0.1.2").unwrap();
        assert_ne!(a, b);
        let strip = |plugin: &[u8]| sections::without(plugin, &[PACKAGE_SECTION]).unwrap();
        assert_eq!(strip(&a), strip(&b));
    }
}
