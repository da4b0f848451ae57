//! Which part of a list a client asks for; the same in all lists.

use serde::de::DeserializeOwned;

use crate::storage::{Page, Query, StorageError};
use crate::{Problem, Result};

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Elements at most.
    pub limit: u32,
    /// Elements to skip.
    pub offset: u32,
    /// Where an earlier page ended, instead of an offset.
    pub cursor: Option<String>,
}

impl Window {
    /// Elements of a page when the client names no number: what the shops' clients expect.
    pub const LIMIT_DEFAULT: u32 = 20;
    /// Elements of a page at most, as the store has it; larger wishes are cut to it.
    pub const LIMIT_MAX: u32 = 200;
    /// Elements that an offset may skip, as the store has it; beyond it there are cursors.
    pub const OFFSET_MAX: u32 = 10_000;

    /// The part that these parameters of a query string name.
    ///
    /// # Errors
    /// 400 that names the parameter which makes no page.
    pub fn of(limit: Option<u32>, offset: Option<u32>, cursor: Option<&str>) -> Result<Self> {
        let limit = limit.unwrap_or(Self::LIMIT_DEFAULT);
        let offset = offset.unwrap_or(0);
        if limit == 0 {
            return Err(Problem::invalid("limit", "limit is at least 1."));
        }
        if offset > Self::OFFSET_MAX {
            return Err(Problem::invalid(
                "offset",
                format!(
                    "offset is at most {}; page on with cursor.",
                    Self::OFFSET_MAX
                ),
            ));
        }
        if offset > 0 && cursor.is_some() {
            return Err(Problem::invalid(
                "cursor",
                "cursor and offset exclude each other.",
            ));
        }
        Ok(Self {
            limit: limit.min(Self::LIMIT_MAX),
            offset,
            cursor: cursor.map(Into::into),
        })
    }

    /// The same by the number of a page, counted from 1, for clients that count so.
    ///
    /// # Errors
    /// As [`Window::of`]; a number and an offset or cursor exclude each other.
    pub fn numbered(
        page: Option<u32>,
        limit: Option<u32>,
        offset: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Self> {
        let Some(page) = page else {
            return Self::of(limit, offset, cursor);
        };
        if page == 0 {
            return Err(Problem::invalid("page", "page is at least 1."));
        }
        if offset.is_some() || cursor.is_some() {
            let detail = "page excludes offset and cursor.";
            return Err(Problem::invalid("page", detail));
        }
        let mut window = Self::of(limit, None, None)?;
        window.offset = (page - 1).saturating_mul(window.limit);
        if window.offset > Self::OFFSET_MAX {
            let detail = format!(
                "pages end after {} elements; page on with cursor.",
                Self::OFFSET_MAX
            );
            return Err(Problem::invalid("page", detail));
        }
        Ok(window)
    }

    /// The part nearest to what is asked for, where a wish for no element or for too many is no mistake: a `limit`
    /// of 1 to [`Window::LIMIT_MAX`]. An offset beyond [`Window::OFFSET_MAX`] is the store's to refuse.
    #[must_use]
    pub fn nearest(limit: u32, offset: u32) -> Self {
        Self {
            limit: limit.clamp(1, Self::LIMIT_MAX),
            offset,
            cursor: None,
        }
    }

    /// The same with at most so many elements, for lists whose elements cost more than others.
    #[must_use]
    pub fn at_most(mut self, limit: u32) -> Self {
        self.limit = self.limit.min(limit);
        self
    }

    /// This part of what a query finds; with [`Query::with_total`], all matches are counted, too. Whatever limit,
    /// offset or cursor the query had gives way to this part's.
    ///
    /// # Errors
    /// 400 that names the cursor when it is none of the query's; otherwise those of [`Query::run`].
    pub fn page<T: DeserializeOwned>(&self, query: Query<T>) -> Result<Page<T>> {
        let page = query
            .limit(self.limit)
            .offset(self.offset)
            .cursor(self.cursor.clone());
        page.run().map_err(|error| self.refused(error))
    }

    /// Why the store gave no page. Of all that this part names only the cursor is the store's to judge.
    fn refused(&self, error: StorageError) -> Problem {
        match error {
            StorageError::Invalid(reason) if self.cursor.is_some() => {
                Problem::invalid("cursor", reason)
            }
            error => error.into(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::storage::Collection;
    use crate::testing::Host;

    const THINGS: Collection<Value> = Collection::new("things");

    #[test]
    fn a_page_is_bounded() {
        let window = |limit, offset| Window::of(limit, offset, None).unwrap();
        assert_eq!(
            window(None, None),
            Window {
                limit: 20,
                offset: 0,
                cursor: None
            }
        );
        assert_eq!(window(Some(u32::MAX), Some(7)).limit, Window::LIMIT_MAX);
        assert_eq!(
            window(Some(1), Some(Window::OFFSET_MAX)).offset,
            Window::OFFSET_MAX
        );
    }

    #[test]
    fn what_makes_no_page_is_refused_by_name() {
        for (limit, offset, cursor, field) in [
            (Some(0), None, None, "limit"),
            (None, Some(Window::OFFSET_MAX + 1), None, "offset"),
            (None, Some(1), Some("x"), "cursor"),
        ] {
            let problem = Window::of(limit, offset, cursor).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field))
            );
        }
    }

    #[test]
    fn pages_are_counted_from_one() {
        let window = |page, limit| Window::numbered(Some(page), limit, None, None);
        assert_eq!(window(1, None).unwrap().offset, 0);
        assert_eq!(window(3, Some(50)).unwrap().offset, 100);
        let unnumbered = Window::numbered(None, Some(5), Some(7), None).unwrap();
        assert_eq!((unnumbered.limit, unnumbered.offset), (5, 7));
        for refused in [
            window(0, None),
            window(u32::MAX, None),
            Window::numbered(Some(2), None, Some(7), None),
            Window::numbered(Some(2), None, None, Some("x")),
        ] {
            assert_eq!(refused.unwrap_err().field.as_deref(), Some("page"));
        }
    }

    #[test]
    fn the_nearest_part_is_one_that_there_may_be() {
        let limit = |limit| Window::nearest(limit, 3).limit;
        assert_eq!((limit(0), limit(7), limit(u32::MAX)), (1, 7, 200));
        assert_eq!(Window::nearest(7, 3).offset, 3);
        assert_eq!(Window::nearest(7, 3).at_most(5).limit, 5);
        assert_eq!(Window::nearest(7, 3).at_most(9).limit, 7);
    }

    #[test]
    fn a_query_answers_the_part_and_a_cursor_of_none_is_named() {
        let _host = Host::new();
        for name in ["a", "b", "c"] {
            THINGS.put(name, &json!({})).unwrap();
        }
        let ids = |window: &Window| {
            let page = window.page(THINGS.query().with_total()).unwrap();
            assert_eq!(page.total, Some(3));
            let ids: Vec<String> = page.items.into_iter().map(|thing| thing.id).collect();
            (ids.concat(), page.next_cursor)
        };
        assert_eq!(ids(&Window::nearest(2, 1)), ("bc".into(), None));
        let (first, cursor) = ids(&Window::nearest(2, 0));
        assert_eq!((first.as_str(), cursor.is_some()), ("ab", true));
        let rest = Window::of(None, None, cursor.as_deref()).unwrap();
        assert_eq!(ids(&rest), ("c".into(), None));

        let strange = Window::of(None, None, Some("strange")).unwrap();
        let refused = strange.page(THINGS.query()).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some("cursor"))
        );
        let far = Window::nearest(1, Window::OFFSET_MAX + 1);
        assert_eq!(far.page(THINGS.query()).unwrap_err().field, None);
    }
}
