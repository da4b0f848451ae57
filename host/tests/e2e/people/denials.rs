//! Who may not: each import needs the manifest's word and the operator's; the host's events are the host's.

use std::collections::{BTreeMap, BTreeSet};

use stoa_runtime::Policy;
use stoa_testkit::{TestHost, guest_file, repack};

/// With the interfaces that they stand for.
const CAPABILITIES: [(&str, &str); 4] = [
    ("directory", "stoa:directory/directory@"),
    ("mail", "stoa:mail/mail@"),
    ("plans", "stoa:plans/plans@"),
    ("roles", "stoa:directory/roles@"),
];

fn guest(name: &str) -> Vec<u8> {
    std::fs::read(guest_file(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_letters_and_plans_are_for_those_who_ask_and_are_granted() {
    let host = TestHost::builder().start().await;
    for (capability, import) in CAPABILITIES {
        let bytes = repack(&guest("people"), |package| {
            package.manifest.capabilities.remove(capability);
        });
        let reason = host.install("people", &bytes).await.unwrap_err();
        assert!(reason.contains(import), "{reason}");
    }
    for (capability, import) in CAPABILITIES {
        let withheld = BTreeSet::from([capability.to_owned()]);
        let policy = Policy {
            denied: BTreeMap::from([("people".to_owned(), withheld)]),
            ..Policy::default()
        };
        host.runtime.set_policy(policy).await;
        let reason = host.install("people", &guest("people")).await.unwrap_err();
        assert!(
            reason.contains("withholds") && reason.contains(import),
            "{reason}"
        );
    }
    let _ = host
        .anonymous()
        .get("/people/plan")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_plugin_may_raise_what_the_host_tells() {
    let host = TestHost::builder().start().await;
    for name in [
        "host.letter",
        "host.plan-changed",
        "user.erased",
        "user.registered",
    ] {
        let bytes = repack(&guest("probe"), |package| {
            package.manifest.raises.insert(name.to_owned());
        });
        let reason = host.install("probe", &bytes).await.unwrap_err();
        assert!(reason.contains(name), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_personal_data_tells_and_forgets_it() {
    let host = TestHost::builder().start().await;
    let deaf = repack(&guest("people"), |package| {
        package.manifest.subscriptions.clear();
    });
    let reason = host.install("people", &deaf).await.unwrap_err();
    assert!(reason.contains("user.erased"), "{reason}");
    let mute = repack(&guest("probe"), |package| {
        package.manifest.personal_data = true;
        package.manifest.subscriptions.push(stoa_wit::Subscription {
            event: "user.erased".into(),
            handler: "forget".into(),
        });
    });
    assert!(host.install("probe", &mute).await.is_err());
}
