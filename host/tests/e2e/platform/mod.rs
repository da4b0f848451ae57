//! Plugins of others, by REST and with real components: from the upload to the last rollback.

mod bucket;
mod commands;
mod crash;
mod denials;
pub mod hostile;
mod hosts;
mod migrations;
mod observing;
mod secrets;
mod settings;
mod story;
mod tenants;

use std::collections::BTreeSet;

pub use crash::operator;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_kernel::wit::{Package, Permission};
use stoa_registry::SigningKey;
use stoa_testkit::{Actor, Answer, TestHost, guest_file, repack};

/// Where the plugin's routes are.
const PROBE: &str = "/api/platform/plugins/probe";

/// The probe as another version, whose default greeting says so.
fn version(version: &str) -> Vec<u8> {
    changed(version, |_| {})
}

/// The same, with something else in its manifest.
fn changed(version: &str, change: impl FnOnce(&mut Package)) -> Vec<u8> {
    repack(&std::fs::read(guest_file("probe")).unwrap(), |package| {
        package.manifest.version = version.into();
        // What code migrates has no way back, which most stories are not about.
        package.manifest.lifecycle = false;
        if let Some(setting) = package.manifest.settings.get_mut("greeting") {
            setting.default = Some(version.into());
        }
        change(package);
    })
}

/// Version 0.2.0, which asks for one thing more than the others.
fn wider() -> Vec<u8> {
    changed("0.2.0", |package| {
        let _ = package.manifest.raises.insert("probe.widened".into());
    })
}

async fn upload(actor: &Actor, file: Vec<u8>) -> Answer {
    let actor = actor.header("content-type", "application/wasm");
    actor
        .send(Method::POST, "/api/platform/plugins", file)
        .await
}

/// A vendor's upload that is taken; its digest.
async fn publish(host: &TestHost, file: Vec<u8>) -> String {
    let answer = upload(&host.vendor("vera"), file).await.json_of(201);
    answer["digest"].as_str().unwrap().to_owned()
}

/// Which version answers, if any does.
async fn greeting(actor: &Actor) -> Option<String> {
    let answer = actor.get("/probe/settings").await;
    match answer.status.as_u16() {
        200 => Some(answer.json()["greeting"].as_str().unwrap().to_owned()),
        404 => None,
        status => panic!("{status}: {}", answer.json()),
    }
}

async fn post(actor: &Actor, what: &str, body: Value) -> Answer {
    actor.post(&format!("{PROBE}/{what}"), &body).await
}

/// An operator installs a version with all that it asks for.
async fn install(operator: &Actor, version: &str) {
    let body = json!({ "version": version, "grantAll": true });
    let _ = post(operator, "activations", body).await.expect(201);
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

/// A file with this key's signature.
fn signed(mut file: Vec<u8>, key: &SigningKey) -> Vec<u8> {
    use stoa_kernel::wit::signature;
    let (content, _) = signature::split(&file).unwrap();
    let manifest = Package::from_file(content).unwrap().manifest;
    let digest = stoa_registry::digest(content);
    let signature = key.sign(&manifest.name, &manifest.version, &digest);
    signature::append(&mut file, &signature.unwrap());
    file
}

/// What the probe asks for.
fn asked() -> BTreeSet<Permission> {
    let package = Package::from_file(&version("0.1.0")).unwrap();
    package.manifest.permissions()
}

/// An admin of this tenant, and somebody whom the tenant's plugins serve.
fn people(host: &TestHost, tenant: &str) -> (Actor, Actor) {
    let admin = host.account_in(tenant, &format!("admin-{tenant}"), Role::Admin);
    let user = host.account_in(tenant, &format!("user-{tenant}"), Role::User);
    (admin, user)
}
