//! `stoa tenant`: organisations, by command.

use std::path::PathBuf;

use clap::Subcommand;

use crate::office;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// The configuration file; only defaults and environment if absent.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Makes an organisation and prints its tenant id.
    Create {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// The address of the one who runs it.
        #[arg(long)]
        admin: String,
    },
    /// Prints every organisation.
    List,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    office::visit(args.config.as_deref(), async |_, accounts| {
        match &args.command {
            Command::Create { name, admin } => {
                println!("{}", accounts.make_tenant(name, admin).await?);
            }
            Command::List => {
                for tenant in accounts.tenants().await? {
                    println!(
                        "{} {} members  {}",
                        tenant.id, tenant.record.members, tenant.record.name
                    );
                }
            }
        }
        Ok(())
    })
}
