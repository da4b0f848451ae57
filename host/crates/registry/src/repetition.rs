//! A request that comes again because its answer was lost: the row of what it did knows it.

use stoa_kernel::answer::mismatch;
use stoa_kernel::error::Problem;
use stoa_kernel::limits::IDEMPOTENCY_TTL_MS;
use stoa_kernel::query::Query;

use crate::books::{Unit, by, equal};
use crate::records::{Activation, Outcome};
use crate::registry::Registry;
use crate::switch::Act;

impl Registry {
    /// The row of the same request, if it came before.
    pub(crate) async fn done_before(
        &self,
        unit: &Unit,
        act: &Act,
    ) -> Result<Option<Activation>, Problem> {
        let Some(key) = &act.key else { return Ok(None) };
        let query = Query {
            filter: Some(equal(&[("asked", key.id.as_str())])?),
            sort: by("number", true)?,
            limit: 1,
            ..Query::default()
        };
        let mut found = unit.list::<Activation>(&query).await?.records;
        let Some(row) = found.pop().map(|row| row.record) else {
            return Ok(None);
        };
        let is_old = self.books.now().saturating_sub(row.at) > IDEMPOTENCY_TTL_MS;
        // What was refused was not done.
        if is_old || row.outcome == Outcome::Refused {
            return Ok(None);
        }
        if row.fingerprint.as_ref() != Some(&key.fingerprint) {
            return Err(mismatch());
        }
        Ok(Some(row))
    }
}
