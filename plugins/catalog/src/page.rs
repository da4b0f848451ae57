//! Which part of a list a client asks for; the same in all lists.

use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

/// Elements of a page when the client names no number: what the shops' clients expect.
pub const LIMIT_DEFAULT: u32 = 20;
/// Elements of a page at most, as the store has it; larger wishes are cut to it.
pub const LIMIT_MAX: u32 = 200;
/// Elements that an offset may skip, as the store has it; beyond it there are cursors.
pub const OFFSET_MAX: u32 = 10_000;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub limit: u32,
    pub offset: u32,
    pub cursor: Option<String>,
}

impl Window {
    /// The part that these parameters name.
    pub fn of(limit: Option<u32>, offset: Option<u32>, cursor: Option<&str>) -> Result<Self> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        let offset = offset.unwrap_or(0);
        if limit == 0 {
            return Err(Problem::invalid("limit", "limit is at least 1."));
        }
        if offset > OFFSET_MAX {
            return Err(Problem::invalid(
                "offset",
                format!("offset is at most {OFFSET_MAX}; page on with cursor."),
            ));
        }
        if offset > 0 && cursor.is_some() {
            return Err(Problem::invalid(
                "cursor",
                "cursor and offset exclude each other.",
            ));
        }
        Ok(Self {
            limit: limit.min(LIMIT_MAX),
            offset,
            cursor: cursor.map(Into::into),
        })
    }

    /// Why the store gave no page. Of all that this part names only the cursor is the store's to judge.
    pub fn refused(&self, error: StorageError) -> Problem {
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
    use super::*;

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
        assert_eq!(window(Some(u32::MAX), Some(7)).limit, LIMIT_MAX);
        assert_eq!(window(Some(1), Some(OFFSET_MAX)).offset, OFFSET_MAX);
    }

    #[test]
    fn what_makes_no_page_is_refused_by_name() {
        for (limit, offset, cursor, field) in [
            (Some(0), None, None, "limit"),
            (None, Some(OFFSET_MAX + 1), None, "offset"),
            (None, Some(1), Some("x"), "cursor"),
        ] {
            let problem = Window::of(limit, offset, cursor).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field))
            );
        }
    }
}
