//! The document as a whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stoa_kernel::wit::Package;

use super::operation;
use super::schemas::Schemas;
use crate::config::EdgeConfig;
use crate::problem::MEDIA_TYPE;
use crate::{router, session};

/// The document of these packages and of the host's own routes.
pub(super) fn build(packages: &[Arc<Package>], config: &EdgeConfig) -> Value {
    let mut schemas = Schemas::new(problem_schema());
    let mut paths = Map::new();
    let mut ids = BTreeSet::new();
    for package in packages {
        let local = schemas.merge(package);
        for route in &package.manifest.routes {
            let operation = operation::of_plugin(package, route, &local, &mut ids);
            insert(&mut paths, &route.path, route.method.as_str(), operation);
        }
        for channel in &package.manifest.channels {
            if let Some(path) = &channel.socket {
                insert(
                    &mut paths,
                    path,
                    "GET",
                    operation::of_socket(package, channel, &mut ids),
                );
            }
        }
    }
    for route in router::table(config) {
        if let Some(summary) = route.summary {
            // The host's routes win, here as they do when requests come.
            insert(
                &mut paths,
                route.path,
                route.method.as_str(),
                operation::of_host(&route, summary),
            );
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Stoa", "version": config.version },
        "tags": tags(packages),
        "paths": paths,
        "components": components(schemas.into_value(), config),
    })
}

fn insert(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let entry = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(operations) = entry.as_object_mut() {
        operations.insert(method.to_ascii_lowercase(), operation);
    }
}

fn tags(packages: &[Arc<Package>]) -> Vec<Value> {
    let of_plugins = packages.iter().map(|package| {
        let manifest = &package.manifest;
        json!({ "name": manifest.name, "description": manifest.summary })
    });
    of_plugins
        .chain([json!({ "name": "host", "description": "What the host itself answers." })])
        .collect()
}

fn components(schemas: Value, config: &EdgeConfig) -> Value {
    json!({
        "schemas": schemas,
        "responses": {
            "Problem": {
                "description": "What went wrong (RFC 9457).",
                "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
        "parameters": {
            "IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Makes the request safe to repeat: the same key gets the same answer for a day.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            },
        },
        "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            "session": { "type": "apiKey", "in": "cookie", "name": session::cookie_name(config) },
            "sessionHeader": { "type": "apiKey", "in": "header", "name": "x-session-id" },
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string" },
            "instance": { "type": "string", "format": "uri" },
            "field": { "type": "string", "description": "The member of the request at fault." },
        },
    })
}
