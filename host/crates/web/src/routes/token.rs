//! `POST /auth/token`: an access token for anybody who asks. Only there while the configuration says so.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Role};

use crate::edge::Shared;
use crate::problem::Failure;
use crate::tenant;

/// Bytes of an account's id, as the kernel promises.
const USER_ID_BYTES_MAX: usize = 128;

/// Bytes of an e-mail address (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    user_id: String,
    email: String,
    role: Option<Role>,
    organization: Option<String>,
    #[serde(default)]
    operator: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issued {
    token: String,
    token_type: &'static str,
    expires_in: u32,
    user: User,
}

#[derive(Serialize)]
struct User {
    id: String,
    email: String,
    role: Role,
    organization: String,
}

/// Issues it. A token always names an organisation, lest it be good for every tenant: the one of the
/// request where the body names none.
pub(crate) async fn issue(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Result<Json<Issued>, Failure> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, shared.config.body_bytes_max).await;
    let body = body.map_err(|error| Problem::internal(error.to_string()))?;
    let wanted: Wanted = crate::json::parse(&head.headers, &body)?;
    check("userId", &wanted.user_id, USER_ID_BYTES_MAX, |_| true)?;
    check("email", &wanted.email, EMAIL_BYTES_MAX, |email| {
        email.contains('@')
    })?;
    let organization = match &wanted.organization {
        Some(text) => TenantId::parse(text)
            .map_err(|error| Problem::invalid("organization", error.to_string()))?,
        None => tenant::of(None, &head, &shared).await?,
    };
    let user = User {
        id: wanted.user_id,
        email: wanted.email,
        role: wanted.role.unwrap_or(Role::Admin),
        organization: organization.to_string(),
    };
    let account = Account {
        id: user.id.clone(),
        email: Some(user.email.clone()),
        role: user.role,
        tenant: Some(organization),
        operator: wanted.operator,
        credential: Credential::Development,
    };
    let issued = shared.ports.identity.issue_development(&account);
    let (token, expires_in) = issued.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Json(Issued {
        token,
        token_type: "Bearer",
        expires_in,
        user,
    }))
}

/// The body's schema.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["userId", "email"],
        "properties": {
            "userId": { "type": "string", "minLength": 1, "maxLength": USER_ID_BYTES_MAX },
            "email": { "type": "string", "format": "email", "maxLength": EMAIL_BYTES_MAX },
            "role": { "enum": ["admin", "developer", "viewer", "vendor", "user", "worker"], "default": "admin" },
            "operator": { "type": "boolean", "default": false },
            "organization": { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$" },
        },
    })
}

fn check(field: &str, text: &str, bytes_max: usize, rule: fn(&str) -> bool) -> Result<(), Problem> {
    if (1..=bytes_max).contains(&text.len()) && rule(text) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::invalid(
        field,
        format!("This is no {field} of 1 to {bytes_max} bytes."),
    ))
}
