//! What organisations need of accounts and sessions, which belong to another service.

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;

use crate::platform::Unit;

/// Sign-ins that last.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Moves a session to an organisation that its account belongs to, within the caller's unit of work, and
    /// answers what the client goes on with, such as new tokens: a JSON object.
    ///
    /// # Errors
    /// 401 when the session has ended.
    async fn switch(&self, unit: &Unit, session: &str, tenant: &TenantId)
    -> Result<Value, Problem>;
}

/// People's accounts.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The id of the account with this address, and whether it is new, within the caller's unit of work: a new one, of
    /// `tenant`, with this name and password or, where there is one already, that one if the password is its own. The address is in lower
    /// case, and a secret sent to it was shown: it is verified. The unit may run again after a conflict.
    ///
    /// # Errors
    /// 400 for a name or password that can't be; 401 for a wrong password.
    async fn ensure(
        &self,
        unit: &Unit,
        tenant: &TenantId,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<(String, bool), Problem>;

    /// Ends an account with everything that is the person's, within the caller's unit of work.
    ///
    /// # Errors
    /// 404 when there is none.
    async fn end(&self, unit: &Unit, account: &str) -> Result<(), Problem>;
}
