//! Lists of texts: what clients may ask for, and the query that answers it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::Window;
use stoa_guest::check;
use stoa_guest::prelude::*;

use crate::article::{LISTED, Shelf, Status};
use crate::view::{ArticleSummary, AuthorView};
use crate::{authors, caching};

/// Categories of one shelf: the store computes no more groups at once.
const CATEGORIES_MAX: u32 = 1_000;

/// What a list of texts may be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct ArticleQuery {
    /// Counted from 1, instead of an offset.
    pub page: Option<u32>,
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    pub category: Option<String>,
    pub tag: Option<String>,
    /// `beginner`, `intermediate` or `advanced`.
    pub difficulty: Option<String>,
    /// Words of the title, the excerpt or the text.
    pub search: Option<String>,
    /// The same.
    pub q: Option<String>,
    /// `draft`, `scheduled`, `published` or `all`; anything but `published` is for administrators.
    pub status: Option<String>,
    /// `newest` if absent.
    pub sort: Option<Sort>,
}

/// The order of a list of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Newest,
    Oldest,
    Title,
}

/// A page of texts.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleList {
    pub items: Vec<ArticleSummary>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A page of a shelf's texts that the caller may see.
pub fn list(shelf: Shelf, caller: &Caller, query: &ArticleQuery) -> Result<Response> {
    let cursor = query.cursor.as_deref();
    let window = Window::numbered(query.page, query.limit, query.offset, cursor)?;
    let asked = shelf.texts().query().filter(filter(caller, query)?);
    let asked = match query.sort.unwrap_or_default() {
        Sort::Newest => asked.sort_desc("orderedAt"),
        Sort::Oldest => asked.sort_asc("orderedAt"),
        Sort::Title => asked.sort_asc("title"),
    };
    let found = window.page(asked.fields(LISTED).with_total())?;
    let names = authors::names(found.items.iter().map(|item| item.value.author_id.as_str()))?;
    let items = found.items.into_iter().map(|item| {
        let name = names.get(&item.value.author_id).cloned();
        let author = AuthorView::of(&item.value, name);
        ArticleSummary::of(shelf, item.id, item.value, author)
    });
    let list = ArticleList {
        items: items.collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    };
    caching::marked(caller, Json(list))
}

fn filter(caller: &Caller, query: &ArticleQuery) -> Result<Filter> {
    let mut conditions = Vec::new();
    match query.status.as_deref().unwrap_or(Status::Published.word()) {
        "all" => admins_alone(caller)?,
        word @ ("draft" | "scheduled") => {
            admins_alone(caller)?;
            conditions.push(eq("status", word));
        }
        "published" => conditions.push(eq("status", Status::Published.word())),
        _ => {
            let detail = "status is draft, scheduled, published or all.";
            return Err(Problem::invalid("status", detail));
        }
    }
    for (path, asked) in [
        ("category", &query.category),
        ("difficulty", &query.difficulty),
    ] {
        conditions.extend(asked.as_deref().map(|asked| eq(path, asked.trim())));
    }
    let tag = query.tag.as_deref().map(|tag| tag.trim().to_lowercase());
    conditions.extend(tag.map(|tag| contains("tags", tag)));
    let (search, q) = (query.search.as_deref(), query.q.as_deref());
    let searched = ["title", "excerpt", "summary", "source"];
    conditions.extend(check::search(search, q, &searched)?);
    Ok(and(conditions))
}

/// What is not public is for administrators.
pub fn admins_alone(caller: &Caller) -> Result<()> {
    if caller.is_admin() {
        return Ok(());
    }
    Err(Problem::forbidden("Others see only what is public."))
}

/// Of which texts the categories are asked for.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct CategoryQuery {
    /// `blog` if absent, `help` or `tutorials`.
    pub of: Option<Shelf>,
}

/// A category.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryView {
    /// As lists are asked for it.
    pub name: String,
    /// Published texts.
    pub count: u64,
}

#[derive(Deserialize)]
struct Row {
    category: String,
    count: u64,
}

/// All categories, by name.
#[derive(Debug, Serialize, Schema)]
pub struct CategoryList {
    pub items: Vec<CategoryView>,
    pub total: u64,
}

pub fn categories(caller: &Caller, shelf: Shelf) -> Result<Response> {
    let published = eq("status", Status::Published.word());
    let rows = shelf
        .texts()
        .aggregate()
        .filter(published.and(ne("category", Value::Null)))
        .group_by("category")
        .compute("count")
        .limit(CATEGORIES_MAX)
        .run()?;
    let rows: Vec<Row> = serde_json::from_value(json!(rows))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let items = rows.into_iter().map(|row| CategoryView {
        name: row.category,
        count: row.count,
    });
    let mut items: Vec<CategoryView> = items.collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    let total = items.len() as u64;
    caching::marked(caller, Json(CategoryList { items, total }))
}
