//! A host's store and people without the host around them, for commands.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use stoa_identity::Accounts;
use stoa_kernel::store::Store as _;
use stoa_store::SurrealStore;

use crate::config::Config;
use crate::system::{SystemClock, SystemRandom};
use crate::{mail, people, wiring};

/// Opens the store alone and lets `act` work on it. The same holds for a running host as in [`visit`].
///
/// # Errors
/// When the store can't be had, or `act` fails.
pub fn open_store(
    file: Option<&Path>,
    act: impl AsyncFnOnce(&Arc<SurrealStore>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    with_store(&config, async |store, _| act(&store).await)
}

fn with_store(
    config: &Config,
    act: impl AsyncFnOnce(Arc<SurrealStore>, Arc<SystemClock>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        std::fs::create_dir_all(&config.data.dir)
            .with_context(|| format!("data.dir {}", config.data.dir.display()))?;
        let clock = Arc::new(SystemClock);
        let opened = SurrealStore::open(wiring::store_config(config), clock.clone()).await;
        let store = opened.context("opening the store; a running host has it for itself")?;
        let done = act(store.clone(), clock).await;
        store.shutdown().await;
        done
    })
}

/// Opens the store and lets `act` work on its people. The engine lets one process at a time have the database,
/// so a running host has to be stopped first.
///
/// # Errors
/// When the store can't be had, or `act` fails.
pub fn visit(
    file: Option<&Path>,
    act: impl AsyncFnOnce(&Config, &Accounts) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    with_store(&config, async |store, clock| {
        let random = Arc::new(SystemRandom);
        let ports = stoa_mail::Ports {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let post = mail::open(&config, ports).await?.post;
        let platform =
            people::platform(&config, store.clone(), post, clock.clone(), random.clone());
        let ports = people::Ports {
            platform,
            clock,
            random,
            participants: Vec::new(),
        };
        let people = people::open(&config, ports).await?;
        act(&config, &people.accounts).await
    })
}
