//! What readers see of a text.

use serde::Serialize;
use stoa_guest::prelude::*;

use crate::article::{Article, Difficulty, Shelf, Status};
use crate::seo::{self, SeoView};
use crate::site;

/// Who wrote something.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct AuthorView {
    pub name: String,
}

impl AuthorView {
    /// The byline, or the account's name, or the site itself.
    pub fn of(article: &Article, name: Option<String>) -> Self {
        let name = article.byline.clone().or(name);
        Self {
            name: name.unwrap_or_else(site::name),
        }
    }
}

/// A text in a list. Times are RFC 3339.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleSummary {
    pub id: String,
    pub slug: String,
    /// The page's address.
    pub url: String,
    pub title: String,
    pub excerpt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub tags: Vec<String>,
    pub author: AuthorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_image: Option<String>,
    /// For whom a tutorial is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    /// Minutes that it takes to read, at least 1.
    pub reading_time: u32,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// A text as a whole.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleView {
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// Sanitised: it can be shown as it is.
    pub html: String,
    /// The Markdown that it was made of; shown to administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    pub seo: SeoView,
}

impl ArticleSummary {
    /// A text that the caller may see.
    pub fn of(shelf: Shelf, id: String, article: Article, author: AuthorView) -> Self {
        let excerpt = article.teaser().to_owned();
        Self {
            id,
            url: page(shelf, &article),
            slug: article.slugs.slug,
            title: article.title,
            excerpt,
            category: article.category,
            tags: article.tags,
            author,
            cover_image: article.cover_image,
            difficulty: article.difficulty,
            reading_time: article.reading_minutes,
            status: article.status,
            published_at: article.published_at.map(clock::rfc3339),
            created_at: clock::rfc3339(article.created_at),
            updated_at: clock::rfc3339(article.updated_at),
        }
    }
}

impl ArticleView {
    /// A text that the caller may see; its source is for administrators.
    pub fn of(
        shelf: Shelf,
        id: String,
        mut article: Article,
        author: AuthorView,
        with_source: bool,
    ) -> Self {
        let seo = seo::of_article(shelf, &article, &author);
        let html = std::mem::take(&mut article.html);
        let source = std::mem::take(&mut article.source);
        Self {
            summary: ArticleSummary::of(shelf, id, article, author),
            html,
            content: with_source.then_some(source),
            seo,
        }
    }
}

/// The address of a text's page.
pub fn page(shelf: Shelf, article: &Article) -> String {
    site::url(&format!("/{}/{}", shelf.word(), article.slugs.slug))
}
