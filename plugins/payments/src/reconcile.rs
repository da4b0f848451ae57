//! Asking after payments of which nobody has told anything for a while.

use stoa_guest::prelude::*;

use crate::payment::PAYMENTS;
use crate::tasks::{self, Task};

/// Payments of one turn; each becomes an event, of which a turn may raise a hundred.
const BATCH_MAX: u32 = 50;

/// Leaves a question for each payment that is due, the longest waiting first. They are asked apart from each other:
/// one that fails keeps nobody waiting.
pub fn reconcile(_turn: Turn) -> Result<()> {
    let due = PAYMENTS
        .query()
        .filter(le("checkAt", clock::now_ms()))
        .sort_asc("checkAt")
        .limit(BATCH_MAX)
        .run()?;
    for stored in due.items {
        let mut payment = stored.value;
        payment.save()?;
        tasks::give(&payment, Task::Check)?;
    }
    Ok(())
}
