//! The compiler for guests: rustup's, or Debian's where rustup's servers cannot be reached.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::prerequisites::{self, Consent, Tool};
use crate::process;

/// What guests are compiled for: it knows nothing of any system, so components import our WIT alone.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A guest's stack: handlers are shallow, and what is smaller starts sooner.
const STACK_BYTES: u32 = 64 << 10;
/// A guest's memory at birth: enough that an ordinary request never grows it, which would cost the host two
/// system calls each time; little enough to stay resident between instances.
const INITIAL_MEMORY_BYTES: u32 = 1 << 20;
const _: () = assert!(STACK_BYTES < INITIAL_MEMORY_BYTES / 2);

/// Debian's Rust, with the sources of the standard library and the linker for WebAssembly.
const DEBIAN_TOOLS: &[Tool] = &[
    Tool {
        file: "/usr/bin/rustc",
        package: "rustc-web",
    },
    Tool {
        file: "/usr/bin/cargo",
        package: "cargo-web",
    },
    Tool {
        file: "/usr/bin/wasm-ld-19",
        package: "lld-19",
    },
];
/// The package of the sources; it brings no program of its own.
const DEBIAN_SOURCES: &str = "rust-web-src";

/// A toolchain that compiles guests.
pub enum Toolchain {
    /// The one that runs us; it has the target.
    Own,
    /// Debian's; it compiles the standard library itself, once per target folder.
    Debian,
}

impl Toolchain {
    /// Makes sure that there is one for the sources in `folder`.
    ///
    /// # Errors
    /// When neither rustup nor Debian can help.
    pub fn ensure(folder: &Path, consent: Consent) -> Result<Self> {
        if own_has_target(folder) {
            return Ok(Self::Own);
        }
        let mut rustup = Command::new("rustup");
        rustup.current_dir(folder);
        match process::run(rustup.args(["target", "add", TARGET])) {
            Ok(()) if own_has_target(folder) => return Ok(Self::Own),
            Ok(()) => eprintln!("rustup added {TARGET} to another toolchain than the one in use"),
            Err(error) => eprintln!("{error:#}"),
        }
        eprintln!("no standard library for {TARGET}; falling back to Debian's compiler");
        prerequisites::ensure(DEBIAN_TOOLS, &[DEBIAN_SOURCES], consent)?;
        Ok(Self::Debian)
    }

    /// `cargo build --target …` of this toolchain, for guests: their stack and their first memory are decided here.
    #[must_use]
    pub fn cargo_build(&self) -> Command {
        let mut command = match self {
            Self::Own => process::cargo(),
            Self::Debian => debian_cargo(),
        };
        command.arg("build");
        if matches!(self, Self::Debian) {
            command.args(["-Z", "build-std=std,panic_abort"]);
        }
        command.args(["--target", TARGET]);
        command
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", rustflags());
        command
    }
}

fn debian_cargo() -> Command {
    let mut command = Command::new("/usr/bin/cargo");
    command
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn rustflags() -> String {
    format!(
        "-C link-arg=-zstack-size={STACK_BYTES} -C link-arg=--initial-memory={INITIAL_MEMORY_BYTES}"
    )
}

fn own_has_target(folder: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder);
    process::output(&mut rustc).is_ok_and(|folder| holds_std(&PathBuf::from(folder.trim())))
}

fn holds_std(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}
