//! `stoa:mail/mail`: letters that join the request. A letter is an event of the host in the guest's unit of work;
//! the post handles it after the commit.

use serde_json::{Value, json};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::CollectionName;
use stoa_kernel::limits::{
    LETTER_SUBJECT_BYTES_MAX, LETTER_TEXT_BYTES_MAX, LETTERS_PER_REQUEST_MAX,
};
use stoa_kernel::mail::{LETTER_SENT, PluginLetter, Recipient, is_address};
use stoa_kernel::random::ulid;
use stoa_kernel::store::{Expiry, StoreError};

use super::{directory, host_events};
use crate::artifact::HOST_PLUGIN;
use crate::bindings::stoa::mail::mail::{self as wire, Error, Host, Letter};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

/// The host's own collection: how many letters the tenant has sent on each day. It lies with the tenant's data, so
/// that the count joins the request, as the letter does.
pub const LETTERS: &str = "letters";

/// Milliseconds of a day.
const DAY_MS: Millis = 86_400_000;

impl Host for State {
    async fn send(&mut self, letter: Letter) -> wasmtime::Result<Result<(), Error>> {
        let (wire::Recipient::Account(to) | wire::Recipient::Address(to)) = &letter.to;
        let scope = self.charge(
            Capability::Mail,
            to.len() + letter.subject.len() + letter.text.len(),
        )?;
        Ok(send(&self.revision, &scope, letter).await)
    }
}

async fn send(revision: &Revision, scope: &Scope, letter: Letter) -> Result<(), Error> {
    let letter = checked(letter)?;
    if let Recipient::Account(id) = &letter.to {
        scope.outside.open();
        let ids = std::slice::from_ref(id);
        let found = &scope.ports.people.directory;
        let found = found.find(&scope.request.tenant, ids).await;
        if found.map_err(other)?.is_empty() {
            return Err(Error::Invalid("nobody here has this id".into()));
        }
    }
    if !scope.budget.take_letter() {
        let reason = format!("a request sends at most {LETTERS_PER_REQUEST_MAX} letters");
        return Err(Error::Limit(reason));
    }
    count(scope).await?;
    // Letters don't wait for each other: each has a key of its own.
    let key = ulid(scope.ports.clock.now(), &*scope.ports.random);
    host_events::raise(revision, scope, LETTER_SENT, &key, &letter).map_err(other)
}

fn checked(letter: Letter) -> Result<PluginLetter, Error> {
    let invalid = |reason: &str| Err(Error::Invalid(reason.into()));
    let to = match letter.to {
        wire::Recipient::Account(id) if directory::is_account_id(&id) => Recipient::Account(id),
        wire::Recipient::Account(_) => return invalid("nobody here has this id"),
        wire::Recipient::Address(address) if is_address(&address) => Recipient::Address(address),
        wire::Recipient::Address(_) => return invalid("this is no e-mail address"),
    };
    let subject = letter.subject;
    let is_line = (1..=LETTER_SUBJECT_BYTES_MAX).contains(&subject.len())
        && !subject.contains(is_break)
        && !subject.trim().is_empty();
    if !is_line {
        return invalid("the subject is one line of 1 to 200 bytes");
    }
    let text = letter.text.replace("\r\n", "\n");
    let in_lines = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.len() > LETTER_TEXT_BYTES_MAX || text.contains(in_lines) {
        return invalid("the text has at most 30 KiB and no control characters but line breaks");
    }
    Ok(PluginLetter { to, subject, text })
}

fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Counts the letter among the tenant's of the day.
async fn count(scope: &Scope) -> Result<(), Error> {
    let (counts, now) = (
        CollectionName::new(HOST_PLUGIN, LETTERS),
        scope.ports.clock.now(),
    );
    let day = (now / DAY_MS).to_string();
    let counted = scope.unit.get(&counts, &day).await.map_err(other)?;
    let sent = counted.and_then(|document| {
        let body: Value = serde_json::from_str(&document.body).ok()?;
        body.get("sent")?.as_u64()
    });
    let sent = sent.unwrap_or_default();
    let max = u64::from(scope.ports.people.letters_per_tenant_daily_max);
    if sent >= max {
        return Err(Error::Limit(format!(
            "the tenant has sent its {max} letters of today"
        )));
    }
    let (body, ends) = (json!({ "sent": sent + 1 }), Expiry::At(now + 2 * DAY_MS));
    let put = scope.unit.put(&counts, &day, None, body, ends).await;
    put.map(drop).map_err(other)
}

fn other(error: StoreError) -> Error {
    match error {
        StoreError::Limit(reason) => Error::Limit(reason),
        error => Error::Other(error.to_string()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn letter(to: &str, subject: &str, text: &str) -> Letter {
        Letter {
            to: wire::Recipient::Address(to.into()),
            subject: subject.into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_letter_has_an_address_a_line_and_a_text_in_lines() {
        let good = checked(letter("a@b.example", "Your order", "Hello,\r\n\tthanks.\n")).unwrap();
        assert_eq!(good.text, "Hello,\n\tthanks.\n");
        let long = |bytes: usize| "x".repeat(bytes);
        checked(letter(
            "a@b.example",
            &long(200),
            &long(LETTER_TEXT_BYTES_MAX),
        ))
        .unwrap();
        for (to, subject, text) in [
            ("a", "s", "t"),
            ("a@b.example\nBcc: c@d.example", "s", "t"),
            ("a@b.example", "", "t"),
            ("a@b.example", " ", "t"),
            ("a@b.example", "s\nBcc: c@d.example", "t"),
            ("a@b.example", &*long(201), "t"),
            ("a@b.example", "s", &*long(LETTER_TEXT_BYTES_MAX + 1)),
            ("a@b.example", "s", "\u{1b}[2J"),
        ] {
            let refused = checked(letter(to, subject, text));
            assert!(matches!(refused, Err(Error::Invalid(_))), "{to} {subject}");
        }
    }
}
