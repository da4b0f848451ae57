//! The walk, through the real host on a developer's configuration and the real stand-ins, each on ports of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::running::{Running, free_address};
use crate::workspace;

/// Where `cargo xtask test` has built plugins.
const PLUGINS: &str = "STOA_TEST_PLUGINS";

/// What cargo has built beside this test. It builds all programs of a workspace before it runs any test.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_path_buf()
}

/// A host on new data. Compiled plugins are kept for the next test run: compiling takes longer than the walk.
fn stoa(folder: &Path, listen: SocketAddr, stripe: SocketAddr) -> Running {
    let plugins = std::env::var_os(PLUGINS)
        .unwrap_or_else(|| panic!("{PLUGINS} is not set: run the tests with `cargo xtask test`"));
    let (data, compiled) = (folder.join("data"), built().join("test-demo-compiled"));
    std::fs::create_dir_all(&compiled).unwrap();
    std::fs::create_dir(&data).unwrap();
    symlink(compiled, data.join("compiled")).unwrap();
    let mut command = Command::new(built().join("stoa"));
    command
        .args(["serve", "--config", "config/dev.toml"])
        .current_dir(workspace::root())
        .env("STOA_HTTP__LISTEN", listen.to_string())
        .env("STOA_DATA__DIR", data)
        .env("STOA_PLUGINS__DIR", plugins);
    for plugin in ["PAYMENTS", "BILLING"] {
        let variable = format!("STOA_PLUGINS__OUTBOUND__{plugin}__STRIPE__URL");
        command.env(variable, format!("http://{stripe}"));
    }
    let mut running = Running::start("stoa", &mut command, folder.join("stoa.log")).unwrap();
    running
        .wait_until(|| client::is_ok(listen, "/health"))
        .unwrap();
    // Without it, the walk leaves out the market.
    assert!(client::is_ok(listen, "/api/products/inbox-steward"));
    running
}

fn standins(folder: &Path, stripe: SocketAddr, host: SocketAddr) -> Running {
    let mut command = Command::new(built().join("stoa-standins"));
    command
        .args(["--stripe", &stripe.to_string()])
        .args(["--razorpay", &free_address().unwrap().to_string()])
        .args(["--host", &format!("http://{host}")]);
    let log = folder.join("standins.log");
    let mut running = Running::start("stoa-standins", &mut command, log).unwrap();
    running
        .wait_until(|| std::net::TcpStream::connect(stripe).is_ok())
        .unwrap();
    running
}

#[test]
fn the_demonstration_walks_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (host, stripe) = (free_address().unwrap(), free_address().unwrap());
    let _standins = standins(folder.path(), stripe, host);
    let stoa = stoa(folder.path(), host, stripe);
    if let Err(error) = run(&Args { host, stripe }) {
        panic!("{error:#}\nThe host said:\n{}", stoa.said());
    }
}
