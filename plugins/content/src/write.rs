//! What an author sends of a text, and how it becomes an [`Article`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::article::{Article, Difficulty, Seo, Status};
use crate::markdown::Rendered;
use crate::slugs::Slugs;
use crate::view::ArticleView;
use crate::{authors, check, markdown};

/// A text as its author writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewArticle {
    /// One line, at most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The name in addresses: lower-case letters, digits and hyphens. Made from the title's Latin letters if absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Markdown, at most 100,000 bytes. HTML in it is kept as far as it is harmless.
    pub content: String,
    /// At most 500 characters; the beginning of the text if absent.
    #[serde(default)]
    pub excerpt: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    /// At most 30.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The byline; the name of who sends it if absent.
    #[serde(default)]
    pub author: Option<String>,
    /// The address of a picture, or `blob:` and the id of a public upload.
    #[serde(default)]
    pub cover_image: Option<String>,
    /// For whom a tutorial is.
    #[serde(default)]
    pub difficulty: Option<Difficulty>,
    #[serde(default)]
    pub seo: Option<Seo>,
    /// `draft` if absent. What is published at a time to come is scheduled.
    #[serde(default)]
    pub status: Option<Status>,
    /// When it was or will be published (RFC 3339), at most 400 days ahead; now if absent.
    #[serde(default)]
    pub published_at: Option<String>,
}

/// Members that nobody writes, or that are shown otherwise than they are written.
const AS_READ: &[&str] = &[
    "author",
    "createdAt",
    "excerpt",
    "html",
    "id",
    "readingTime",
    "seo",
    "updatedAt",
    "url",
];

/// Members of a text to change; others stay, null removes one. What is not written so may come along as it was read. What is
/// scheduled goes public at once by the status `published`, unless another time comes along.
#[derive(Debug, Deserialize, Schema)]
pub struct ArticleChange(Map<String, Value>);

impl NewArticle {
    /// A text as its author would write it now.
    pub fn of(article: &Article) -> Self {
        let slug = Some(article.slugs.slug.clone());
        Self {
            title: article.title.clone(),
            slug,
            content: article.source.clone(),
            excerpt: article.excerpt.clone(),
            category: article.category.clone(),
            tags: article.tags.clone(),
            author: article.byline.clone(),
            cover_image: article.cover_image.clone(),
            difficulty: article.difficulty,
            seo: Some(article.seo.clone()),
            status: Some(article.status),
            published_at: article.published_at.map(clock::rfc3339),
        }
    }

    /// The same after a change, by somebody who has `read` it.
    pub fn changed(&self, read: &ArticleView, request: &Request) -> Result<Self> {
        let Json(ArticleChange(mut change)) = Json::from_request(request)?;
        let publishes = change.get("status") == Some(&json!(Status::Published));
        if publishes && self.status == Some(Status::Scheduled) {
            // Who publishes what waits for its time doesn't want to wait.
            unset_as_read(&mut change, "publishedAt", self.published_at.as_deref());
        }
        Json::patched_as_read(self, read, AS_READ, change)
    }

    /// The text that is to be stored; `before` is what was there.
    pub fn article(
        &self,
        caller: &Caller,
        slugs: Slugs,
        before: Option<&Article>,
    ) -> Result<Article> {
        let now = clock::now_ms();
        let (status, published_at) = self.publication(now)?;
        let created_at = before.map_or(now, |before| before.created_at);
        let author_id = match before {
            Some(before) => before.author_id.clone(),
            None => authors::sign(caller)?,
        };
        let rendered = self.rendered(before)?;
        Ok(Article {
            slugs,
            title: check::line("title", &self.title, check::TITLE_CHARS_MAX)?,
            source: self.content.clone(),
            html: rendered.html,
            summary: rendered.summary,
            reading_minutes: rendered.reading_minutes,
            excerpt: self
                .excerpt
                .as_deref()
                .map(|text| check::prose("excerpt", text, check::EXCERPT_CHARS_MAX))
                .transpose()?
                .filter(|text| !text.is_empty()),
            category: check::optional_line(
                "category",
                self.category.as_deref(),
                check::LABEL_CHARS_MAX,
            )?,
            tags: check::tags("tags", &self.tags)?,
            byline: check::optional_line("author", self.author.as_deref(), check::LABEL_CHARS_MAX)?,
            author_id,
            cover_image: self
                .cover_image
                .as_deref()
                .map(|text| check::picture("coverImage", text))
                .transpose()?,
            difficulty: self.difficulty,
            seo: self
                .seo
                .as_ref()
                .map_or_else(|| Ok(Seo::default()), checked)?,
            status,
            published_at,
            ordered_at: published_at.unwrap_or(created_at),
            created_at,
            updated_at: now,
        })
    }

    /// What is rendered already is not rendered again.
    fn rendered(&self, before: Option<&Article>) -> Result<Rendered> {
        match before {
            Some(before) if before.source == self.content => Ok(Rendered {
                html: before.html.clone(),
                summary: before.summary.clone(),
                reading_minutes: before.reading_minutes,
            }),
            _ => markdown::render("content", &self.content),
        }
    }

    /// Who is to see it, and since when.
    fn publication(&self, now: u64) -> Result<(Status, Option<u64>)> {
        let asked = self.published_at.as_deref();
        let asked = asked
            .map(|text| check::time("publishedAt", text))
            .transpose()?;
        match (self.status.unwrap_or_default(), asked) {
            (Status::Draft, _) => Ok((Status::Draft, None)),
            (Status::Scheduled | Status::Published, Some(at)) if at > now => {
                check_ahead("publishedAt", at, now)?;
                Ok((Status::Scheduled, Some(at)))
            }
            (Status::Scheduled, None) => {
                let detail = "What is scheduled has a time to be published at.";
                Err(Problem::unprocessable("publishedAt", detail))
            }
            (Status::Scheduled | Status::Published, at) => {
                Ok((Status::Published, Some(at.unwrap_or(now))))
            }
        }
    }
}

/// Has a change unset a time that it does not name, or sends back as it was read: it asks for no other then.
pub fn unset_as_read(change: &mut Map<String, Value>, name: &str, read: Option<&str>) {
    if change.get(name).is_none_or(|sent| *sent == json!(read)) {
        change.insert(name.into(), Value::Null);
    }
}

/// Days that something may be put off: as long as the host keeps events for later.
const AHEAD_DAYS_MAX: u64 = 400;

/// Refuses times that nobody plans for.
pub fn check_ahead(field: &str, at: u64, now: u64) -> Result<()> {
    if at.saturating_sub(now) <= AHEAD_DAYS_MAX * 86_400_000 {
        return Ok(());
    }
    let detail = format!("{field} is at most {AHEAD_DAYS_MAX} days ahead.");
    Err(Problem::unprocessable(field, detail))
}

fn checked(seo: &Seo) -> Result<Seo> {
    let line = |field: &str, text: &Option<String>, chars_max| {
        check::optional_line(field, text.as_deref(), chars_max)
    };
    let url = seo.canonical_url.as_deref();
    let image = seo.image.as_deref();
    Ok(Seo {
        title: line("seo.title", &seo.title, check::TITLE_CHARS_MAX)?,
        description: line(
            "seo.description",
            &seo.description,
            check::EXCERPT_CHARS_MAX,
        )?,
        canonical_url: url
            .map(|url| check::web_url("seo.canonicalUrl", url))
            .transpose()?,
        image: image
            .map(|image| check::picture("seo.image", image))
            .transpose()?,
        no_index: seo.no_index,
    })
}
