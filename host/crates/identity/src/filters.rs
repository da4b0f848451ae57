//! Conditions on records.

use stoa_kernel::error::Problem;
use stoa_kernel::query::{Filter, Path, SortKey};

/// All of these fields have these values.
pub(super) fn equal(pairs: &[(&str, &str)]) -> Result<Filter, Problem> {
    let conditions = pairs
        .iter()
        .map(|(field, value)| Ok(Filter::Eq(path(field)?, (*value).into())));
    Ok(Filter::And(conditions.collect::<Result<_, Problem>>()?))
}

/// The order in which records were made.
pub(super) fn oldest_first() -> Result<Vec<SortKey>, Problem> {
    by_time(false)
}

/// Who came last comes first.
pub(super) fn newest_first() -> Result<Vec<SortKey>, Problem> {
    by_time(true)
}

fn by_time(descending: bool) -> Result<Vec<SortKey>, Problem> {
    Ok(vec![SortKey {
        path: path("created_at")?,
        descending,
    }])
}

/// A field.
pub(super) fn path(text: &str) -> Result<Path, Problem> {
    Path::parse(text).map_err(|error| Problem::internal(error.to_string()))
}
