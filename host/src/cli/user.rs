//! `stoa user`: people, by command.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::config_file::ConfigFile;
use super::role;
use crate::office;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Subcommand)]
enum Command {
    /// Makes an account. Its password is the first line of the standard input, where no list of processes shows it.
    Create {
        /// The address.
        #[arg(long)]
        email: String,
        /// What they are called; the part before the @ if absent.
        #[arg(long)]
        name: Option<String>,
        /// An operator of the platform.
        #[arg(long)]
        operator: bool,
        /// What they are in the tenant; in the default one, everybody is a user.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// The tenant; the default one if absent.
        #[arg(long, requires = "role")]
        tenant: Option<String>,
    },
    /// Prints every account.
    List,
    /// Says what somebody is in a tenant, from their next request on.
    Role {
        /// Whose.
        #[arg(long)]
        email: String,
        /// What they will be.
        #[arg(long, value_parser = role)]
        role: Role,
        /// The tenant; the default one if absent.
        #[arg(long)]
        tenant: Option<String>,
    },
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    office::visit(args.config.path(), async |config, accounts| {
        let tenant = |named: Option<&str>| match named {
            None => Ok(config.tenancy.default.clone()),
            Some(text) => TenantId::parse(text),
        };
        match &args.command {
            Command::Create {
                email,
                name,
                operator,
                role,
                tenant: wanted,
            } => {
                let tenant = tenant(wanted.as_deref())?;
                let place = role.map(|role| (&tenant, role));
                let id = accounts
                    .make_person(email, name.as_deref(), &password()?, *operator, place)
                    .await?;
                println!("{id}");
            }
            Command::List => {
                for person in accounts.people().await? {
                    let account = person.record;
                    let marks = [
                        (account.operator, " operator"),
                        (account.suspended, " suspended"),
                    ];
                    let marks: String = marks
                        .iter()
                        .filter(|(is, _)| *is)
                        .map(|(_, mark)| *mark)
                        .collect();
                    println!("{} {}{marks}", person.id, account.email);
                }
            }
            Command::Role {
                email,
                role,
                tenant: wanted,
            } => {
                accounts
                    .appoint(email, &tenant(wanted.as_deref())?, *role)
                    .await?;
            }
        }
        Ok(())
    })
}

fn password() -> anyhow::Result<String> {
    eprintln!("password:");
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("the password belongs on the first line of the standard input");
    }
    Ok(password.to_owned())
}
