//! One route of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use stoa_kernel::wit::{Caller, Channel, Method, Package, Route};

use super::schemas::Local;
use crate::router::HostRoute;

/// A plugin's route.
pub(super) fn of_plugin(
    package: &Package,
    route: &Route,
    local: &Local,
    ids: &mut BTreeSet<String>,
) -> Value {
    let name = &package.manifest.name;
    let mut operation = json!({
        "operationId": unique(format!("{name}_{}", route.handler), ids),
        "tags": [name],
        "summary": route.summary,
        "security": security(&route.callers),
        "responses": responses(route, local),
    });
    let parameters = parameters(package, route, local);
    if let Some(operation) = operation.as_object_mut() {
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(name) = &route.request {
            operation.insert(
                "requestBody".to_owned(),
                json!({ "required": true, "content": content(local.reference(name)) }),
            );
        }
    }
    operation
}

/// One of the host's routes.
pub(super) fn of_host(route: &HostRoute, summary: &str) -> Value {
    let slug = route
        .path
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let mut operation = json!({
        "operationId": format!("host_{}{slug}", route.method.as_str().to_ascii_lowercase()),
        "tags": ["host"],
        "summary": summary,
        "security": security(&route.callers.iter().copied().collect()),
        "responses": {
            route.status.to_string(): { "description": "Success", "content": { route.answers: {} } },
            "default": problem(),
        },
    });
    if let (Some(schema), Some(operation)) = (route.request, operation.as_object_mut()) {
        operation.insert(
            "requestBody".to_owned(),
            json!({ "required": true, "content": content(schema()) }),
        );
    }
    operation
}

/// A path where WebSockets join a channel at once.
pub(super) fn of_socket(package: &Package, channel: &Channel, ids: &mut BTreeSet<String>) -> Value {
    let name = &package.manifest.name;
    let slug = channel
        .name
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    json!({
        "operationId": unique(format!("{name}_socket_{slug}"), ids),
        "tags": [name],
        "summary": channel.summary,
        "description": format!("A WebSocket (subprotocol stoa.v1) that joins `{}` at once; else as /api/live.", channel.name),
        "security": security(&channel.callers),
        "responses": {
            "101": { "description": "The connection is a WebSocket now." },
            "default": problem(),
        },
    })
}

/// One handler may answer several routes; from the second on its id gets a number.
fn unique(id: String, ids: &mut BTreeSet<String>) -> String {
    let mut candidate = id.clone();
    let mut number = 1;
    while !ids.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{id}_{number}");
    }
    candidate
}

/// Any one of these is enough; the empty one means that nothing is needed.
fn security(callers: &BTreeSet<Caller>) -> Vec<Value> {
    let mut ways = Vec::new();
    if callers.contains(&Caller::Public) {
        ways.push(json!({}));
    }
    if callers.contains(&Caller::Session) {
        ways.extend([json!({ "session": [] }), json!({ "sessionHeader": [] })]);
    }
    let roles: Vec<&Caller> = callers
        .iter()
        .filter(|caller| !matches!(caller, Caller::Public | Caller::Session))
        .collect();
    if !roles.is_empty() {
        ways.push(json!({ "bearer": roles }));
    }
    ways
}

fn responses(route: &Route, local: &Local) -> Value {
    let mut success = json!({ "description": "Success" });
    if let (Some(name), Some(success)) = (&route.response, success.as_object_mut()) {
        success.insert("content".to_owned(), content(local.reference(name)));
    }
    let mut responses = Map::from_iter([
        (route.status.to_string(), success),
        ("default".to_owned(), problem()),
    ]);
    if !route.callers.contains(&Caller::Public) {
        responses.insert("401".to_owned(), problem());
        responses.insert("403".to_owned(), problem());
    }
    responses.into()
}

fn parameters(package: &Package, route: &Route, local: &Local) -> Vec<Value> {
    let in_path = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let query = route
        .query
        .as_ref()
        .and_then(|name| package.schemas.get(name));
    if let Some(properties) = query.and_then(|schema| schema.get("properties")?.as_object()) {
        let required = query.and_then(|schema| schema.get("required")?.as_array());
        all.extend(properties.iter().map(|(name, schema)| {
            let required = required.is_some_and(|names| names.iter().any(|known| known == name));
            json!({ "name": name, "in": "query", "required": required, "schema": local.rewritten(schema) })
        }));
    }
    if route.method != Method::Get && route.replay {
        all.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    all
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn problem() -> Value {
    json!({ "$ref": "#/components/responses/Problem" })
}
