//! Sign-in at an OpenID provider: what happens here once it has said who somebody is.

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;

use super::Accounts;
use crate::oidc::{Opens, google_callback};
use crate::platform::Unit;

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
    async fn open(&self, unit: &Unit, account: &str, request: &Request) -> Result<Value, Problem> {
        let session = self.sign_in(unit, account, request).await?;
        serde_json::to_value(session).map_err(|error| Problem::internal(error.to_string()))
    }
}
