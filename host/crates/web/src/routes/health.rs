//! `GET /health`: 200 only while the store answers and every other part is ready.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use stoa_kernel::status::PartStatus;
use stoa_kernel::store::Store;

use crate::edge::Shared;

/// A store that needs longer than this for a ping can't serve requests either.
const PING_MS_MAX: u64 = 2_000;

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    version: &'a str,
    parts: Vec<Part>,
    /// Each part in a word, for clients that look for no more.
    services: BTreeMap<String, &'static str>,
}

#[derive(Serialize)]
struct Part {
    part: String,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Asks every part.
pub(crate) async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let mut parts = vec![store(&*shared.ports.store).await, cache()];
    parts.extend(shared.ports.parts.iter().map(|part| part.status().into()));
    parts.extend(shared.ports.plugins.status().into_iter().map(Part::from));
    let is_ready = parts.iter().all(|part| part.ready);
    let code = match is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let services = parts
        .iter()
        .map(|part| (part.part.clone(), word(part.ready)));
    (
        code,
        Json(Health {
            status: word(is_ready),
            version: &shared.config.version,
            services: services.collect(),
            parts,
        }),
    )
        .into_response()
}

const fn word(is_ready: bool) -> &'static str {
    if is_ready { "ok" } else { "unavailable" }
}

/// It lives in the memory of this process, which answers.
fn cache() -> Part {
    Part {
        part: "cache".to_owned(),
        ready: true,
        version: None,
        detail: None,
    }
}

async fn store(store: &dyn Store) -> Part {
    let ping = tokio::time::timeout(Duration::from_millis(PING_MS_MAX), store.ping());
    let wrong = match ping.await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {PING_MS_MAX} ms")),
    };
    if let Some(error) = &wrong {
        tracing::warn!(error, "the store is not ready");
    }
    // The reason may name addresses and paths: it stays in the log.
    let detail = wrong
        .as_ref()
        .map(|_| "The store does not answer.".to_owned());
    Part {
        part: "store".to_owned(),
        ready: wrong.is_none(),
        version: None,
        detail,
    }
}

impl From<PartStatus> for Part {
    fn from(status: PartStatus) -> Self {
        Self {
            part: status.part,
            ready: status.ready,
            version: status.version,
            detail: status.detail,
        }
    }
}
