//! Categories: those that products on sale name.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::product::{PRODUCTS, Status};

/// Categories of one shop: the store computes no more groups at once.
const CATEGORIES_MAX: u32 = 1_000;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct PageQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    pub page: Option<u32>,
}

/// A category.
#[derive(Debug, PartialEq, Eq, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryView {
    /// The name in a form for addresses.
    pub slug: String,
    /// As products name it, and as lists of products are asked for it.
    pub name: String,
    /// Products on sale.
    pub product_count: u64,
}

/// A page of categories.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryList {
    pub items: Vec<CategoryView>,
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "offer.category")]
    category: String,
    count: u64,
}

pub fn list_categories(Query(query): Query<PageQuery>) -> Result<Json<CategoryList>> {
    let window = Window::numbered(query.page, query.limit, query.offset, None)?;
    let rows = PRODUCTS
        .aggregate()
        .filter(eq("status", Status::Active.word()))
        .group_by("offer.category")
        .compute("count")
        .limit(CATEGORIES_MAX)
        .run()?;
    let rows = serde_json::from_value(rows.into_iter().map(Value::Object).collect());
    Ok(Json(page(
        rows.map_err(|error| Problem::internal(error.to_string()))?,
        &window,
    )))
}

fn page(mut rows: Vec<Row>, window: &Window) -> CategoryList {
    rows.sort_by_cached_key(|row| (row.category.to_lowercase(), row.category.clone()));
    let total = rows.len() as u64;
    let skipped = rows
        .into_iter()
        .skip(window.offset as usize)
        .take(window.limit as usize);
    let items = skipped.map(|row| CategoryView {
        slug: slug(&row.category),
        name: row.category,
        product_count: row.count,
    });
    CategoryList {
        items: items.collect(),
        total,
        limit: window.limit,
        offset: window.offset,
    }
}

/// Letters and digits in lower case, everything between them a hyphen.
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_hold_letters_digits_and_hyphens() {
        for (name, expected) in [
            ("Sales & Marketing", "sales-marketing"),
            ("sport", "sport"),
            (" Größe 2 ", "größe-2"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }

    #[test]
    fn a_page_of_categories_is_sorted_and_knows_the_total() {
        let row = |category: &str| Row {
            category: category.into(),
            count: 2,
        };
        let window = Window {
            limit: 1,
            offset: 1,
            cursor: None,
        };
        let list = page(vec![row("C"), row("a"), row("b")], &window);
        assert_eq!(list.total, 3);
        assert_eq!(
            list.items,
            [CategoryView {
                slug: "b".into(),
                name: "b".into(),
                product_count: 2
            }]
        );
    }
}
