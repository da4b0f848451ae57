//! JUnit reports, as the tools of all languages write them.
//!
//! Read as a stream, so that a report costs no more than its own size: there is no tree to be built, no document type
//! is taken, and no entity but XML's own five means anything, so nothing in it can grow.

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event as Xml};
use quick_xml::{Reader, escape};
use stoa_guest::prelude::*;

use crate::results::{Case, PER_RUN_MAX};
use crate::status::CaseStatus;

/// Elements within each other: suites nest a few levels.
const DEPTH_MAX: usize = 32;
/// Attributes of an element that are looked at.
const ATTRIBUTES_MAX: usize = 64;
/// Cases of one report: as many again as are kept still count.
const CASES_MAX: usize = 2 * PER_RUN_MAX as usize;
/// Bytes of text that are collected of a failure; less is kept.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The cases of a report, in its order.
///
/// # Errors
/// 400 that names `junit` for what is no such report, or none that should be read.
pub fn parse(report: &str) -> Result<Vec<Case>> {
    let mut reader = Reader::from_str(report);
    let mut state = State::default();
    loop {
        match reader
            .read_event()
            .map_err(|error| refused(&error.to_string()))?
        {
            Xml::Start(element) => {
                state.open(&element)?;
                state.depth += 1;
                if state.depth > DEPTH_MAX {
                    return Err(refused("its elements are nested too deeply"));
                }
            }
            Xml::Empty(element) => {
                state.open(&element)?;
                state.close(element.local_name().as_ref());
            }
            Xml::End(element) => {
                state.depth = state.depth.saturating_sub(1);
                state.close(element.local_name().as_ref());
            }
            Xml::Text(text) => state.text(&text.decode().unwrap_or_default()),
            Xml::CData(text) => state.text(&text.decode().unwrap_or_default()),
            Xml::GeneralRef(reference) => state.text(&resolved(&reference)),
            Xml::DocType(_) => return Err(refused("it has a document type")),
            Xml::Eof => break,
            Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) => {}
        }
    }
    match (state.is_report, state.depth) {
        (true, 0) => Ok(state.cases),
        (true, _) => Err(refused("it ends too early")),
        (false, _) => Err(refused("it has no testsuites or testsuite")),
    }
}

fn refused(reason: &str) -> Problem {
    let (reason, _) = crate::check::beginning(reason, 200);
    Problem::invalid("junit", format!("This is no JUnit report: {reason}."))
}

#[derive(Default)]
struct State {
    depth: usize,
    is_report: bool,
    cases: Vec<Case>,
    /// The case that is being read.
    case: Option<Case>,
    /// Why it did not pass, while that is being read.
    failure: Option<Failure>,
}

/// What a report says about a case that did not pass.
#[derive(Default)]
struct Failure {
    /// In short.
    message: String,
    /// In full; most tools begin it with the message once more.
    text: String,
}

impl State {
    fn open(&mut self, element: &BytesStart) -> Result<()> {
        let name = element.local_name();
        match name.as_ref() {
            b"testsuites" | b"testsuite" => self.is_report |= self.depth == 0,
            _ if !self.is_report => return Err(refused("it has no testsuites or testsuite")),
            b"testcase" => {
                if self.cases.len() >= CASES_MAX {
                    return Err(refused("it has too many cases"));
                }
                self.case = Some(case(element));
            }
            b"failure" => self.fail(element, CaseStatus::Failed),
            b"error" => self.fail(element, CaseStatus::Errored),
            b"skipped" => self.fail(element, CaseStatus::Skipped),
            _ => {}
        }
        Ok(())
    }

    /// What a case says about not having passed. Of several, the first counts, and any before a skip.
    fn fail(&mut self, element: &BytesStart, status: CaseStatus) {
        let Some(case) = &mut self.case else { return };
        if !matches!(case.status, CaseStatus::Passed | CaseStatus::Skipped) {
            return;
        }
        case.status = status;
        let message = value(element, b"message").or_else(|| value(element, b"type"));
        self.failure = Some(Failure {
            message: message.unwrap_or_default(),
            text: String::new(),
        });
    }

    fn text(&mut self, text: &str) {
        if let Some(Failure { text: before, .. }) = &mut self.failure {
            let room = TEXT_BYTES_MAX.saturating_sub(before.len());
            before.push_str(crate::check::beginning(text, room).0);
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"failure" | b"error" | b"skipped" => {
                if let (Some(case), Some(failure)) = (&mut self.case, self.failure.take()) {
                    case.message = Some(failure.said());
                }
            }
            b"testcase" => {
                self.failure = None;
                self.cases.extend(self.case.take());
            }
            _ => {}
        }
    }
}

impl Failure {
    fn said(self) -> String {
        let (message, text) = (self.message.trim(), self.text.trim());
        match (message.is_empty(), text.is_empty()) {
            (true, _) => text.to_owned(),
            (_, true) => message.to_owned(),
            _ if text.starts_with(message) => text.to_owned(),
            _ => format!("{message}\n{text}"),
        }
    }
}

fn case(element: &BytesStart) -> Case {
    Case {
        name: value(element, b"name").unwrap_or_else(|| "(without a name)".into()),
        class: value(element, b"classname").or_else(|| value(element, b"file")),
        status: CaseStatus::Passed,
        duration_ms: value(element, b"time").and_then(|time| milliseconds(&time)),
        message: None,
    }
}

/// Seconds with a fraction, as reports have them; some with commas between thousands.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is no less than 0, and a float that is too large becomes the largest number"
)]
fn milliseconds(time: &str) -> Option<u64> {
    let seconds: f64 = time.trim().replace(',', "").parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1_000.0).round() as u64)
}

/// An attribute's value.
fn value(element: &BytesStart, name: &[u8]) -> Option<String> {
    let mut attributes = element.attributes();
    // Looking for doubles takes the square of the time.
    let attributes = attributes.with_checks(false).take(ATTRIBUTES_MAX);
    let mut named = attributes
        .flatten()
        .filter(|attribute| attribute.key.local_name().as_ref() == name);
    named.next().map(|attribute| unescaped(&attribute))
}

/// With XML's own entities resolved; as it is where there are others.
fn unescaped(attribute: &Attribute) -> String {
    let text = String::from_utf8_lossy(&attribute.value);
    match escape::unescape(&text) {
        Ok(value) => value.into_owned(),
        Err(_) => text.into_owned(),
    }
}

fn resolved(reference: &BytesRef) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    let name = reference.decode().unwrap_or_default();
    match escape::resolve_predefined_entity(&name) {
        Some(text) => text.to_owned(),
        None => format!("&{name};"),
    }
}
