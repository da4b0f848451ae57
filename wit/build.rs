//! Gathers `deps/` into one text, so that whatever is compiled carries the contract itself.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/nesting.rs"]
mod nesting;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=deps");
    println!("cargo::rerun-if-changed=src/nesting.rs");
    let packages: io::Result<String> = sorted("deps")?.iter().map(|dir| package(dir)).collect();
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&out).join("packages.wit"), packages?)
}

fn package(dir: &Path) -> io::Result<String> {
    let files = sorted(dir)?.into_iter().map(fs::read_to_string);
    let nested = nesting::nested(files.collect::<io::Result<Vec<_>>>()?);
    let (_, text) =
        nested.map_err(|reason| io::Error::other(format!("{}: {reason}", dir.display())))?;
    Ok(text)
}

fn sorted(dir: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
