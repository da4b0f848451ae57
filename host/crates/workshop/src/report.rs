//! Findings about a plugin, for people.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Fine,
    /// No host minds, but somebody may.
    Notable,
    /// A host refuses the plugin.
    Refused,
}

/// One sentence about the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// What was found.
    pub text: String,
}

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order of finding.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Notes what is as it should be.
    pub fn fine(&mut self, text: impl Into<String>) {
        self.note(Weight::Fine, text);
    }

    /// Notes what somebody may mind.
    pub fn notable(&mut self, text: impl Into<String>) {
        self.note(Weight::Notable, text);
    }

    /// Notes why a host refuses the plugin.
    pub fn refused(&mut self, text: impl Into<String>) {
        self.note(Weight::Refused, text);
    }

    fn note(&mut self, weight: Weight, text: impl Into<String>) {
        let text = text.into();
        self.findings.push(Finding { weight, text });
    }

    /// Whether a host refuses the plugin.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.weight == Weight::Refused)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let mark = match finding.weight {
                Weight::Fine => "ok     ",
                Weight::Notable => "note   ",
                Weight::Refused => "REFUSED",
            };
            writeln!(f, "{mark}  {}", finding.text)?;
        }
        Ok(())
    }
}
