//! The devices on which somebody is signed in.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Account as Caller;
use utoipa::ToSchema;

use super::filters::equal;
use super::profile::{account, session};
use super::sign_in::end_all;
use super::{Accounts, times};
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Account, Session};
use crate::wire::{json, nothing, param};

/// A session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionView {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// The organisation that it works in.
    organization: Option<String>,
    /// The browser's name for itself.
    user_agent: Option<String>,
    /// Where it was last used from.
    address: Option<String>,
    created_at: String,
    /// When its tokens were last renewed.
    last_used_at: String,
    /// When it ends unless they are renewed again.
    expires_at: String,
}

/// All of them; there are few.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionList {
    items: Vec<SessionView>,
}

/// `GET /api/auth/sessions`, the newest first.
pub(super) async fn list(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, current) = session(request)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let items = views(&unit, caller, Some(current)).await?;
    json(200, &SessionList { items })
}

/// What is shown of an account's sessions.
pub(super) async fn views(
    unit: &Unit,
    caller: &Caller,
    current: Option<&str>,
) -> Result<Vec<SessionView>, Problem> {
    let account: Account = account(unit, caller).await?;
    let all = unit.all::<Session>(equal(&[("account", &caller.id)])?);
    let mut all: Vec<Stored<Session>> = all.await?;
    all.retain(|session| session.record.epoch == account.epoch);
    all.sort_by(|a, b| b.id.cmp(&a.id));
    let view = |Stored { id, record }: Stored<Session>| SessionView {
        current: Some(id.as_str()) == current,
        id,
        organization: record.tenant.map(String::from),
        user_agent: record.user_agent,
        address: record.address,
        created_at: times::rfc3339(record.created_at),
        last_used_at: times::rfc3339(record.used_at),
        expires_at: times::rfc3339(record.ends_at),
    };
    Ok(all.into_iter().map(view).collect())
}

/// `DELETE /api/auth/sessions/{id}`. Somebody else's is as missing as any other.
pub(super) async fn end(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let id = param(request, "id")?;
    if !is_possible(id) {
        return Err(Problem::not_found());
    }
    let ended = service.platform.answer(request, |unit| async move {
        let session: Option<Session> = unit.get(id).await?;
        session
            .filter(|session| session.account == caller.id)
            .ok_or_else(Problem::not_found)?;
        unit.delete::<Session>(id).await?;
        Ok(nothing())
    });
    ended.await
}

/// `DELETE /api/auth/sessions`
pub(super) async fn end_others(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, current) = session(request)?;
    let ended = service.platform.answer(request, |unit| async move {
        let mut account = account(&unit, caller).await?;
        end_all(&unit, &caller.id, &mut account, Some(current)).await?;
        unit.put(&caller.id, &account).await.map_err(unavailable)?;
        Ok(nothing())
    });
    ended.await
}

/// Whether a text could be an id of ours: what can't be is as missing as any other.
pub(super) fn is_possible(id: &str) -> bool {
    const ID_BYTES_MAX: usize = 64;
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
