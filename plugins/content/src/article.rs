//! A text as it is stored: a post of the blog, a help article, a tutorial. They differ in their shelf alone.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::slugs::Slugs;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Shelf {
    /// Posts of the blog.
    Blog,
    /// Help articles.
    Help,
    /// Tutorials.
    Tutorials,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 3] = [Self::Blog, Self::Help, Self::Tutorials];

    /// The word in paths and keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blog => "blog",
            Self::Help => "help",
            Self::Tutorials => "tutorials",
        }
    }

    /// What one of its texts is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Blog => "post",
            Self::Help => "help article",
            Self::Tutorials => "tutorial",
        }
    }

    /// Its texts. A text's id is the document's id.
    pub const fn texts(self) -> Collection<Article> {
        Collection::new(match self {
            Self::Blog => "posts",
            Self::Help => "help",
            Self::Tutorials => "tutorials",
        })
    }
}

/// Who sees a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Administrators alone.
    #[default]
    Draft,
    /// Administrators alone, until it publishes itself.
    Scheduled,
    /// Everybody.
    Published,
}

impl Status {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
        }
    }
}

/// For whom a tutorial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    Beginner,
    Intermediate,
    Advanced,
}

/// What an author wants search engines and other sites to show, where it is not what the text itself says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seo {
    /// At most 200 characters; the title if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 500 characters; the excerpt if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of the original, if it is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// A picture for previews; the cover if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Asks search engines to pass by; the site map leaves it out.
    pub no_index: bool,
}

/// A stored text. Lists leave out what is long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Article {
    #[serde(flatten)]
    pub slugs: Slugs,
    pub title: String,
    /// As it was written, in Markdown.
    #[serde(default)]
    pub source: String,
    /// What became of it.
    #[serde(default)]
    pub html: String,
    /// What the author wrote as its excerpt.
    pub excerpt: Option<String>,
    /// Its beginning, for texts without excerpt.
    pub summary: String,
    pub reading_minutes: u32,
    pub category: Option<String>,
    pub tags: Vec<String>,
    /// The byline, where it is not the account's name.
    pub byline: Option<String>,
    /// The account that wrote it.
    pub author_id: String,
    pub cover_image: Option<String>,
    pub difficulty: Option<Difficulty>,
    pub seo: Seo,
    pub status: Status,
    /// When it was, or will be, published.
    pub published_at: Option<u64>,
    /// What lists are ordered by: when it was published, or else created.
    pub ordered_at: u64,
    pub created_at: u64,
    pub updated_at: u64,
}

/// Everything that lists show.
pub const LISTED: &[&str] = &[
    "slug",
    "title",
    "excerpt",
    "summary",
    "readingMinutes",
    "category",
    "tags",
    "byline",
    "authorId",
    "coverImage",
    "difficulty",
    "seo",
    "status",
    "publishedAt",
    "orderedAt",
    "createdAt",
    "updatedAt",
];

impl Article {
    /// Whether the caller may know of it.
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        self.status == Status::Published || caller.is_admin()
    }

    /// A few sentences of what it is about.
    pub fn teaser(&self) -> &str {
        self.excerpt.as_deref().unwrap_or(&self.summary)
    }
}
