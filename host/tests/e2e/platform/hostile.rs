//! Uploads that mean harm (H40, H42, H43 of the catalogue of hostile plugins).

use serde_json::json;
use stoa_kernel::wit::signature;
use stoa_registry::{TrustConfig, TrustedKey};
use stoa_testkit::TestHost;

use super::{changed, greeting, install, key, post, publish, signed, upload, version, wider};

#[tokio::test(flavor = "multi_thread")]
pub async fn h40_what_is_no_plugin_is_refused() {
    let host = TestHost::builder().start().await;
    let vera = host.vendor("vera");
    let good = version("0.1.0");
    let polyglot = [&good[..], b"PK\x05\x06 and a zip at the end"].concat();
    let inside = [b"\x7fELF\x02\x01\x01", &good[..]].concat();
    for file in [
        b"\x7fELF\x02\x01\x01 compiled already".to_vec(),
        b"(component)".to_vec(),
        b"PK\x03\x04 a zip".to_vec(),
        good[..good.len() / 2].to_vec(),
        b"\0asm\x01\0\0\0".to_vec(),
        polyglot,
        inside,
        Vec::new(),
    ] {
        let _ = upload(&vera, file).await.problem(422, "plugin-refused");
    }
    let _ = upload(&vera, vec![0; (32 << 20) + 1])
        .await
        .problem(413, "body-too-large");
    let typed = vera.header("content-type", "application/json");
    let answer = typed
        .send(http::Method::POST, "/api/platform/plugins", good)
        .await;
    let _ = answer.problem(415, "unsupported-media-type");
    let list = vera.get("/api/platform/plugins").await.json_of(200);
    assert_eq!(list["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn h42_other_bytes_wrong_signatures_and_revoked_keys_are_refused() {
    let (vendor, stranger) = (key(), key());
    let trust = TrustConfig {
        keys: vec![TrustedKey {
            key: vendor.public(),
            owner: "vera".into(),
            plugins: ["pro*".to_owned()].into(),
        }],
        ..TrustConfig::default()
    };
    let host = TestHost::builder().trust(trust).start().await;
    let (vera, operator) = (host.vendor("vera"), host.operator("olga"));
    let _ = upload(&vera, version("0.1.0"))
        .await
        .problem(422, "untrusted");
    let forged = signed(version("0.1.0"), &stranger);
    let _ = upload(&vera, forged).await.problem(422, "untrusted");
    let elsewhere = signed(version("0.2.0"), &vendor);
    let mut borrowed = version("0.1.0");
    signature::append(&mut borrowed, &signature::split(&elsewhere).unwrap().1[0]);
    let _ = upload(&vera, borrowed).await.problem(422, "untrusted");

    let digest = publish(&host, signed(version("0.1.0"), &vendor)).await;
    let other = changed("0.1.0", |package| package.manifest.summary = "other".into());
    let _ = upload(&vera, signed(other, &vendor))
        .await
        .problem(409, "version-taken");
    install(&operator, "0.1.0").await;
    assert!(greeting(&host.anonymous()).await.is_some());

    let path = format!("/api/platform/keys/{}?reason=stolen", vendor.public());
    let _ = operator.delete(&path).await.expect(204);
    assert_eq!(greeting(&host.anonymous()).await, None, "withdrawn at once");
    let health = host.anonymous().get("/health").await.json();
    assert!(health.to_string().contains("was revoked"), "{health}");
    let audit = operator.get("/api/platform/audit").await.json_of(200);
    assert!(audit.to_string().contains("plugin.withdrawn"));
    let again = json!({ "digest": digest, "grantAll": true });
    let _ = post(&operator, "activations", again)
        .await
        .problem(422, "untrusted");
    let late = signed(version("0.3.0"), &vendor);
    let _ = upload(&vera, late).await.problem(422, "untrusted");

    // An operator's own key makes up for it.
    let own = key();
    let new = json!({ "key": own.public(), "owner": "operator", "plugins": ["*"] });
    let _ = operator.post("/api/platform/keys", &new).await.expect(201);
    publish(&host, signed(signed(version("0.1.0"), &vendor), &own)).await;
    install(&operator, "0.1.0").await;
    assert!(greeting(&host.anonymous()).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
pub async fn h42_an_older_version_is_no_upgrade() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, version("0.2.0")).await;
    install(&operator, "0.2.0").await;
    let older = |pin: bool| json!({ "version": "0.1.0", "grantAll": true, "pin": pin });
    let _ = post(&operator, "activations", older(false))
        .await
        .problem(409, "downgrade");
    let _ = post(&operator, "activations", older(true))
        .await
        .expect(201);
    assert_eq!(greeting(&host.anonymous()).await.as_deref(), Some("0.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
pub async fn h43_an_update_that_silently_asks_for_more_is_held() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    install(&operator, "0.1.0").await;
    publish(&host, wider()).await;
    let update = json!({ "version": "0.2.0" });
    let held = post(&operator, "activations", update).await.json_of(202);
    assert_eq!(held["outcome"], "waiting");
    assert_eq!(greeting(&host.anonymous()).await.as_deref(), Some("0.1.0"));
}
