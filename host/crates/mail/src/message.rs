//! A message ready to leave. No text that anybody chose can become a header or a second recipient.

use std::fmt;

use lettre::Address;
use lettre::message::Mailbox;
use stoa_kernel::clock::Millis;
use stoa_kernel::mail::ADDRESS_BYTES_MAX;

/// Characters of a subject: what mail programs show, and one unfolded header stays far below the limit
/// of a line.
const SUBJECT_CHARS_MAX: usize = 200;

/// The text is no address to send to or from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidAddress;

/// Who sends: an address, and perhaps a name, as in `Stoa <no-reply@shop.example>`.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// Checks a text.
    ///
    /// # Errors
    /// [`InvalidAddress`] when it is no mailbox.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let mailbox: Mailbox = text.parse().map_err(|_| InvalidAddress)?;
        address(mailbox.email.as_ref())?;
        match &mailbox.name {
            Some(name) if name.contains(char::is_control) => Err(InvalidAddress),
            _ => Ok(Self(mailbox)),
        }
    }

    pub(crate) const fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    /// The part behind the `@`.
    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// A message ready to leave.
#[derive(Clone)]
pub struct Message {
    id: String,
    date: Millis,
    from: Sender,
    to: Address,
    subject: String,
    text: String,
    html: String,
}

impl fmt::Debug for Message {
    /// Neither the recipient nor the text: both are nobody's business in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

/// What a template was filled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// For programs that show plain text.
    pub text: String,
    /// For all others.
    pub html: String,
}

impl Message {
    /// A message to one address. `id` is the letter's, the same for every try, so that a receiver can tell a
    /// repetition.
    ///
    /// # Errors
    /// [`InvalidAddress`] when `to` is none.
    pub fn new(
        id: &str,
        date: Millis,
        from: &Sender,
        to: &str,
        content: Content,
    ) -> Result<Self, InvalidAddress> {
        Ok(Self {
            id: id.to_owned(),
            date,
            from: from.clone(),
            to: address(to)?,
            subject: one_line(&content.subject),
            text: content.text,
            html: content.html,
        })
    }

    /// The letter's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was written.
    #[must_use]
    pub const fn date(&self) -> Millis {
        self.date
    }

    /// Who sends.
    #[must_use]
    pub const fn from(&self) -> &Sender {
        &self.from
    }

    /// Who gets it.
    #[must_use]
    pub const fn to(&self) -> &Address {
        &self.to
    }

    /// One line without control characters.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The plain text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Its `Message-ID`.
    pub(crate) fn message_id(&self) -> String {
        format!("<{}@{}>", self.id, self.from.domain())
    }

    /// What separates its parts: no line of a template begins like that.
    pub(crate) fn boundary(&self) -> String {
        format!("=_{}", self.id)
    }
}

fn address(text: &str) -> Result<Address, InvalidAddress> {
    if text.len() > ADDRESS_BYTES_MAX
        || text.contains(|c: char| c.is_control() || c.is_whitespace())
    {
        return Err(InvalidAddress);
    }
    text.parse().map_err(|_| InvalidAddress)
}

/// Spaces instead of line breaks and control characters, and never too long for a header.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SUBJECT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_recipient_and_nothing_else() {
        for good in ["a@b.example", "a+tag@b.example", "stoa@localhost"] {
            assert_eq!(address(good).unwrap().to_string(), good);
        }
        let long = format!("{}@b.example", "a".repeat(ADDRESS_BYTES_MAX));
        for bad in [
            "",
            "a",
            "a@",
            "@b.example",
            "a@b.example\r\nBcc: c@d.example",
            "a@b.example\nBcc: c@d.example",
            "a\r\n@b.example",
            "\"a\r\nb\"@b.example",
            "\"a b\"@b.example",
            "a@b.example, c@d.example",
            "A <a@b.example>",
            "a@b.example\0",
            "a@b.example\u{2028}",
            long.as_str(),
        ] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_sender_may_have_a_name_without_line_breaks() {
        assert!(Sender::parse("stoa@localhost").is_ok());
        let sender = Sender::parse("The Shop <no-reply@shop.example>").unwrap();
        assert_eq!(sender.domain(), "shop.example");
        for bad in ["", "The Shop", "Shop\r\nBcc: x <a@b.example>"] {
            assert!(Sender::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_subject_is_one_short_line() {
        assert_eq!(one_line("a\r\nBcc: b\tc\u{0}\u{2028} d "), "a Bcc: b c d");
        assert_eq!(
            one_line(&"ä".repeat(1_000)).chars().count(),
            SUBJECT_CHARS_MAX
        );
    }
}
