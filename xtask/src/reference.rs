//! `cargo xtask reference`: the WIT packages as a page for those who write plugins. The page is made of the packages'
//! own comments, so it says what they say.

use std::fmt::Write as _;

use anyhow::Result;
use stoa_wit::{FREE_CAPABILITIES, HOST_INTERFACES, WIT_PACKAGES};

use crate::workspace;

/// The page.
pub const FILE: &str = "docs/plugins/wit.md";

const BEGINNING: &str = "\
# The interfaces between plugins and host

Made of `wit/deps` by `cargo xtask reference`; change the comments there. Which of these a plugin gets, its manifest asks and its operator grants: an interface of the host
is imported under the capability that stands beside it, one of another plugin is named under `[uses]`.
";

pub fn run() -> Result<()> {
    let file = workspace::root().join(FILE);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&file, page(WIT_PACKAGES))?;
    println!("{FILE}");
    Ok(())
}

/// One sentence if the page is not what the packages say.
pub fn check() -> Result<Option<String>> {
    let file = workspace::root().join(FILE);
    let is_current = std::fs::read_to_string(file).is_ok_and(|text| text == page(WIT_PACKAGES));
    Ok((!is_current).then(|| format!("{FILE}: outdated; run `cargo xtask reference`")))
}

/// What the lines read so far belong to.
#[derive(Default)]
struct Reader {
    page: String,
    package: String,
    version: String,
    docs: Vec<String>,
    /// Lines of an item that has not ended.
    item: Vec<String>,
}

/// The packages' text as Markdown. Their lines are as our house writes them: comments above what they are about,
/// members of an interface by four spaces.
fn page(packages: &str) -> String {
    let mut reader = Reader {
        page: BEGINNING.to_owned(),
        ..Reader::default()
    };
    packages.lines().for_each(|line| reader.line(line));
    reader.page
}

impl Reader {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        if !self.item.is_empty() {
            self.item
                .push(line.strip_prefix("    ").unwrap_or(line).to_owned());
            self.end_item(line);
        } else if let Some(comment) = trimmed.strip_prefix("///") {
            self.docs
                .push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
        } else if let Some(header) = line.strip_prefix("package ") {
            self.begin_package(header.trim_end_matches(" {"));
        } else if let Some(header) = line.strip_prefix("interface ") {
            self.begin_interface(header.trim_end_matches(" {"));
        } else if line.starts_with("    ") && !trimmed.starts_with("use ") && !trimmed.is_empty() {
            self.item.push(trimmed.to_owned());
            self.end_item(line);
        } else {
            self.docs.clear();
        }
    }

    fn begin_package(&mut self, header: &str) {
        let (name, version) = header.split_once('@').unwrap_or((header, ""));
        (self.package, self.version) = (name.to_owned(), version.to_owned());
        self.say(&format!("\n## `{header}`\n"));
    }

    fn begin_interface(&mut self, name: &str) {
        let full = format!("{}/{name}@{}", self.package, self.version);
        let capability = HOST_INTERFACES
            .iter()
            .find(|(interface, _)| *interface == full);
        let whose = match capability {
            Some((_, word)) if FREE_CAPABILITIES.contains(word) => " · every plugin".to_owned(),
            Some((_, word)) => format!(" · capability `{word}`"),
            None => String::new(),
        };
        self.say(&format!("\n### `{full}`{whose}\n"));
    }

    /// An item ends with its line or, in several lines, with the brace or semicolon at its own depth.
    fn end_item(&mut self, line: &str) {
        let is_block = self.item.first().is_some_and(|first| first.ends_with('{'));
        let has_ended = match is_block {
            true => line == "    }",
            false => line.ends_with(';') || line.ends_with('}'),
        };
        if has_ended {
            let item = std::mem::take(&mut self.item).join("\n");
            self.say("\n");
            let _ = write!(self.page, "\n```wit\n{item}\n```\n");
        }
    }

    /// Writes a heading, and what was said above it.
    fn say(&mut self, heading: &str) {
        let docs = std::mem::take(&mut self.docs).join("\n");
        let heading = heading.trim_end();
        self.page.push_str(heading);
        if !heading.is_empty() {
            self.page.push('\n');
        }
        if !docs.is_empty() {
            let _ = write!(self.page, "\n{docs}\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stand_beside_what_they_are_about() {
        let page = page(
            "/// Notes.\npackage test:notes@0.1.0 {\n\n/// For all.\ninterface notes {\n    use test:x/x@0.1.0.{y};\n\n    \
             /// A note.\n    record note {\n        /// Its text.\n        text: string,\n    }\n\n    /// Counts.\n    \
             count: func(\n        of: string,\n    ) -> u32;\n    /// Clears.\n    clear: func();\n}\n}\n",
        );
        let told = page.strip_prefix(BEGINNING).unwrap_or_default();
        assert_eq!(
            told,
            "\n## `test:notes@0.1.0`\n\nNotes.\n\n### `test:notes/notes@0.1.0`\n\nFor all.\n\nA note.\n\n```wit\nrecord note {\n    \
             /// Its text.\n    text: string,\n}\n```\n\nCounts.\n\n```wit\ncount: func(\n    of: string,\n) -> u32;\n```\n\n\
             Clears.\n\n```wit\nclear: func();\n```\n"
        );
    }

    #[test]
    fn every_function_of_every_package_is_on_the_page() {
        let page = page(WIT_PACKAGES);
        let mut functions = WIT_PACKAGES.lines().filter(|line| line.contains(": func("));
        assert!(functions.clone().count() > 60);
        assert!(functions.all(|line| page.contains(line.trim())));
    }
}
