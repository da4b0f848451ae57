//! `stoa events`: what waits, what was given up, and what becomes of that.

use std::sync::Arc;

use anyhow::bail;
use clap::Subcommand;
use stoa_kernel::event::{Event, Outbox as _};
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::store::Store as _;
use stoa_runtime::{DeadLetter, DeadLetters};
use stoa_store::SurrealStore;

use super::config_file::ConfigFile;
use crate::office;

/// The word for what belongs to no tenant.
const PLATFORM: &str = "platform";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// The tenant, or `platform` for what belongs to none; every one if absent.
    #[arg(long, global = true)]
    tenant: Option<String>,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the events that wait, in order, and then those that are due later.
    List,
    /// Prints the deliveries that were given up: tenant, id, event, key, failures and the last reason.
    Dead,
    /// Has a delivery that was given up made once more when the host starts.
    Redrive(Which),
    /// Removes a delivery that was given up for good.
    Drop(Which),
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Its id, as `dead` prints it.
    id: Option<String>,
    /// All of them.
    #[arg(long)]
    all: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    office::open_store(args.config.path(), async |store| {
        let letters = DeadLetters::open(store.clone()).await?;
        let tenants = match args.tenant.as_deref() {
            Some(PLATFORM) => vec![TenantId::platform()],
            Some(text) => vec![TenantId::parse(text)?],
            None => {
                let mut tenants = store.tenants().await?;
                tenants.insert(0, TenantId::platform());
                tenants
            }
        };
        let mut found = 0;
        for tenant in &tenants {
            match &args.command {
                Command::List => list(store, tenant).await?,
                Command::Dead => {
                    for letter in all(&letters, tenant).await? {
                        print_letter(tenant, &letter);
                    }
                }
                Command::Redrive(which) => {
                    for id in chosen(&letters, tenant, which).await? {
                        letters.redrive(tenant, &id).await?;
                        found += 1;
                    }
                }
                Command::Drop(which) => {
                    for id in chosen(&letters, tenant, which).await? {
                        letters.drop(tenant, &id).await?;
                        found += 1;
                    }
                }
            }
        }
        if let Command::Redrive(which) | Command::Drop(which) = &args.command {
            if found == 0 && !which.all {
                bail!("there is no such dead letter");
            }
            println!("{found}");
        }
        Ok(())
    })
}

async fn list(store: &Arc<SurrealStore>, tenant: &TenantId) -> anyhow::Result<()> {
    let print = |event: &Event| {
        let due = event.due_at.map(|at| format!("  due {}", time(at)));
        println!(
            "{} {}  {} of {}  {}{}",
            shown(tenant),
            event.id,
            event.name,
            event.key,
            time(event.raised_at),
            due.unwrap_or_default()
        );
    };
    let mut after: Option<String> = None;
    loop {
        let page = store
            .outbox(tenant, after.as_deref(), PAGE_LIMIT_MAX)
            .await?;
        page.iter().for_each(print);
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => break,
        }
    }
    // The next ones: a shop may have any number of renewals a year ahead.
    store
        .delayed(tenant, PAGE_LIMIT_MAX)
        .await?
        .iter()
        .for_each(print);
    Ok(())
}

async fn all(letters: &DeadLetters, tenant: &TenantId) -> anyhow::Result<Vec<DeadLetter>> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = letters.page(tenant, cursor, PAGE_LIMIT_MAX).await?;
        all.extend(page);
        cursor = next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

async fn chosen(
    letters: &DeadLetters,
    tenant: &TenantId,
    which: &Which,
) -> anyhow::Result<Vec<String>> {
    let ids = all(letters, tenant)
        .await?
        .into_iter()
        .map(|letter| letter.id());
    Ok(match &which.id {
        Some(id) => ids.filter(|known| known == id).collect(),
        None => ids.collect(),
    })
}

fn print_letter(tenant: &TenantId, letter: &DeadLetter) {
    let redrive = if letter.redrive {
        "  to be redriven"
    } else {
        ""
    };
    println!(
        "{} {}  {} of {}  failed {} times until {}{redrive}: {}",
        shown(tenant),
        letter.id(),
        letter.event.name,
        letter.event.key,
        letter.attempts,
        time(letter.died_at),
        letter.reason
    );
}

fn shown(tenant: &TenantId) -> &str {
    match tenant.is_platform() {
        true => PLATFORM,
        false => tenant.as_str(),
    }
}

/// Milliseconds since 1970: what sorts, and what `date -d @` understands without the last three digits.
fn time(at: u64) -> String {
    at.to_string()
}
