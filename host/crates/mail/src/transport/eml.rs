//! A message as text (RFC 5322, with UTF-8 as RFC 6532 allows), readable by people and by mail programs, and
//! back again.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use stoa_kernel::clock::Millis;

use crate::message::Message;

/// A message as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeptMessage {
    /// Who sent it.
    pub from: String,
    /// Who gets it.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// When it was written.
    pub date: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// The message as text. Header values have no line breaks: [`Message`] takes none.
pub(super) fn compose(message: &Message) -> String {
    let (boundary, date) = (message.boundary(), date(message.date()));
    let mut text = format!(
        "From: {}\nTo: {}\nSubject: {}\nDate: {date}\nMessage-ID: {}\nMIME-Version: 1.0\n\
         Content-Type: multipart/alternative; boundary=\"{boundary}\"\n",
        message.from().mailbox(),
        message.to(),
        message.subject(),
        message.message_id(),
    );
    for (kind, part) in [("plain", message.text()), ("html", message.html())] {
        text.push_str(&format!(
            "\n--{boundary}\nContent-Type: text/{kind}; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\n{part}\n"
        ));
    }
    text.push_str(&format!("\n--{boundary}--\n"));
    text
}

/// A time as mail writes it; the beginning of time for one that no calendar has.
fn date(at: Millis) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    let printer = rfc2822::DateTimePrinter::new();
    printer
        .timestamp_to_string(&at.unwrap_or(Timestamp::UNIX_EPOCH))
        .unwrap_or_default()
}

/// What [`compose`] was given; none if it was not `compose` who wrote the text.
pub(super) fn parse(text: &str) -> Option<KeptMessage> {
    let (head, body) = text.split_once("\n\n")?;
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let boundary = header("Content-Type")?.split('"').nth(1)?;
    let separator = format!("--{boundary}");
    let mut parts = body.split(separator.as_str()).skip(1).map(|part| {
        let (_, content) = part.split_once("\n\n")?;
        Some(content.trim_end_matches('\n').to_owned())
    });
    Some(KeptMessage {
        from: header("From")?.to_owned(),
        to: header("To")?.to_owned(),
        subject: header("Subject")?.to_owned(),
        date: header("Date")?.to_owned(),
        text: parts.next()??,
        html: parts.next()??,
    })
}
