//! A plugin is replaced under load; a bad version never goes live.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::wit::Bearer;
use stoa_testkit::{TestHost, guest_file, repack};

use crate::deployed;
use crate::events::until;
use crate::outbound::service::Service;
use crate::process::{Stoa, borrow_compiled};

/// The probe as another version whose default greeting says so.
fn version(version: &str) -> Vec<u8> {
    repack(&std::fs::read(guest_file("probe")).unwrap(), |package| {
        package.manifest.version = version.to_string();
        if let Some(setting) = package.manifest.settings.get_mut("greeting") {
            setting.default = Some(version.into());
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_under_reloads_succeeds() {
    const RELOADS: usize = 20;
    let host = Arc::new(
        TestHost::builder()
            .with("probe", version("0.1.0"))
            .start()
            .await,
    );
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (host, stop) = (Arc::clone(&host), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut served = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = host.anonymous().get("/probe/settings").await.json_of(200);
                    assert!(
                        ["0.1.0", "0.2.0"].contains(&answer["greeting"].as_str().unwrap()),
                        "{answer}"
                    );
                    served += 1;
                }
                served
            })
        })
        .collect();
    for reload in 0..RELOADS {
        let number = if reload % 2 == 0 { "0.2.0" } else { "0.1.0" };
        host.install("probe", &version(number)).await.unwrap();
        let answer = host.anonymous().get("/probe/settings").await.json_of(200);
        assert_eq!(answer["greeting"], number, "visible at once");
    }
    stop.store(true, Ordering::Relaxed);
    let mut served = 0;
    for client in clients {
        served += client.await.unwrap();
    }
    assert!(served >= RELOADS, "the load was no load: {served}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_waits_for_nobody_whom_the_old_one_still_serves() {
    let service = Service::start().await;
    let host = TestHost::builder()
        .outbound("toucher", "gate", &service.url())
        .secret("toucher", "hook", &["key"])
        .guest("toucher")
        .start()
        .await;
    let host = Arc::new(host);
    let waiting = {
        let host = Arc::clone(&host);
        tokio::spawn(async move { host.anonymous().post("/misdeeds/wait", &json!({})).await })
    };
    service.was_asked(1).await;
    let newer = deployed::version("toucher", "version", "0.2.0");
    host.install("toucher", &newer).await.unwrap();
    let _ = host.anonymous().get("/calm").await.expect(200);
    service.open_gate();
    let _ = waiting.await.unwrap().expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_version_is_refused_and_the_old_one_goes_on() {
    let host = TestHost::builder()
        .with("probe", version("0.1.0"))
        .start()
        .await;
    let good = version("0.1.0");
    let truncated = good[..good.len() / 2].to_vec();
    let shadowing = repack(&good, |package| {
        package
            .manifest
            .routes
            .retain(|route| route.handler == "greeting");
        package.manifest.routes[0].handler = "nobody".into();
    });
    for (bytes, named) in [
        (truncated, "component"),
        (b"\x7fELF".to_vec(), "component"),
        (Vec::new(), "component"),
    ] {
        let reason = host.install("probe", &bytes).await.unwrap_err();
        assert!(reason.contains(named), "{reason}");
        assert_eq!(
            host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
            "0.1.0"
        );
        let status = host.runtime.status();
        assert!(status[0].ready && status[0].detail.is_some(), "{status:?}");
    }
    host.install("probe", &shadowing).await.unwrap();
    let _ = host.anonymous().get("/probe/settings").await.expect(500);
    host.install("probe", &good).await.unwrap();
    assert!(host.runtime.status()[0].detail.is_none());
    assert_eq!(
        host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
        "0.1.0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_plugins_can_not_have_one_route() {
    let host = TestHost::builder().guest("probe").start().await;
    let other = repack(&std::fs::read(guest_file("probe")).unwrap(), |package| {
        package.manifest.name = "copycat".into()
    });
    let reason = host.install("copycat", &other).await.unwrap_err();
    assert!(reason.contains("clashes"), "{reason}");
    let _ = host.anonymous().get("/probe/settings").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_file_was_in_the_way_of_serves_when_that_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let plugins = dir.path().join("plugins");
    fs::create_dir_all(&plugins).unwrap();
    borrow_compiled(dir.path());
    let probe = fs::read(guest_file("probe")).unwrap();
    let (file, renamed) = (plugins.join("probe.wasm"), plugins.join("also.wasm"));
    fs::write(&file, &probe).unwrap();
    let host = Stoa::spawn_as(dir.path(), &["serve"], &[])
        .until_well()
        .await;
    let serves = async |plugin: &str, told: &str| {
        let (_, health) = host.ask("GET /health", &[], "").await.unwrap();
        let parts = health["parts"].as_array().unwrap().clone();
        let mut parts = parts.into_iter();
        let part = parts.find(|part| part["part"] == format!("plugin:{plugin}"))?;
        let is_told = part["detail"].as_str().unwrap_or_default().contains(told);
        (part["ready"] == told.is_empty() && is_told).then_some(())
    };
    let copycat = repack(&probe, |package| package.manifest.name = "copycat".into());
    fs::write(plugins.join("copycat.wasm"), copycat).unwrap();
    until("the copy is refused", || serves("copycat", "clashes")).await;
    // The new name is looked at before it is known that the old one is gone.
    fs::rename(&file, &renamed).unwrap();
    fs::copy(guest_file("ledger"), plugins.join("ledger.wasm")).unwrap();
    until("the ledger serves", || serves("ledger", "")).await;
    until("the probe serves", || serves("probe", "")).await;
    fs::remove_file(renamed).unwrap();
    until("the copy serves", || serves("copycat", "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_the_host_is_no_plugins() {
    let host = TestHost::builder().start().await;
    let impostor = repack(&std::fs::read(guest_file("probe")).unwrap(), |package| {
        package.manifest.name = "host".into()
    });
    assert!(
        host.install("host", &impostor)
            .await
            .unwrap_err()
            .contains("host's own")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_plugin_takes_access_tokens_whose_time_is_up() {
    let host = TestHost::builder().start().await;
    let lax = repack(&std::fs::read(guest_file("probe")).unwrap(), |package| {
        package.manifest.routes[0].bearer = Bearer::Lapsed;
    });
    let reason = host.install("probe", &lax).await.unwrap_err();
    assert!(reason.contains("time is up"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_a_provider_follows_the_provider() {
    let host = TestHost::builder()
        .plugin("catalog")
        .plugin("cart")
        .start()
        .await;
    let product = json!({ "name": "Stoa Diver", "description": "A watch.", "category": "dive", "price": 100, "stock": 5 });
    let made = host.admin().post("/products", &product).await.json_of(201);
    let item = json!({ "productId": made["id"], "quantity": 1 });
    let _ = host.user("u1").post("/api/cart/items", &item).await;
    assert_eq!(
        host.user("u1").get("/api/cart").await.json_of(200)["itemCount"],
        1
    );

    // The provider is replaced by another version of itself; the cart notices nothing.
    let newer = repack(
        &std::fs::read(stoa_testkit::plugin_file("catalog")).unwrap(),
        |package| package.manifest.version = "0.9.9".into(),
    );
    host.install("catalog", &newer).await.unwrap();
    let _ = host.user("u2").post("/api/cart/items", &item).await;
    assert_eq!(
        host.user("u2").get("/api/cart").await.json_of(200)["itemCount"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_provider_fails_its_callers_alone() {
    let host = TestHost::builder().plugin("cart").start().await;
    let item = json!({ "productId": "p", "quantity": 1 });
    let _ = host
        .user("u1")
        .post("/api/cart/items", &item)
        .await
        .problem(503, "unavailable");
    let _ = host.user("u1").get("/api/cart").await.expect(200);
}
