//! What other plugins ask of the counts.

use stoa_guest::prelude::*;

use crate::counts;
use crate::provided::analytics as wire;

impl wire::Guest for crate::Plugin {
    fn days(
        from: String,
        to: String,
        vendor_id: Option<String>,
    ) -> Result<Vec<wire::Day>, wire::Error> {
        let days = counts::days(&from, &to, &vendor_id.unwrap_or_default());
        let days = days.map_err(|problem| match problem.status {
            400 => wire::Error::Invalid(problem.detail),
            _ => wire::Error::Other(problem.to_string()),
        })?;
        let day = |(date, counts): counts::Day| wire::Day {
            date,
            counts: counts.into_iter().collect(),
        };
        Ok(days.into_iter().map(day).collect())
    }
}
