//! The caller's organisation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use stoa_kernel::store::StoreError;
use utoipa::ToSchema;

use super::access::{Insider, changer, insider, organization};
use super::{Organizations, names, news, plans, times};
use crate::platform::unavailable;
use crate::records::{Organization, Plan, PlanLimits};
use crate::wire::{body, json};

/// Bytes of the settings as JSON: they are read with the organisation at every request.
const SETTINGS_BYTES_MAX: usize = 16 << 10;

/// How deep settings nest: deeper ones are machine-made.
const SETTINGS_DEPTH_MAX: usize = 8;

/// An organisation as its members see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrganizationView {
    id: String,
    name: String,
    plan: Plan,
    /// Free members that the organisation's admins chose.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// What the caller is here.
    #[schema(value_type = String)]
    role: Role,
    limits: PlanLimits,
    usage: Usage,
    created_at: String,
}

/// What of the limits is used up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Usage {
    members: u32,
    /// They count as members, too.
    open_invitations: u32,
}

/// What changes of an organisation; absent members stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OrganizationChange {
    /// 1 to 100 characters.
    name: Option<String>,
    /// All settings from now on: 16 KiB, 8 levels at most.
    #[schema(value_type = Option<Object>)]
    settings: Option<Map<String, Value>>,
}

/// `GET /api/organization`
pub(super) async fn show(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let caller = insider(request)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let organization = organization(&unit, caller.tenant).await?;
    json(200, &view(caller, organization, service.platform.now()))
}

/// `PATCH /api/organization`
pub(super) async fn change(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let change: OrganizationChange = body(request)?;
    let name = change.name.as_deref().map(names::name).transpose()?;
    if let Some(settings) = &change.settings {
        check_settings(settings)?;
    }
    let (name, settings) = (&name, &change.settings);
    let changed = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        let mut organization = organization(&unit, caller.tenant).await?;
        if let Some(name) = name {
            organization.name.clone_from(name);
        }
        if let Some(settings) = settings {
            organization.settings.clone_from(settings);
        }
        let put = unit.put(caller.tenant.as_str(), &organization).await;
        put.map_err(|error| match error {
            // A number that the store can't hold.
            StoreError::Invalid(reason) => Problem::invalid("settings", reason),
            error => unavailable(error),
        })?;
        news::renewed(&unit, caller.tenant, &organization);
        json(200, &view(caller, organization, service.platform.now()))
    });
    changed.await
}

fn view(caller: Insider<'_>, organization: Organization, now: Millis) -> OrganizationView {
    OrganizationView {
        id: caller.tenant.to_string(),
        plan: organization.plan,
        role: caller.account.role,
        limits: plans::limits_of(organization.plan),
        usage: Usage {
            members: organization.members,
            open_invitations: organization.open_invitations(now),
        },
        created_at: times::rfc3339(organization.created_at),
        name: organization.name,
        settings: organization.settings,
    }
}

fn check_settings(settings: &Map<String, Value>) -> Result<(), Problem> {
    let bytes = serde_json::to_vec(settings).map_or(usize::MAX, |text| text.len());
    let deepest = settings.values().map(depth).max().unwrap_or_default() + 1;
    if bytes <= SETTINGS_BYTES_MAX && deepest <= SETTINGS_DEPTH_MAX {
        return Ok(());
    }
    Err(Problem::invalid(
        "settings",
        format!(
            "Settings have at most {SETTINGS_BYTES_MAX} bytes of JSON and {SETTINGS_DEPTH_MAX} levels."
        ),
    ))
}

/// Levels of a value; the parser bounds them.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value) -> bool {
        check_settings(value.as_object().unwrap()).is_ok()
    }

    #[test]
    fn settings_are_bounded_in_bytes_and_depth() {
        let text = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
        assert!(check(&json!({})));
        assert!(check(&text(SETTINGS_BYTES_MAX)));
        assert!(!check(&text(SETTINGS_BYTES_MAX + 1)));

        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
        assert!(check(&nested(SETTINGS_DEPTH_MAX)));
        assert!(!check(&nested(SETTINGS_DEPTH_MAX + 1)));
        assert!(!check(&json!({"a": [[[[[[[[1]]]]]]]]})));
    }
}
