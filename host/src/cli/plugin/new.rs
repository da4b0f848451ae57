//! `stoa plugin new`: a project that builds at once.

use std::path::PathBuf;

use anyhow::Result;
use stoa_workshop::project::Language;
use stoa_workshop::scaffold;

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name: 1 to 32 of a-z, 0-9 and -.
    name: String,
    /// What it is written in: rust, js (TypeScript, too) or python.
    #[arg(long, value_parser = language)]
    lang: Language,
    /// The folder to make; the plugin's name if absent.
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<()> {
    let folder = args
        .dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(&args.name));
    scaffold::create(&folder, &args.name, args.lang)?;
    println!(
        "{} is a plugin in {}. Next:\n\n    cd {}\n    stoa plugin build\n    stoa plugin test",
        args.name,
        args.lang,
        folder.display()
    );
    Ok(())
}

fn language(word: &str) -> Result<Language, String> {
    Language::from_word(word).ok_or_else(|| "rust, js or python".into())
}
