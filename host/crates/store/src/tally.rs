//! Adding up the values of a group.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Number, Value as Json};
use stoa_kernel::query::Compute;

use crate::query::order::compare;

/// What was added up of one calculation. All but the count leave out what is no number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    count: u64,
    numbers: u64,
    integers: i128,
    floats: f64,
    has_floats: bool,
    min: Option<Json>,
    max: Option<Json>,
}

impl Tally {
    /// Counts documents.
    pub(crate) fn count(&mut self, documents: u64) {
        self.count += documents;
    }

    /// Adds a value.
    pub(crate) fn add(&mut self, value: &Json) {
        let Json::Number(number) = value else { return };
        self.numbers += 1;
        match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => self.integers += i128::from(int),
            (None, float) => {
                self.floats += float.unwrap_or_default();
                self.has_floats = true;
            }
        }
        if self
            .min
            .as_ref()
            .is_none_or(|min| compare(value, min).is_lt())
        {
            self.min = Some(value.clone());
        }
        if self
            .max
            .as_ref()
            .is_none_or(|max| compare(value, max).is_gt())
        {
            self.max = Some(value.clone());
        }
    }

    /// The calculation's result; null where there was nothing to calculate with.
    pub(crate) fn answer(&self, compute: &Compute) -> Json {
        match compute {
            Compute::Count => self.count.into(),
            Compute::Sum(_) => self.sum(),
            Compute::Avg(_) if self.numbers == 0 => Json::Null,
            Compute::Avg(_) => float(self.float_sum() / self.numbers as f64),
            Compute::Min(_) => self.min.clone().unwrap_or_default(),
            Compute::Max(_) => self.max.clone().unwrap_or_default(),
        }
    }

    /// An integer as long as only integers were added and it fits.
    fn sum(&self) -> Json {
        match i64::try_from(self.integers) {
            Ok(sum) if !self.has_floats => sum.into(),
            _ => float(self.float_sum()),
        }
    }

    fn float_sum(&self) -> f64 {
        self.integers as f64 + self.floats
    }
}

fn float(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

/// The UTC day of a time in milliseconds; null for anything else.
pub(crate) fn day(value: &Json) -> Json {
    let time = value
        .as_i64()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or(Json::Null, |time| {
        time.to_zoned(TimeZone::UTC).date().to_string().into()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;
    use stoa_kernel::query::Path;

    fn tally(values: &[Json]) -> Tally {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add(value));
        tally
    }

    #[test]
    fn only_numbers_are_calculated_with() {
        let path = || Path::parse("a").unwrap();
        let some = tally(&[json!(1), json!("9"), json!(2.5), json!(null), json!(-3)]);
        assert_eq!(some.answer(&Compute::Sum(path())), json!(0.5));
        assert_eq!(some.answer(&Compute::Min(path())), json!(-3));
        assert_eq!(some.answer(&Compute::Max(path())), json!(2.5));
        assert_eq!(
            tally(&[json!(1), json!(2)]).answer(&Compute::Avg(path())),
            json!(1.5)
        );
        assert_eq!(
            tally(&[json!(i64::MAX), json!(-1)]).answer(&Compute::Sum(path())),
            json!(i64::MAX - 1)
        );
        let none = tally(&[json!("x")]);
        assert_eq!(none.answer(&Compute::Sum(path())), json!(0));
        assert_eq!(none.answer(&Compute::Avg(path())), json!(null));
        assert_eq!(none.answer(&Compute::Min(path())), json!(null));
    }

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(day(&json!(0)), json!("1970-01-01"));
        assert_eq!(day(&json!(1_709_251_199_999_u64)), json!("2024-02-29"));
        assert_eq!(day(&json!(-1)), json!("1969-12-31"));
        assert_eq!(day(&json!("0")), json!(null));
        assert_eq!(day(&json!(i64::MAX)), json!(null));
    }
}
