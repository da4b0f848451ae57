//! `stoa plugin test`: plays a project's stories on a whole host in memory.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use stoa_workshop::build::{self, Options};
use stoa_workshop::project::Project;
use stoa_workshop::sdk;

use super::ProjectArgs;
use crate::config::Log;
use crate::rehearsal::{self, Outcome, Plugin, Story};
use crate::telemetry;

/// Where a project's stories are.
const STORIES: &str = "tests";
/// What is logged unless `RUST_LOG` says otherwise: the plugin's own lines, and what goes wrong.
const LOG_FILTER: &str = "warn,plugin=info";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Only stories whose file's name has this in it.
    #[arg(long)]
    only: Option<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let project = args.project.open()?;
    let stories = stories(&project.folder.join(STORIES), args.only.as_deref())?;
    let options = Options {
        quick: false,
        consent: args.project.consent(),
    };
    let plugin = Plugin {
        file: build::build(&project, options)?.file,
        manifest: project.manifest.clone(),
    };
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| LOG_FILTER.into());
    telemetry::start_logging(&Log {
        filter,
        format: crate::config::Format::Text,
    })?;
    let runtime = tokio::runtime::Runtime::new()?;
    let is_fine = runtime.block_on(play(&project, &plugin, &stories))?;
    if !is_fine {
        bail!("not everything is as the stories say");
    }
    Ok(())
}

/// Plays them one after another; answers whether all went well.
async fn play(project: &Project, plugin: &Plugin, stories: &[PathBuf]) -> Result<bool> {
    let compiled = project.folder.join(sdk::OURS).join("compiled");
    std::fs::create_dir_all(&compiled).with_context(|| compiled.display().to_string())?;
    let mut is_fine = true;
    for file in stories {
        let story = Story::read(file)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let outcome = rehearsal::play(plugin, &story, folder, &compiled).await;
        let outcome = outcome.with_context(|| file.display().to_string())?;
        show(file, &outcome);
        is_fine &= outcome.is_fine();
    }
    Ok(is_fine)
}

fn show(file: &Path, outcome: &Outcome) {
    println!("{}", file.file_name().unwrap_or_default().to_string_lossy());
    for (says, failures) in &outcome.steps {
        let mark = if failures.is_empty() {
            "ok    "
        } else {
            "FAILED"
        };
        println!("  {mark}  {says}");
        for failure in failures {
            println!("            {failure}");
        }
    }
}

/// The project's stories, in order.
fn stories(folder: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut stories: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            only.is_none_or(|only| name.contains(only))
        })
        .collect();
    stories.sort();
    if stories.is_empty() {
        bail!(
            "{} has no story: a TOML file, as docs/plugins/testing.md says",
            folder.display()
        );
    }
    Ok(stories)
}
