//! Demo data: requests that a fresh host sends to itself, through the same routes as every client's.
//! `config/demo/README.md` describes the files.

use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Authenticator, Credential, Role};
use stoa_web::Edge;

use crate::config::{Config, Location};

/// Beside the database: says that the demo data has been loaded.
const MARK: &str = "demo-loaded";

/// One request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "as")]
    who: Who,
    method: String,
    path: String,
    body: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Who {
    user_id: String,
    email: String,
    role: Role,
}

/// Loads the folder's files in the order of their names, unless that was done before.
///
/// # Errors
/// When a file can't be read. A request that is refused is logged, and loading goes on.
pub async fn load_once(
    edge: &Edge,
    tokens: &dyn Authenticator,
    dir: &Path,
    config: &Config,
) -> anyhow::Result<()> {
    let mark = config.data.dir.join(MARK);
    let forgets = config.store.url == Location::Memory;
    if !forgets && mark.exists() {
        return Ok(());
    }
    let mut files: Vec<_> = std::fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let mut loaded = 0;
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let steps: Vec<Step> =
            serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        for (position, step) in steps.iter().enumerate() {
            // Loading that was interrupted orders nothing twice.
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let key = format!("demo-{name}-{position}");
            match send(edge, tokens, &config.tenancy.default, step, &key).await? {
                (200..=299 | 409, _) => loaded += 1,
                (status, body) => {
                    tracing::warn!(file = %file.display(), position, status, body, "a demo request was refused")
                }
            }
        }
    }
    tracing::info!(loaded, "demo data is there");
    if !forgets {
        std::fs::write(mark, "")?;
    }
    Ok(())
}

async fn send(
    edge: &Edge,
    tokens: &dyn Authenticator,
    tenant: &TenantId,
    step: &Step,
    key: &str,
) -> anyhow::Result<(u16, String)> {
    let account = Account {
        id: step.who.user_id.clone(),
        email: Some(step.who.email.clone()),
        role: step.who.role,
        tenant: Some(tenant.clone()),
        operator: false,
        credential: Credential::Development,
    };
    let (token, _) = tokens.issue_development(&account)?;
    let request = http::Request::builder()
        .method(step.method.as_str())
        .uri(&step.path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Bytes::from(
            step.body.as_ref().map(Value::to_string).unwrap_or_default(),
        ))?;
    let answer = edge.call(request).await;
    Ok((
        answer.status().as_u16(),
        String::from_utf8_lossy(answer.body()).into_owned(),
    ))
}
