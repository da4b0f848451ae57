//! Sign-in at an OpenID provider: what happens here once it has said who somebody is.

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;

use super::Accounts;
use crate::news;
use crate::oidc::{Opens, google_callback};
use crate::platform::Unit;
use crate::records::Account;

/// `GET /api/v1/auth/google/callback`
pub(super) async fn callback(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    google_callback(
        request,
        service.provider.as_ref(),
        &service.platform,
        service,
    )
    .await
}

#[async_trait]
impl Opens for Accounts {
    async fn open(
        &self,
        unit: &Unit,
        account: &str,
        is_new: bool,
        request: &Request,
    ) -> Result<Value, Problem> {
        if is_new && let Some(record) = unit.get::<Account>(account).await? {
            let (platform, home) = (&self.platform, self.home_of(&record));
            news::registered(platform, unit, home, account, &record)?;
            news::verified(platform, unit, home, account, &record)?;
        }
        let session = self.sign_in(unit, account, request).await?;
        serde_json::to_value(session).map_err(|error| Problem::internal(error.to_string()))
    }
}
