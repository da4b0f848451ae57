//! Accounts by their addresses.

use stoa_kernel::error::Problem;

use super::filters::equal;
use crate::platform::{Stored, Unit};
use crate::records::Account;

/// The account with this address. The query finds it; what counts is what the unit reads of it then, for that
/// the commit checks.
pub(super) async fn by_email(unit: &Unit, email: &str) -> Result<Option<Stored<Account>>, Problem> {
    let found = unit.find::<Account>(equal(&[("email", email)])?).await?;
    let Some(Stored { id, .. }) = found else {
        return Ok(None);
    };
    let record: Option<Account> = unit.get(&id).await?;
    Ok(record
        .filter(|record| record.email == email)
        .map(|record| Stored { id, record }))
}

/// The same, if the account may sign in.
pub(super) async fn admitted(unit: &Unit, email: &str) -> Result<Option<Stored<Account>>, Problem> {
    let known = by_email(unit, email).await?;
    Ok(known.filter(|known| !known.record.suspended))
}
