//! `stoa tenant`: organisations, by command.

use anyhow::Context as _;
use clap::Subcommand;
use stoa_identity::records::Plan;
use stoa_kernel::id::TenantId;

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
    /// Puts an organisation on a plan.
    Plan {
        /// Its tenant id.
        tenant: String,
        /// The plan: free, team or enterprise.
        #[arg(value_parser = plan)]
        plan: Plan,
    },
}

fn plan(word: &str) -> Result<Plan, String> {
    serde_json::from_value(word.into()).map_err(|_| "free, team or enterprise".to_owned())
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    office::visit(args.config.path(), async |_, accounts| {
        match &args.command {
            Command::Create { name, admin } => {
                println!("{}", accounts.make_tenant(name, admin).await?);
            }
            Command::List => {
                for tenant in accounts.tenants().await? {
                    let organization = tenant.record;
                    println!(
                        "{} {} members  {}  {}",
                        tenant.id,
                        organization.members,
                        organization.plan.as_str(),
                        organization.name
                    );
                }
            }
            Command::Plan { tenant, plan } => {
                let id = TenantId::parse(tenant).context("TENANT")?;
                let set = accounts.set_plan(&id, *plan).await;
                set.with_context(|| format!("no organisation has the tenant id {tenant}"))?;
            }
        }
        Ok(())
    })
}
