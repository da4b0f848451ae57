//! `stoa tenant`: organisations, by command.

use clap::Subcommand;

use super::config_file::ConfigFile;
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
    office::visit(args.config.path(), async |_, accounts| {
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
