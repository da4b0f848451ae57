//! What a plugin may do: its manifest asks, its operator grants, and the component can have no more.

use std::collections::{BTreeMap, BTreeSet};

use stoa_kernel::plugins::Plugins as _;
use stoa_runtime::Policy;
use stoa_testkit::{TestHost, guest_file, repack};

fn probe() -> Vec<u8> {
    std::fs::read(guest_file("probe")).unwrap()
}

/// A capability that the manifest does not list keeps the component out, whatever it was built with.
#[tokio::test(flavor = "multi_thread")]
pub async fn an_import_that_the_manifest_does_not_ask_for_is_refused() {
    let host = TestHost::builder().start().await;
    for (capability, interface) in [
        ("storage", "stoa:storage/storage@"),
        ("cache", "stoa:cache/cache@"),
        ("events", "stoa:events/events@"),
        ("http-client", "stoa:http/outbound@"),
        ("secrets", "stoa:secrets/secrets@"),
    ] {
        let bytes = repack(&probe(), |package| {
            package.manifest.capabilities.remove(capability);
            if capability == "storage" {
                package.manifest.collections.clear();
            }
        });
        let reason = host.install("probe", &bytes).await.unwrap_err();
        assert!(reason.contains(interface), "{reason}");
    }
    let _ = host
        .anonymous()
        .get("/probe/settings")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_the_operator_withholds_is_refused() {
    for (capability, interface) in [
        ("storage", "storage"),
        ("cache", "cache"),
        ("events", "events"),
        ("http-client", "outbound"),
        ("secrets", "secrets"),
        ("clock", "clock"),
        ("random", "random"),
        ("settings", "settings"),
        ("log", "log"),
    ] {
        let denied = BTreeMap::from([(
            "probe".to_string(),
            BTreeSet::from([capability.to_string()]),
        )]);
        let host = TestHost::builder()
            .policy(Policy {
                denied,
                ..Policy::default()
            })
            .start()
            .await;
        match host.install("probe", &probe()).await {
            Err(reason) => assert!(
                reason.contains("withholds") && reason.contains(interface),
                "{reason}"
            ),
            // What the component does not import can't be withheld from it.
            Ok(()) => assert!(["clock"].contains(&capability), "{capability} was granted"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capability_that_is_withdrawn_ends_the_plugin_that_uses_it() {
    let host = TestHost::builder().guest("probe").start().await;
    let _ = host.anonymous().get("/probe/settings").await.expect(200);
    let denied = BTreeMap::from([("probe".to_string(), BTreeSet::from(["storage".to_string()]))]);
    let strict = Policy {
        denied,
        ..Policy::default()
    };
    host.runtime.set_policy(strict).await;
    let _ = host
        .anonymous()
        .get("/probe/settings")
        .await
        .problem(404, "not-found");
    let status = host.runtime.status();
    assert!(
        !status[0].ready && status[0].detail.as_ref().unwrap().contains("storage"),
        "{status:?}"
    );
    host.runtime.set_policy(Policy::default()).await;
    let _ = host.anonymous().get("/probe/settings").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_comes_from_the_operator_or_the_manifest() {
    let settings = |value: serde_json::Value| {
        let of_probe = BTreeMap::from([("greeting".to_string(), value)]);
        Policy {
            settings: BTreeMap::from([("probe".to_string(), of_probe)]),
            ..Policy::default()
        }
    };
    let host = TestHost::builder()
        .policy(settings("ahoy".into()))
        .guest("probe")
        .start()
        .await;
    assert_eq!(
        host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
        "ahoy"
    );
    host.runtime.set_policy(settings("salve".into())).await;
    assert_eq!(
        host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
        "salve"
    );
    host.runtime.set_policy(settings(7.into())).await;
    assert_eq!(
        host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
        "salve",
        "a bad one is refused"
    );
    host.runtime.set_policy(Policy::default()).await;
    assert_eq!(
        host.anonymous().get("/probe/settings").await.json_of(200)["greeting"],
        "hello"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_admit_the_callers_that_they_name() {
    let host = TestHost::builder().guest("probe").start().await;
    let _ = host
        .anonymous()
        .get("/probe/admins")
        .await
        .problem(401, "unauthenticated");
    let _ = host
        .user("u")
        .get("/probe/admins")
        .await
        .problem(403, "forbidden");
    assert_eq!(
        host.admin().get("/probe/admins").await.json_of(200)["role"],
        "admin"
    );

    let first = host.anonymous().get("/probe/session").await.expect(200);
    let session = first.json()["session"].as_str().unwrap().to_string();
    assert_eq!(first.text("x-session-id"), Some(session.as_str()));
    let again = host
        .anonymous()
        .header("x-session-id", &session)
        .get("/probe/session")
        .await
        .json_of(200);
    assert_eq!(again["session"], session.as_str());
    assert_eq!(
        host.user("u").get("/probe/session").await.json_of(200)["id"],
        "u"
    );
}

#[tokio::test(flavor = "multi_thread")]
pub async fn reused_instances_stay_with_their_tenant() {
    use stoa_kernel::identity::Role;
    let bytes = repack(&probe(), |package| {
        package.manifest.instance.reuse = stoa_wit::Reuse::Tenant
    });
    let host = TestHost::builder()
        .with("probe", bytes.clone())
        .start()
        .await;
    let served = async |tenant: &str| {
        let answer = host
            .account_in(tenant, "u", Role::User)
            .get("/probe/residue")
            .await;
        answer.json_of(200)["served"].as_u64().unwrap()
    };
    assert_eq!((served("a").await, served("a").await), (1, 2));
    assert_eq!(served("b").await, 1);
    assert_eq!(served("a").await, 3);

    let strict = TestHost::builder()
        .with("probe", bytes)
        .allow_reuse(false)
        .start()
        .await;
    for _ in 0..3 {
        assert_eq!(
            strict.anonymous().get("/probe/residue").await.json_of(200)["served"],
            1
        );
    }
}
