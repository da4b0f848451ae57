//! Markdown to HTML that is safe to show: rendered once, when it is written, and stored beside its source.

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use stoa_guest::prelude::*;

/// Bytes of a text's source: fifty printed pages. The worst that could be made of it takes half a second and a
/// third of the plugin's memory.
pub const SOURCE_BYTES_MAX: usize = 100_000;

/// Bytes of the HTML that becomes of it, so that the document with both fits into what a document may have.
const HTML_BYTES_MAX: usize = 500_000;

/// Tags that a text may write by itself, instead of in Markdown. Browsers open unclosed emphasis anew in each
/// paragraph, and so does the sanitiser: elements may become as many as the square of the tags.
const RAW_TAGS_MAX: usize = 1_000;

/// Levels of lists, quotes and emphasis in one another: more is a slip or an attack.
const DEPTH_MAX: usize = 32;

/// Words that people read in a minute (Brysbaert 2019, "How many words do we read per minute?").
const WORDS_PER_MINUTE: usize = 238;

/// Characters of the summary that a text gets by itself: two lines of a list, and what search engines show.
const SUMMARY_CHARS: usize = 200;

/// Where links may lead. Neither `javascript:` nor `data:`.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// A text as readers get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Sanitised HTML.
    pub html: String,
    /// Its beginning as plain text.
    pub summary: String,
    /// At least 1.
    pub reading_minutes: u32,
}

/// Renders what `field` of a request says.
///
/// # Errors
/// 400 for what is longer, or more entangled, than a text is.
pub fn render(field: &str, source: &str) -> Result<Rendered> {
    check(field, source)?;
    let (mut depth, mut deepest, mut raw_tags) = (0_usize, 0_usize, 0_usize);
    let mut plain = Plain::default();
    let events = Parser::new_ext(source, options()).inspect(|event| {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Html(raw) | Event::InlineHtml(raw) => raw_tags += raw.matches('<').count(),
            _ => {}
        }
        deepest = deepest.max(depth);
        plain.take(event);
    });
    let mut dirty = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut dirty, events);
    if deepest > DEPTH_MAX {
        let detail = format!("{field} is nested deeper than {DEPTH_MAX} levels.");
        return Err(Problem::invalid(field, detail));
    }
    if raw_tags > RAW_TAGS_MAX {
        let detail = format!("{field} has at most {RAW_TAGS_MAX} tags of HTML.");
        return Err(Problem::invalid(field, detail));
    }
    let html = cleaned(&dirty);
    if html.len() > HTML_BYTES_MAX {
        let detail = format!("{field} makes more than {HTML_BYTES_MAX} bytes of HTML.");
        return Err(Problem::invalid(field, detail));
    }
    let minutes = plain.words().div_ceil(WORDS_PER_MINUTE).max(1);
    Ok(Rendered {
        html,
        summary: plain.summary(),
        reading_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
    })
}

fn check(field: &str, source: &str) -> Result<()> {
    if source.len() > SOURCE_BYTES_MAX {
        let detail = format!("{field} has at most {SOURCE_BYTES_MAX} bytes.");
        return Err(Problem::invalid(field, detail));
    }
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if !source.chars().all(is_plain) {
        let detail = format!("{field} has no control characters.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(())
}

/// CommonMark with what people know from GitHub.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// What of an HTML text is harmless.
pub fn cleaned(html: &str) -> String {
    sanitiser().clean(html).to_string()
}

/// Ammonia's own list of what is harmless, with what Markdown makes besides. Nothing has an id: a text could take the
/// place of an element of the page around it.
fn sanitiser() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .generic_attributes(["lang", "title", "dir"].into())
        .add_tags(["input"])
        .add_tag_attributes("input", ["checked"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .add_tag_attributes("code", ["class"])
        .attribute_filter(|element, name, value| match (element, name) {
            ("code", "class") => is_language(value).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
}

/// What Markdown notes of a block of code, for highlighting.
fn is_language(class: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'#');
    class
        .strip_prefix("language-")
        .is_some_and(|name| name.bytes().all(is_plain))
}

/// What a text says without its marks.
#[derive(Default)]
struct Plain {
    text: String,
    code: usize,
}

impl Plain {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => self.code += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                self.code = self.code.saturating_sub(1);
            }
            Event::InlineHtml(tag) => match hides(tag) {
                Some(true) => self.code += 1,
                Some(false) => self.code = self.code.saturating_sub(1),
                None => {}
            },
            Event::Text(text) if self.code == 0 => self.text.push_str(text),
            Event::Code(text) => self.text.push_str(text),
            event if is_break(event) => self.text.push(' '),
            _ => {}
        }
    }

    fn words(&self) -> usize {
        self.text.split_whitespace().count()
    }

    /// The first words, as many as fit.
    fn summary(&self) -> String {
        let mut summary = String::new();
        let mut chars = 0;
        for word in self.text.split_whitespace() {
            let length = word.chars().count() + usize::from(chars > 0);
            if chars + length > SUMMARY_CHARS {
                if chars == 0 {
                    summary.extend(word.chars().take(SUMMARY_CHARS));
                }
                summary.push('…');
                break;
            }
            if chars > 0 {
                summary.push(' ');
            }
            summary.push_str(word);
            chars += length;
        }
        summary
    }
}

/// Whether a tag begins or ends what nobody gets to read.
fn hides(tag: &str) -> Option<bool> {
    let tag = tag.to_ascii_lowercase();
    let name = tag.strip_prefix('<')?.trim_end_matches('>');
    let (begins, name) = match name.strip_prefix('/') {
        Some(name) => (false, name),
        None => (true, name),
    };
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    matches!(name, "script" | "style").then_some(begins)
}

/// Whether words before and after it are apart.
const fn is_break(event: &Event<'_>) -> bool {
    match event {
        Event::SoftBreak | Event::HardBreak => true,
        Event::End(end) => !matches!(
            end,
            TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough
                | TagEnd::Link
                | TagEnd::Image
        ),
        _ => false,
    }
}
