//! Reviews: one per user and product.

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::product::PRODUCTS;
use crate::products::seen;
use crate::{check, copies, rights};

/// Stars of a review.
const RATING_MAX: u8 = 5;
/// Characters of a review's text.
const COMMENT_CHARS_MAX: usize = 5_000;

/// All reviews. One whose author is here has the id `<product>:<author>`.
pub const REVIEWS: Collection<Review> = Collection::new("reviews");

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    pub product_id: String,
    /// None once the author is here no more.
    pub user_id: Option<String>,
    rating: u8,
    title: Option<String>,
    comment: String,
    created_at: u64,
}

/// A review as its author writes it.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReview {
    /// 1 to 5.
    pub rating: u8,
    /// At most 200 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// At most 5,000 characters.
    #[serde(default)]
    pub comment: String,
}

/// A review.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    pub id: String,
    pub product_id: String,
    /// Absent once the author's account has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// 1 to 5.
    pub rating: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub comment: String,
    pub created_at: String,
}

impl ReviewView {
    /// A review, for everybody.
    pub fn of(id: String, review: Review) -> Self {
        Self {
            id,
            product_id: review.product_id,
            user_id: review.user_id,
            rating: review.rating,
            title: review.title,
            comment: review.comment,
            created_at: clock::rfc3339(review.created_at),
        }
    }
}

/// What a list of reviews may be asked for.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReviewQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    pub page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    /// `newest` if absent.
    pub sort: Option<ReviewSort>,
}

/// The order of a list of reviews.
#[derive(Debug, Clone, Copy, Default, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewSort {
    #[default]
    Newest,
    Oldest,
    Highest,
    Lowest,
}

/// A page of reviews.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewList {
    pub items: Vec<ReviewView>,
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

pub fn list_reviews(
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ReviewQuery>,
) -> Result<Json<ReviewList>> {
    let cursor = query.cursor.as_deref();
    let window = Window::numbered(query.page, query.limit, query.offset, cursor)?;
    seen(&caller, &id)?;
    let reviews = REVIEWS.query().filter(eq("productId", id));
    let sorted = match query.sort.unwrap_or_default() {
        ReviewSort::Newest => reviews.sort_desc("createdAt"),
        ReviewSort::Oldest => reviews.sort_asc("createdAt"),
        ReviewSort::Highest => reviews.sort_desc("rating"),
        ReviewSort::Lowest => reviews.sort_asc("rating"),
    };
    let found = window.page(sorted.with_total())?;
    Ok(Json(ReviewList {
        items: found
            .items
            .into_iter()
            .map(|found| ReviewView::of(found.id, found.value))
            .collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    }))
}

pub fn add_review(
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewReview>,
) -> Result<Created<Json<ReviewView>>> {
    if !(1..=RATING_MAX).contains(&new.rating) {
        return Err(Problem::invalid(
            "rating",
            format!("rating is 1 to {RATING_MAX}."),
        ));
    }
    let mut product = seen(&caller, &id)?;
    if rights::owns(&caller, &product) {
        return Err(Problem::forbidden("Nobody reviews an own product."));
    }
    let review_id = format!("{id}:{}", caller.id);
    if REVIEWS.get(&review_id)?.is_some() {
        return Err(Problem::conflict(
            "already-reviewed",
            "There is one review per user and product.",
        ));
    }
    let review = Review {
        title: check::optional_line("title", new.title.as_deref(), check::NAME_CHARS_MAX)?,
        comment: check::prose("comment", &new.comment, COMMENT_CHARS_MAX)?,
        rating: new.rating,
        product_id: id.clone(),
        user_id: Some(caller.id),
        created_at: clock::now_ms(),
    };
    REVIEWS.create(&review_id, &review)?;
    product.rate(review.rating);
    PRODUCTS.put(&id, &product)?;
    copies::drop(&id);
    Ok(Created(Json(ReviewView::of(review_id, review))))
}

/// Whether somebody ever reviewed a product of this id.
pub fn any_of(product_id: &str) -> Result<bool> {
    Ok(!REVIEWS
        .query()
        .filter(eq("productId", product_id))
        .limit(1)
        .run()?
        .items
        .is_empty())
}
