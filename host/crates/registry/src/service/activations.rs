//! What serves, and changing it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::query::Query;
use stoa_kernel::wire::{body, json};
use stoa_kernel::wit::Permission;
use utoipa::ToSchema;

use super::revisions::digest_of;
use super::views::ActivationView;
use super::{asked, known, who};
use crate::books::{by, equal};
use crate::change::{Change, Grants};
use crate::keys::LINE_BYTES_MAX;
use crate::records::{Activation, Outcome};
use crate::registry::Registry;
use crate::switch::Act;

/// A version that should serve.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewActivation {
    /// Of an uploaded revision; this or `digest`.
    version: Option<String>,
    /// Of an uploaded revision.
    digest: Option<String>,
    /// An operator's: for this tenant alone. Absent for the deployment; an admin's is their own.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// What it may do of what it asks for. Without this and `grantAll`, what the version before may do; it waits if it
    /// asks for more than that one did.
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<BTreeSet<Permission>>,
    /// Whether it may do all that it asks for.
    #[serde(default)]
    grant_all: bool,
    /// What is set for it, over its defaults; what was set before if absent.
    #[schema(value_type = Option<Object>)]
    settings: Option<BTreeMap<String, Value>>,
    /// Whether it may be older than what has served already.
    #[serde(default)]
    pin: bool,
    /// Whether data may be lost by it.
    #[serde(default)]
    accept_loss: bool,
    /// Why, for those who read the audit.
    #[serde(default)]
    reason: String,
    /// The newest row that the caller knows of: nothing is done if there is a newer one. `If-Match` says the same.
    expected: Option<u64>,
}

/// An operator's or an admin's yes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// What it may do; all that it asks for if absent.
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<BTreeSet<Permission>>,
    /// An operator's: activates nothing, but lets tenants install this plugin and grant so much of it.
    #[serde(default)]
    offer: bool,
    /// Of an offer: this or `digest`.
    version: Option<String>,
    /// Of an offer.
    digest: Option<String>,
    /// Whether data may be lost by it.
    #[serde(default)]
    accept_loss: bool,
    /// Why.
    #[serde(default)]
    reason: String,
    /// As of an activation.
    expected: Option<u64>,
}

/// To where it was, or to nothing.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switch {
    /// Whether data may be lost by it.
    #[serde(default)]
    accept_loss: bool,
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// As of an activation.
    expected: Option<u64>,
}

/// What it may do from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewGrants {
    /// All of it.
    #[schema(value_type = Vec<String>)]
    grants: BTreeSet<Permission>,
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// As of an activation.
    expected: Option<u64>,
}

/// Which switches are wanted; `PageQuery`'s members, and `tenant`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct ActivationQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    cursor: Option<String>,
    /// An operator's: this tenant's instead of the deployment's.
    tenant: Option<String>,
}

/// `POST /api/platform/plugins/{name}/activations`
pub async fn activate(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let (mut act, new): (_, NewActivation) = asked_for(registry, request).await?;
    act.accept_loss = new.accept_loss;
    let digest = digest_of(registry, &act.plugin, new.version, new.digest).await?;
    let grants = match (new.grants, new.grant_all) {
        (Some(_), true) => {
            let detail = "Either all, or these.";
            return Err(Problem::invalid("grants", detail));
        }
        (Some(grants), false) => Grants::These(grants),
        (None, true) => Grants::All,
        (None, false) => Grants::Carry,
    };
    let change = Change::Install {
        digest,
        grants,
        settings: new.settings,
        pin: new.pin,
    };
    done(registry.switch(act, change).await?, 201)
}

/// `POST /api/platform/plugins/{name}/approvals`
pub async fn approve(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let (mut act, new): (_, Approval) = asked_for(registry, request).await?;
    act.accept_loss = new.accept_loss;
    let grants = new.grants.map_or(Grants::All, Grants::These);
    let change = match new.offer {
        false => Change::Approve { grants },
        true if !act.who.is_operator() => {
            let detail = "Operators of the platform offer plugins.";
            return Err(Problem::new(403, "grant-denied", detail));
        }
        true if act.scope != Scope::Deployment => {
            return Err(Problem::invalid("tenant", "An offer is for every tenant."));
        }
        true => Change::Offer {
            digest: digest_of(registry, &act.plugin, new.version, new.digest).await?,
            grants,
        },
    };
    done(registry.switch(act, change).await?, 201)
}

/// `POST /api/platform/plugins/{name}/rollback`, `/disable` and `/enable`
pub async fn switch(
    registry: &Arc<Registry>,
    request: &Request,
    change: Change,
) -> Result<Response, Problem> {
    let (mut act, new): (_, Switch) = asked_for(registry, request).await?;
    act.accept_loss = new.accept_loss;
    done(registry.switch(act, change).await?, 201)
}

/// `PUT /api/platform/plugins/{name}/grants`
pub async fn grant(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let (act, new): (_, NewGrants) = asked_for(registry, request).await?;
    done(registry.switch(act, Change::Grant(new.grants)).await?, 200)
}

/// `GET /api/platform/plugins/{name}/activations`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = known(&unit, &who, request).await?;
    let tenant = asked(request, "tenant");
    let tenant = tenant.map(|text| TenantId::parse(&text)).transpose();
    let tenant = tenant.map_err(|_| Problem::not_found())?;
    let scope = who.scope(tenant.as_ref())?.to_string();
    let query = Query {
        filter: Some(equal(&[
            ("scope", scope.as_str()),
            ("plugin", name.as_str()),
        ])?),
        ..asked_in(&request.query, by("number", true)?)?
    };
    let found = unit.list::<Activation>(&query).await?;
    let items = found.records.into_iter().map(|row| row.record.into());
    let items: Vec<ActivationView> = items.collect();
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}

/// What every body of a switch says beside its own.
trait Circumstances {
    /// For which tenant, as of which activation, and why.
    fn circumstances(&mut self) -> (Option<TenantId>, Option<u64>, String);
}

macro_rules! circumstances {
    ($($body:ty),*) => {$(
        impl Circumstances for $body {
            fn circumstances(&mut self) -> (Option<TenantId>, Option<u64>, String) {
                let reason = std::mem::take(&mut self.reason);
                (self.tenant.take(), self.expected, reason)
            }
        }
    )*};
}

circumstances!(NewActivation, Approval, Switch, NewGrants);

/// Who does what to which plugin, where, and the rest of what they say.
async fn asked_for<B: DeserializeOwned + Circumstances>(
    registry: &Registry,
    request: &Request,
) -> Result<(Act, B), Problem> {
    let mut body: B = body(request)?;
    let (tenant, expected, reason) = body.circumstances();
    checked(&reason)?;
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (plugin, _) = known(&unit, &who, request).await?;
    let act = Act {
        scope: who.scope(tenant.as_ref())?,
        expected: newest(request, expected)?,
        who,
        plugin,
        reason,
        accept_loss: false,
        key: request.idempotency.clone(),
    };
    Ok((act, body))
}

/// A reason of a bearable length.
pub(super) fn checked(reason: &str) -> Result<(), Problem> {
    if reason.len() > LINE_BYTES_MAX {
        let detail = "A reason has at most 200 bytes.";
        return Err(Problem::invalid("reason", detail));
    }
    Ok(())
}

/// The newest row that the caller knows of, by the body or by `If-Match`.
pub(super) fn newest(request: &Request, expected: Option<u64>) -> Result<Option<u64>, Problem> {
    match expected {
        Some(number) => Ok(Some(number)),
        None => if_match(request),
    }
}

/// The number in `If-Match: "7"`.
fn if_match(request: &Request) -> Result<Option<u64>, Problem> {
    let mut headers = request.headers.iter();
    let Some((_, text)) = headers.find(|(name, _)| name == "if-match") else {
        return Ok(None);
    };
    let number = text.trim().trim_matches('"').parse();
    let wrong = |_| Problem::invalid("if-match", "This is no number of a row.");
    number.map(Some).map_err(wrong)
}

fn done(row: Activation, status: u16) -> Result<Response, Problem> {
    let status = match row.outcome {
        Outcome::Waiting | Outcome::Superseded => 202,
        Outcome::Active | Outcome::Refused => status,
    };
    json(status, &ActivationView::from(row))
}
