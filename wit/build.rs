//! Gathers `deps/` into one text, so that whatever is compiled carries the contract itself; and so each folder of
//! `released/`, which is how the contract was.

use std::path::{Path, PathBuf};
use std::{env, fs, io, mem};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=deps");
    println!("cargo::rerun-if-changed=released");
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
    sorted(folder)?.iter().map(|dir| nested(dir)).collect()
}

/// The package of a folder as one that may stand behind another: `package name { … }`.
fn nested(dir: &Path) -> io::Result<String> {
    let (mut header, mut body) = (String::new(), String::new());
    for file in sorted(dir)? {
        let mut text = String::new();
        for line in fs::read_to_string(file)?.lines() {
            let package = line.strip_prefix("package ");
            match package.and_then(|rest| rest.strip_suffix(';')) {
                // What stands before it is about the package.
                Some(name) => header = mem::take(&mut text) + &format!("package {name} {{\n"),
                None => text = text + line + "\n",
            }
        }
        body += &text;
    }
    Ok(format!("{header}{body}}}\n"))
}

fn sorted(dir: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
