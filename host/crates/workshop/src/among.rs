//! A plugin among others: whose routes it collides with, which events nobody raises, which interfaces nobody provides.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use stoa_wit::{Manifest, is_host_event};

use crate::compare;
use crate::judge;
use crate::report::Report;

/// Another plugin.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// What it does and may do, in the words of permissions, such as `raises:order.paid`.
    pub words: BTreeSet<String>,
    /// Its file, where that is at hand: then types of interfaces are compared as well.
    pub file: Option<Vec<u8>>,
}

impl Other {
    /// A plugin's file.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_file(file: Vec<u8>) -> Result<Self> {
        let manifest = judge::package(&file)?.manifest;
        let words = manifest.permissions().into_iter().map(String::from);
        Ok(Self {
            words: words.collect(),
            name: manifest.name,
            file: Some(file),
        })
    }

    fn does(&self, kind: &str, what: &str) -> bool {
        self.words.contains(&format!("{kind}:{what}"))
    }

    /// What it does of a kind, such as the interfaces that it `uses`.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let words = self.words.iter();
        words.filter_map(move |word| word.strip_prefix(kind)?.strip_prefix(':'))
    }
}

/// Compares a plugin with the others of a host; routes are the host's to compare. One of the same name is the version
/// that it replaces, and counts for nothing.
///
/// # Errors
/// When a file can't be read.
pub fn among(
    plugin: &[u8],
    manifest: &Manifest,
    others: &[Other],
    report: &mut Report,
) -> Result<()> {
    let others: Vec<&Other> = others
        .iter()
        .filter(|other| other.name != manifest.name)
        .collect();
    events(manifest, &others, report);
    uses(plugin, manifest, &others, report)?;
    provides(plugin, manifest, &others, report)?;
    circle(manifest, &others, report);
    Ok(())
}

fn events(manifest: &Manifest, others: &[&Other], report: &mut Report) {
    let heard: BTreeSet<&String> = manifest
        .subscriptions
        .iter()
        .map(|subscription| &subscription.event)
        .collect();
    for event in heard {
        let by = others.iter().find(|other| other.does("raises", event));
        match by {
            Some(other) => report.fine(format!("hears {event} from {}", other.name)),
            None if manifest.raises.contains(event) => {
                report.fine(format!("hears {event} from itself"));
            }
            None if is_host_event(event) => report.fine(format!("hears {event} from the host")),
            None => report.notable(format!(
                "hears {event}, which no plugin here raises: its handler never runs"
            )),
        }
    }
}

fn uses(plugin: &[u8], manifest: &Manifest, others: &[&Other], report: &mut Report) -> Result<()> {
    for (alias, interface) in manifest.used() {
        let provider = others
            .iter()
            .find(|other| other.does("provides", interface));
        let Some(provider) = provider else {
            let what = if manifest.extensions.contains_key(alias) {
                "calls are answered `unavailable`"
            } else {
                "calls are answered 503 until one does"
            };
            report.notable(format!(
                "calls {interface}, which no plugin here provides: {what}"
            ));
            continue;
        };
        let by = &provider.name;
        let Some(file) = &provider.file else {
            report.fine(format!(
                "calls {interface} of {by}; its types are not at hand"
            ));
            continue;
        };
        matches(plugin, file, interface, report, |function| {
            format!("calls {interface}, but {by} has no {function} of these types")
        })?;
    }
    Ok(())
}

fn provides(
    plugin: &[u8],
    manifest: &Manifest,
    others: &[&Other],
    report: &mut Report,
) -> Result<()> {
    for interface in manifest.provides.values() {
        for other in others {
            let by = &other.name;
            if other.does("provides", interface) {
                report.refused(format!(
                    "provides {interface}, as {by} does: a host takes one provider of an interface"
                ));
            }
            if let (true, Some(file)) = (other.does("uses", interface), &other.file) {
                matches(file, plugin, interface, report, |function| {
                    format!(
                        "provides {interface} to {by}, but has no {function} of the types that it calls"
                    )
                })?;
            }
        }
    }
    Ok(())
}

/// Whether a provider has every function that a user was compiled with.
fn matches(
    user: &[u8],
    provider: &[u8],
    interface: &str,
    report: &mut Report,
    refusal: impl Fn(&str) -> String,
) -> Result<()> {
    let lacking = compare::lacking(user, provider, interface)
        .with_context(|| format!("the types of {interface}"))?;
    for function in &lacking {
        report.refused(refusal(function));
    }
    if lacking.is_empty() {
        report.fine(format!("{interface}: both sides have the same types"));
    }
    Ok(())
}

/// A circle of calls that the plugin would close.
fn circle(manifest: &Manifest, others: &[&Other], report: &mut Report) {
    let mut providers: BTreeMap<&str, &Other> = BTreeMap::new();
    for other in others {
        providers.extend(other.all("provides").map(|interface| (interface, *other)));
    }
    let mut ways: Vec<(Vec<&str>, &str)> = manifest
        .used()
        .map(|(_, interface)| (vec![manifest.name.as_str()], interface))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some((mut way, interface)) = ways.pop() {
        if manifest.provides.values().any(|own| own == interface) {
            way.push(&manifest.name);
            let way = way.join(" → ");
            report.refused(format!("closes a circle of calls: {way}"));
            return;
        }
        let Some(next) = providers.get(interface) else {
            continue;
        };
        if seen.insert(next.name.as_str()) {
            way.push(&next.name);
            ways.extend(next.all("uses").map(|interface| (way.clone(), interface)));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::report::Weight;

    const TAX: &str = "stoa:commerce/tax@0.1.0";
    const CATALOG: &str = "stoa:commerce/catalog@0.1.0";

    fn other(name: &str, words: &[&str]) -> Other {
        Other {
            name: name.into(),
            words: words.iter().map(ToString::to_string).collect(),
            file: None,
        }
    }

    fn said(manifest: &str, others: &[Other]) -> (Vec<String>, Vec<String>) {
        let text = format!("name = \"a\"\nversion = \"0.1.0\"\n{manifest}");
        let manifest = Manifest::from_toml(&text).unwrap();
        let mut report = Report::default();
        among(&[], &manifest, others, &mut report).unwrap();
        let of = |weight: Weight| {
            let findings = report.findings.iter();
            let meant = findings.filter(|finding| finding.weight == weight);
            meant.map(|finding| finding.text.clone()).collect()
        };
        (of(Weight::Notable), of(Weight::Refused))
    }

    #[test]
    fn an_event_that_nobody_raises_is_told() {
        let hears = "[[subscribe]]\nevent = \"order.paid\"\nhandler = \"h\"\n\
                     [[subscribe]]\nevent = \"user.erased\"\nhandler = \"h\"";
        let (notable, refused) = said(hears, &[other("b", &["hears:order.paid"])]);
        assert_eq!(notable.len(), 1, "{notable:?}");
        assert!(notable.concat().contains("order.paid"), "{notable:?}");
        assert!(refused.is_empty(), "{refused:?}");
        let (notable, _) = said(hears, &[other("b", &["raises:order.paid"])]);
        assert!(notable.is_empty(), "{notable:?}");
        // The version before raises nothing any more.
        let (notable, _) = said(hears, &[other("a", &["raises:order.paid"])]);
        assert_eq!(notable.len(), 1, "{notable:?}");
    }

    #[test]
    fn an_interface_that_nobody_provides_is_told_and_one_that_two_provide_is_refused() {
        let uses = format!("[uses]\ntax = {TAX:?}");
        let (notable, _) = said(&uses, &[]);
        assert!(notable.concat().contains("503"), "{notable:?}");
        let point = format!("[extensions.tax]\ninterface = {TAX:?}\nbudget_ms = 100");
        let (notable, _) = said(&point, &[]);
        assert!(notable.concat().contains("unavailable"), "{notable:?}");
        let provider = other("b", &[&format!("provides:{TAX}")]);
        let (notable, _) = said(&uses, std::slice::from_ref(&provider));
        assert!(notable.is_empty(), "{notable:?}");
        let provides = format!("[provides]\ntax = {TAX:?}");
        let (_, refused) = said(&provides, &[provider]);
        assert!(refused.concat().contains("as b does"), "{refused:?}");
    }

    #[test]
    fn a_circle_of_calls_is_refused() {
        let both = format!("[uses]\ncatalog = {CATALOG:?}\n[provides]\ntax = {TAX:?}");
        let (b, c) = (
            other("b", &[&format!("provides:{CATALOG}"), "uses:x:x/x@1.0.0"]),
            other("c", &["provides:x:x/x@1.0.0", &format!("uses:{TAX}")]),
        );
        let (_, refused) = said(&both, &[b.clone(), c]);
        assert!(refused.concat().contains("a → b → c → a"), "{refused:?}");
        let (_, refused) = said(&both, &[b]);
        assert!(refused.is_empty(), "{refused:?}");
    }
}
