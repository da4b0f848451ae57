//! The port through which people take along what others keep about them.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::error::Problem;
use crate::id::TenantId;

/// The event that tells a tenant to forget an account: raised with the account's end, in each of its tenants. Its
/// payload is `{"userId": …}`. Whoever keeps data about people handles it.
pub const ACCOUNT_ERASED: &str = stoa_wit::ERASED;

/// Parts of the host, such as its plugins, that keep data about people.
#[async_trait]
pub trait PersonalData: Send + Sync + 'static {
    /// What is kept about an account in these tenants: by the names of those who keep it, then by tenant.
    ///
    /// # Errors
    /// When some of it can't be had: the person is told to come back rather than given a part.
    async fn export(
        &self,
        account: &str,
        tenants: &[TenantId],
    ) -> Result<Map<String, Value>, Problem>;
}
