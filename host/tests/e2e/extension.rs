//! Extension points: whoever fills them is called live, and never at the cost of who asks.

use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::store::Store as _;
use stoa_testkit::{TestHost, guest_file, plugin_file, repack};

async fn ask(host: &TestHost, country: &str) -> Value {
    let path = format!("/probe/tax/{country}");
    let told = host
        .anonymous()
        .post(&path, &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(told["written"], true, "what the caller wrote stays");
    told["answer"].clone()
}

async fn left_behind(host: &TestHost) -> bool {
    let unit = host.store.begin(&TenantId::parse("main").unwrap()).await;
    let things = CollectionName::new("hostile", "things");
    unit.unwrap().get(&things, "tax").await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_point_answers_while_somebody_fills_it() {
    let host = TestHost::builder().guest("probe").start().await;
    assert_eq!(
        ask(&host, "DE").await,
        json!({ "unavailable": "no-provider" })
    );
    let filler = std::fs::read(guest_file("hostile")).unwrap();
    host.install("hostile", &filler).await.unwrap();
    assert_eq!(ask(&host, "DE").await, json!({ "minor": 107 }));
    assert_eq!(
        ask(&host, "REFUSE").await,
        json!({ "refused": "not there" })
    );
    host.uninstall("hostile").await;
    assert_eq!(
        ask(&host, "DE").await,
        json!({ "unavailable": "no-provider" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_or_takes_too_long_counts_as_absent_and_leaves_nothing_behind() {
    let host = TestHost::builder()
        .guest("probe")
        .guest("hostile")
        .start()
        .await;
    assert_eq!(
        ask(&host, "SPIN").await,
        json!({ "unavailable": "timeout" })
    );
    assert_eq!(ask(&host, "CRASH").await, json!({ "unavailable": "trap" }));
    assert_eq!(
        ask(&host, "REFUSE").await,
        json!({ "refused": "not there" })
    );
    assert!(!left_behind(&host).await);
    assert_eq!(ask(&host, "DE").await, json!({ "minor": 107 }));
    assert!(left_behind(&host).await, "what answers may write");
}

/// An interface that has no word for absence can't be an extension point.
#[tokio::test(flavor = "multi_thread")]
async fn an_extension_point_needs_a_word_for_absence() {
    let host = TestHost::builder().start().await;
    let cart = std::fs::read(plugin_file("cart")).unwrap();
    let bytes = repack(&cart, |package| {
        let interface = package.manifest.uses.remove("catalog").unwrap();
        let point = stoa_kernel::wit::Extension {
            interface,
            budget_ms: 100,
        };
        package.manifest.extensions.insert("catalog".into(), point);
    });
    let reason = host.install("cart", &bytes).await.unwrap_err();
    assert!(reason.contains("unavailable(string)"), "{reason}");
    assert!(host.runtime.status().iter().all(|part| !part.ready));
}
