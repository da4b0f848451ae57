//! API keys: what a machine calls with. A key works in one organisation, for its scopes alone, and never counts
//! for more than its maker.

use serde::{Deserialize, Serialize};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account as Caller, Role, Scopes};
use utoipa::ToSchema;

use super::filters::equal;
use super::profile::session;
use super::sessions::is_possible;
use super::{Accounts, apikey, tenant, times};
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Key, Session};
use crate::wire::{body, json, nothing, param};

/// Keys of one account in one organisation.
const KEYS_MAX: usize = 50;

/// Characters of a key's name.
const NAME_CHARS_MAX: usize = 100;

/// Scopes of one key.
const SCOPES_MAX: usize = 64;

/// Days that a key lives at most when it ends at all: ten years.
const DAYS_MAX: u32 = 3_650;

const DAY_MS: Millis = 86_400_000;

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewKey {
    /// 1 to 100 characters.
    name: String,
    /// Words such as `catalog:read`, `cart:write` or `*:read`; `write` covers `read`.
    scopes: Vec<String>,
    /// What it counts as; what its maker is, if absent. Only admins make keys that are something else.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// Days until it ends; it never does, if absent.
    expires_in_days: Option<u32>,
}

/// A key as it is listed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyView {
    id: String,
    name: String,
    organization: String,
    #[schema(value_type = String)]
    role: Role,
    scopes: Vec<String>,
    created_at: String,
    /// To the hour.
    last_used_at: Option<String>,
    expires_at: Option<String>,
}

/// A key as it is shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    /// The key itself. Nobody can show it again.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

/// All of them; there are few.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyList {
    items: Vec<KeyView>,
}

/// `GET /api/auth/keys`, the oldest first.
pub(super) async fn list(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let tenant = of(caller)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let keys = keys(&unit, caller, Some(tenant)).await?;
    let items = keys.into_iter().map(view).collect();
    json(200, &KeyList { items })
}

/// The keys that an account made, in one organisation or in all.
pub(super) async fn keys(
    unit: &Unit,
    caller: &Caller,
    tenant: Option<&TenantId>,
) -> Result<Vec<Stored<Key>>, Problem> {
    let mut pairs = vec![("account", caller.id.as_str())];
    pairs.extend(tenant.map(|tenant| ("tenant", tenant.as_str())));
    let mut keys = unit.all::<Key>(equal(&pairs)?).await?;
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(keys)
}

/// `POST /api/auth/keys`
pub(super) async fn make(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, session) = session(request)?;
    let tenant = of(caller)?;
    let new: NewKey = body(request)?;
    let (name, scopes) = (&name(&new.name)?, &scopes(&new.scopes)?);
    let now = service.platform.now();
    let ends_at = match new.expires_in_days {
        None => None,
        Some(days) if (1..=DAYS_MAX).contains(&days) => Some(now + DAY_MS * Millis::from(days)),
        Some(_) => {
            let detail = format!("A key lives 1 to {DAYS_MAX} days.");
            return Err(Problem::invalid("expiresInDays", detail));
        }
    };
    let made = service.platform.transact(|unit| async move {
        // Not what the request was admitted with: the session may have been ended since, and the role taken.
        if unit.get::<Session>(session).await?.is_none() {
            return Err(Problem::unauthenticated());
        }
        let maker = tenant::role(service, &unit, &caller.id, Some(tenant)).await?;
        let maker = maker.ok_or_else(Problem::forbidden)?;
        let role = new.role.unwrap_or(maker);
        if maker != Role::Admin && role != maker {
            let detail = "Only an admin makes keys that are something else than their maker.";
            return Err(Problem::new(403, "forbidden", detail));
        }
        if keys(&unit, caller, Some(tenant)).await?.len() >= KEYS_MAX {
            let detail = format!("An account has at most {KEYS_MAX} keys in an organisation.");
            return Err(Problem::new(403, "too-many-keys", detail));
        }
        let id = service.platform.fresh_id();
        let (key, secret) = apikey::fresh(&id, service.platform.random());
        let record = Key {
            name: name.clone(),
            tenant: tenant.clone(),
            account: caller.id.clone(),
            role,
            scopes: scopes.clone(),
            secret,
            created_at: now,
            used_at: None,
            ends_at,
        };
        unit.create(&id, &record).await.map_err(unavailable)?;
        let view = view(Stored { id, record });
        Ok(MadeKey { key, view })
    });
    json(201, &made.await?)
}

/// `DELETE /api/auth/keys/{id}`. An admin ends any key of the organisation, others their own; what is neither is
/// as missing as any other.
pub(super) async fn revoke(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let tenant = of(caller)?;
    let id = param(request, "id")?;
    if !is_possible(id) {
        return Err(Problem::not_found());
    }
    let revoked = service.platform.answer(request, |unit| async move {
        let role = tenant::role(service, &unit, &caller.id, Some(tenant)).await?;
        let key: Option<Key> = unit.get(id).await?;
        key.filter(|key| {
            let is_own = key.account == caller.id;
            key.tenant == *tenant && (is_own || role == Some(Role::Admin))
        })
        .ok_or_else(Problem::not_found)?;
        unit.delete::<Key>(id).await?;
        Ok(nothing())
    });
    revoked.await
}

/// What is shown of a key.
pub(super) fn view(Stored { id, record }: Stored<Key>) -> KeyView {
    KeyView {
        id,
        name: record.name,
        organization: record.tenant.to_string(),
        role: record.role,
        scopes: record.scopes,
        created_at: times::rfc3339(record.created_at),
        last_used_at: record.used_at.map(times::rfc3339),
        expires_at: record.ends_at.map(times::rfc3339),
    }
}

fn of(caller: &Caller) -> Result<&TenantId, Problem> {
    caller.tenant.as_ref().ok_or_else(Problem::not_found)
}

fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let detail = format!("A key's name has 1 to {NAME_CHARS_MAX} characters.");
    Err(Problem::invalid("name", detail))
}

fn scopes(words: &[String]) -> Result<Vec<String>, Problem> {
    if !(1..=SCOPES_MAX).contains(&words.len()) {
        let detail = format!("A key has 1 to {SCOPES_MAX} scopes.");
        return Err(Problem::invalid("scopes", detail));
    }
    let scopes = Scopes::parse(words.iter().map(String::as_str));
    let scopes = scopes.map_err(|error| Problem::invalid("scopes", error.to_string()))?;
    Ok(scopes.words().map(str::to_owned).collect())
}
