//! Rules about single files.

use crate::reference;

/// Lines of one file of code or prose: what is longer does more than one thing.
const LINES_MAX: usize = 600;
/// Words for work left undone; put together here so that this file may name them.
const UNDONE: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimplemented", "!("),
];
/// Folders that exist on one machine only.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];
/// What may stand before a path, as opposed to the rest of a longer one.
const BEFORE_PATH: &[char] = &['"', '\'', '`', '(', '=', ' ', ':', '>'];
/// Attributes that silence the compiler.
const SILENCERS: &[&str] = &[concat!("[all", "ow("), concat!("[exp", "ect(")];

/// One sentence per broken rule.
pub fn check(name: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let lines = text.lines().count();
    let is_made = name == reference::FILE || has_extension(name, "json");
    if lines > LINES_MAX && !is_made {
        violations.push(format!(
            "{name}: {lines} lines; split what is over {LINES_MAX}"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        if let Some(word) = UNDONE.iter().find(|word| line.contains(*word)) {
            violations.push(format!("{place}: {word}; do it or write an issue"));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| has_path(line, path)) {
            violations.push(format!("{place}: {path} exists on one machine only"));
        }
    }
    if has_extension(name, "rs") {
        if !text.starts_with("//!") {
            violations.push(format!(
                "{name}: the module does not open with a //! sentence"
            ));
        }
        violations.extend(silencers(name, text));
    }
    violations
}

fn has_extension(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == wanted)
}

fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default().chars().next_back();
        before.is_none_or(|before| BEFORE_PATH.contains(&before))
    })
}

/// Attributes that silence the compiler without saying why.
fn silencers<'a>(name: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    let all = SILENCERS
        .iter()
        .flat_map(|opening| text.match_indices(opening));
    all.filter_map(move |(at, opening)| {
        let before = text.get(..at).unwrap_or_default();
        let attribute = text
            .get(at..)
            .unwrap_or_default()
            .split_once(")]")
            .map_or("", |(attribute, _)| attribute);
        let is_attribute = before.ends_with('#') || before.ends_with("#!");
        let line = before.lines().count();
        (is_attribute && !attribute.contains("reason = "))
            .then(|| format!("{name}:{line}: #{opening}…)] has no reason"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_finds_what_breaks_it() {
        let [undone, ..] = UNDONE else { return };
        let [machine, ..] = MACHINE_PATHS else { return };
        let [silencer, ..] = SILENCERS else { return };
        for (name, text, expected) in [
            ("a.rs", "//! Fine.\n".to_owned(), 0),
            ("a.rs", "use x;\n".to_owned(), 1),
            ("a.md", "use x;\n".to_owned(), 0),
            ("a.rs", format!("//! Fine.\n// {undone}: later\n"), 1),
            ("a.toml", format!("dir = \"{machine}me\"\n"), 1),
            ("a.md", format!("https://example.org{machine}page\n"), 0),
            ("a.rs", format!("//! Fine.\n#{silencer}unused)]\n"), 1),
            (
                "a.rs",
                format!("//! Fine.\n#{silencer}\n    unused,\n    reason = \"because\"\n)]\n"),
                0,
            ),
            ("a.rs", format!("//! Long.\n{}", "\n".repeat(LINES_MAX)), 1),
            ("a.json", "\n".repeat(LINES_MAX + 1), 0),
        ] {
            let violations = check(name, &text);
            assert_eq!(
                violations.len(),
                expected,
                "{name} {text:.60}: {violations:?}"
            );
        }
    }
}
