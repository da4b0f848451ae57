//! Gathers `deps/` into one text, so that whatever is compiled carries the contract itself; and so each folder of
//! `released/`, which is how the contract was.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/nesting.rs"]
mod nesting;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=deps");
    println!("cargo::rerun-if-changed=released");
    println!("cargo::rerun-if-changed=src/nesting.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("packages.wit"), gathered("deps")?)?;
    let mut list = String::new();
    for folder in sorted("released")? {
        let version = folder.file_name().unwrap_or_default().to_string_lossy();
        list += &format!("({version:?}, {:?}),", gathered(&folder)?);
    }
    fs::write(out.join("released.rs"), format!("&[{list}]"))
}

fn gathered(folder: impl AsRef<Path>) -> io::Result<String> {
    sorted(folder)?.iter().map(|dir| package(dir)).collect()
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
