//! From one organisation to another.

use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Credential;
use utoipa::ToSchema;

use super::Organizations;
use super::access::{id, person};
use crate::people;
use crate::platform::unavailable;
use crate::records::{Account, Membership};
use crate::wire::json;

/// What the client goes on with, as a sign-in answers it.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(
    dead_code,
    reason = "the sessions' service answers it; this is its schema"
)]
pub(super) struct SwitchedSession(Value);

/// `POST /api/organizations/{id}/switch`
pub(super) async fn switch(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let account = person(request)?;
    let tenant = TenantId::parse(id(request)?).map_err(|_| Problem::not_found())?;
    let Credential::Session(session) = &account.credential else {
        return Err(Problem::new(
            409,
            "no-session",
            "This token has no session that could switch; ask for one of the other organisation.",
        ));
    };
    let tenant = &tenant;
    let switched = service.platform.transact(|unit| async move {
        let membership = Membership::id(tenant, &account.id);
        match unit.get::<Membership>(&membership).await? {
            Some(membership) if !membership.suspended => {}
            _ => return Err(Problem::not_found()),
        }
        if let Some(mut record) = unit.get::<Account>(&account.id).await? {
            let default = &service.config.default_tenant;
            people::move_out(&unit, default, &account.id, &mut record, tenant).await?;
            let put = unit.put(&account.id, &record).await;
            put.map_err(unavailable)?;
        }
        service.sessions.switch(&unit, session, tenant).await
    });
    json(200, &switched.await?)
}
