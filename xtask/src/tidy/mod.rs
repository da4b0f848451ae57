//! `cargo xtask tidy`: the house rules that the compiler does not know. They run as a test, too.

mod config_keys;
mod dependencies;
mod files;
mod sources;

use anyhow::{Result, bail};

use crate::reference;
use crate::workspace::{self, Workspace};

pub fn run() -> Result<()> {
    let violations = violations()?;
    for violation in &violations {
        eprintln!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        many => bail!("{many} house rules are broken"),
    }
}

fn violations() -> Result<Vec<String>> {
    let mut violations = dependencies::check(&Workspace::load()?);
    for file in files::all(workspace::root())? {
        violations.extend(sources::check(&file.name, &file.text));
    }
    let defaults = std::fs::read_to_string(workspace::root().join(config_keys::FILE))?;
    violations.extend(config_keys::check(&defaults));
    violations.extend(reference::check()?);
    Ok(violations)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    #[test]
    fn this_workspace_is_tidy() {
        let violations = super::violations().unwrap();
        assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    }
}
