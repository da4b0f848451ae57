//! Reaches services elsewhere, and works with secrets.

use serde::Deserialize;
use serde_json::{Value, json};
use stoa_guest::outbound::{self, Answer, Error, Method};
use stoa_guest::prelude::*;

use crate::{COUNTERS, NOTES, Note};

/// A request to a service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errand {
    service: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    purpose: String,
}

impl Errand {
    fn run(&self) -> Result<Answer, Error> {
        let method = match self.method.as_str() {
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => Method::Get,
        };
        let request = outbound::request(&self.service, method, &self.path).purpose(&self.purpose);
        let request = request.body(self.body.as_bytes());
        let headers = self.headers.iter();
        headers
            .fold(request, |request, (name, value)| {
                request.header(name, value)
            })
            .send()
    }

    /// All that there is to tell.
    fn told(&self) -> Value {
        match self.run() {
            Ok(answer) => json!({
                "status": answer.status,
                "headers": answer.headers,
                "body": String::from_utf8_lossy(&answer.body),
            }),
            Err(error) => {
                let (kind, reason) = match error {
                    Error::Denied(reason) => ("denied", reason),
                    Error::Invalid(reason) => ("invalid", reason),
                    Error::Unreachable(reason) => ("unreachable", reason),
                    Error::Unknown(reason) => ("unknown", reason),
                    Error::Limit(reason) => ("limit", reason),
                };
                json!({ "error": kind, "reason": reason })
            }
        }
    }
}

/// Runs errands in the order given, or backwards while there is something in the stock `backwards`; then notes
/// that it did, or fails while there is something in the stock `fails`.
pub fn run_errands(Json(errands): Json<Vec<Errand>>) -> Result<Json<Value>> {
    let backwards = has_stock("backwards")?;
    let told: Vec<Value> = match backwards {
        true => errands.iter().rev().map(Errand::told).collect(),
        false => errands.iter().map(Errand::told).collect(),
    };
    if has_stock("fails")? {
        return Err(Problem::conflict("failed", "All was in vain."));
    }
    COUNTERS.put("errands", &json!({ "told": told.len() }))?;
    Ok(Json(json!({ "backwards": backwards, "told": told })))
}

fn has_stock(id: &str) -> Result<bool> {
    let counter = COUNTERS.get(id)?;
    Ok(counter.is_some_and(|counter| counter.get("stock").is_some_and(|stock| *stock != 0)))
}

/// Writes a note that must be the only one of its name, then runs an errand.
pub fn run_named_errand(
    Path(name): Path<String>,
    Json(errand): Json<Errand>,
) -> Result<Json<Value>> {
    let note = Note {
        name,
        kind: "errand".into(),
        rank: 0,
    };
    match NOTES.create(&random::ulid(), &note) {
        Ok(_) => Ok(Json(errand.told())),
        Err(StorageError::NotUnique(_)) => Err(Problem::conflict("done", "That was done before.")),
        Err(error) => Err(error.into()),
    }
}

/// Asks a service and writes nothing.
pub fn look(Path(service): Path<String>) -> Json<Value> {
    let status = outbound::request(&service, Method::Get, "/look").send();
    Json(json!({ "status": status.map(|answer| answer.status).unwrap_or_default() }))
}

/// A text and its signature in hexadecimal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    message: String,
    #[serde(default)]
    signature: String,
}

/// Signs a text, and verifies its signature.
pub fn sign(Path(secret): Path<String>, Json(signed): Json<Signed>) -> Result<Json<Value>> {
    let message = signed.message.as_bytes();
    let digits = signed.signature.as_bytes().chunks(2);
    let signature: Vec<u8> = digits
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let mac = secrets::sign(&secret, message)?;
    let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    let verifies = secrets::verifies(&secret, message, &signature)?;
    Ok(Json(json!({ "mac": mac, "verifies": verifies })))
}
