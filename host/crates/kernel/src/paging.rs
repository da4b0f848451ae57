//! Which part of a list a client asks for, and how it is answered; the same in all lists of the host.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::error::Problem;
use crate::limits::{PAGE_LIMIT_MAX, PAGE_OFFSET_MAX};
use crate::query::{Query, SortKey};

/// Elements of a page when the client names no number, as in the catalogue.
const LIMIT_DEFAULT: u32 = 20;

/// Which part of a list is wanted.
#[derive(Debug, Default, PartialEq, Eq, ToSchema)]
pub struct PageQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    cursor: Option<String>,
}

/// A page as clients get it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    items: Vec<T>,
    total: u64,
    limit: u32,
    offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// What was found by a query.
    #[must_use]
    pub fn new(query: &Query, items: Vec<T>, total: u64, next_cursor: Option<String>) -> Self {
        Self {
            items,
            total,
            limit: query.limit,
            offset: query.offset,
            next_cursor,
        }
    }
}

/// The part of a list in this order that the query string asks for.
///
/// # Errors
/// 400 naming the parameter that makes no sense.
pub fn asked_in(query_string: &str, sort: Vec<SortKey>) -> Result<Query, Problem> {
    let asked = PageQuery::parse(query_string)?;
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT).min(PAGE_LIMIT_MAX);
    if limit == 0 {
        return Err(Problem::invalid("limit", "limit is at least 1."));
    }
    let offset = asked.skipped(limit)?;
    if offset > PAGE_OFFSET_MAX {
        return Err(Problem::invalid(
            "offset",
            format!("offset is at most {PAGE_OFFSET_MAX}; page on with cursor."),
        ));
    }
    if offset > 0 && asked.cursor.is_some() {
        return Err(Problem::invalid(
            "cursor",
            "cursor and offset exclude each other.",
        ));
    }
    Ok(Query {
        filter: None,
        sort,
        limit,
        offset,
        cursor: asked.cursor,
        fields: Vec::new(),
        total: true,
    })
}

impl PageQuery {
    /// Parameters that it does not know are somebody else's.
    fn parse(query_string: &str) -> Result<Self, Problem> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
            match &*name {
                "limit" => asked.limit = Some(number("limit", &value)?),
                "offset" => asked.offset = Some(number("offset", &value)?),
                "page" => asked.page = Some(number("page", &value)?),
                "cursor" => asked.cursor = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Elements to skip, by their number or by that of the page.
    fn skipped(&self, limit: u32) -> Result<u32, Problem> {
        let Some(page) = self.page else {
            return Ok(self.offset.unwrap_or(0));
        };
        if self.offset.is_some() || self.cursor.is_some() {
            let detail = "page excludes offset and cursor.";
            return Err(Problem::invalid("page", detail));
        }
        let before = page.checked_sub(1);
        let before = before.ok_or_else(|| Problem::invalid("page", "page is at least 1."))?;
        Ok(before.saturating_mul(limit))
    }
}

fn number(name: &str, text: &str) -> Result<u32, Problem> {
    let number = text.parse();
    number.map_err(|_| Problem::invalid(name, format!("{name} is a whole number.")))
}

/// The schema of a page of a list of this type.
#[must_use]
pub fn page_of(item: &str) -> Value {
    let count =
        |description: &str| json!({"type": "integer", "minimum": 0, "description": description});
    json!({
        "type": "object",
        "description": "A page of a list.",
        "required": ["items", "total", "limit", "offset"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{item}")}},
            "total": count("All that match, on every page."),
            "limit": count("Elements of a page."),
            "offset": count("Elements that were skipped."),
            "nextCursor": {"type": "string", "description": "Present when there are more."},
        },
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn part_of(query_string: &str) -> Result<Query, Problem> {
        asked_in(query_string, Vec::new())
    }

    #[test]
    fn a_part_has_bounds_and_defaults() {
        let part = |text| part_of(text).map(|query| (query.limit, query.offset, query.cursor));
        assert_eq!(part("").unwrap(), (20, 0, None));
        assert_eq!(part("limit=7&offset=3&x=y").unwrap(), (7, 3, None));
        assert_eq!(part("limit=201").unwrap(), (200, 0, None));
        assert_eq!(part("page=1").unwrap(), (20, 0, None));
        assert_eq!(part("limit=7&page=3").unwrap(), (7, 14, None));
        assert_eq!(part("cursor=a%3Db").unwrap(), (20, 0, Some("a=b".into())));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=many", "limit"),
            ("offset=10001", "offset"),
            ("offset=1&cursor=x", "cursor"),
            ("page=0", "page"),
            ("page=1&offset=0", "page"),
            ("page=1&cursor=x", "page"),
            ("page=4294967295", "offset"),
        ] {
            assert_eq!(
                part_of(text).unwrap_err().field.as_deref(),
                Some(field),
                "{text}"
            );
        }
    }
}
