//! Secrets work for plugins and are shown to nobody.

use serde_json::{Value, json};
use stoa_kernel::secret::Secret;
use stoa_runtime::Policy;
use stoa_testkit::TestHost;

/// Vectors of razorpay-node.
const MESSAGE: &str = r#"{"a":1,"b":2,"c":{"d":3}}"#;
const MAC: &str = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc";

async fn sign(host: &TestHost, message: &str, signature: &str) -> Value {
    let signed = json!({ "message": message, "signature": signature });
    let answer = host
        .anonymous()
        .post("/probe/signatures/hook", &signed)
        .await;
    answer.json_of(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_being_replaced_verifies_under_both_of_its_values() {
    let host = TestHost::builder()
        .secret("probe", "hook", &["123456"])
        .guest("probe")
        .start()
        .await;
    let told = sign(&host, MESSAGE, MAC).await;
    assert_eq!(told, json!({ "mac": MAC, "verifies": true }));
    for wrong in ["", &MAC[2..], "00"] {
        assert_eq!(
            sign(&host, MESSAGE, wrong).await["verifies"],
            false,
            "{wrong}"
        );
    }
    assert_eq!(sign(&host, "{}", MAC).await["verifies"], false);

    let replaced = |values: &[&str]| {
        let values = values.iter().map(|value| Secret::new(*value)).collect();
        let of_probe = [("hook".to_owned(), values)].into();
        Policy {
            secrets: [("probe".to_owned(), of_probe)].into(),
            ..Policy::default()
        }
    };
    host.runtime.set_policy(replaced(&["new", "123456"])).await;
    let told = sign(&host, MESSAGE, MAC).await;
    assert_eq!(told["verifies"], true, "the old one still counts");
    let mac = told["mac"].as_str().unwrap();
    assert_ne!(mac, MAC, "the new one signs");
    assert_eq!(sign(&host, MESSAGE, mac).await["verifies"], true);
    host.runtime.set_policy(replaced(&["new"])).await;
    assert_eq!(sign(&host, MESSAGE, MAC).await["verifies"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_set_or_not_listed_signs_nothing() {
    let host = TestHost::builder().guest("probe").start().await;
    let ask = async |secret: &str, message: &str| {
        let path = format!("/probe/signatures/{secret}");
        host.anonymous()
            .post(&path, &json!({ "message": message }))
            .await
    };
    let _ = ask("hook", "x").await.problem(503, "not-configured");
    let _ = ask("elsewhere", "x").await.expect(500);

    let set = TestHost::builder()
        .secret("probe", "hook", &["x"])
        .guest("probe")
        .start()
        .await;
    let message = "x".repeat((1 << 20) + 1);
    let path = "/probe/signatures/hook";
    let large = set
        .anonymous()
        .post(path, &json!({ "message": message }))
        .await;
    let _ = large.expect(500);

    let unknown = TestHost::builder()
        .secret("probe", "hoook", &["hunter2"])
        .start()
        .await;
    let probe = std::fs::read(stoa_testkit::guest_file("probe")).unwrap();
    let reason = unknown.install("probe", &probe).await.unwrap_err();
    assert!(
        reason.contains("hoook") && !reason.contains("hunter2"),
        "{reason}"
    );
}
