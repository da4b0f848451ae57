//! Versions of one tenant alone, and what its admins can do about them.

use serde_json::json;
use stoa_testkit::TestHost;

use super::{PROBE, asked, greeting, install, people, post, publish, version};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_version_comes_before_the_deployments_and_is_nobody_elses() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, version("0.2.0")).await;
    install(&operator, "0.1.0").await;
    let ((admin, user), (_, other)) = (people(&host, "acme"), people(&host, "other"));
    let body = json!({ "version": "0.2.0", "grantAll": true });
    let row = post(&admin, "activations", body).await.json_of(201);
    assert_eq!(row["scope"], "tenant:acme");
    assert_eq!(greeting(&user).await.as_deref(), Some("0.2.0"));
    assert_eq!(greeting(&other).await.as_deref(), Some("0.1.0"));
    let _ = post(&admin, "disable", json!({})).await.expect(201);
    assert_eq!(
        greeting(&user).await.as_deref(),
        Some("0.1.0"),
        "the deployment's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_installs_what_was_offered_and_grants_no_more() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    let (admin, user) = people(&host, "acme");
    let all = json!({ "version": "0.1.0", "grantAll": true });
    let _ = admin.get(PROBE).await.problem(404, "not-found");
    let _ = post(&admin, "activations", all.clone())
        .await
        .problem(404, "not-found");

    let without = asked()
        .into_iter()
        .filter(|permission| permission.as_str() != "capability:cache");
    let without: Vec<_> = without.collect();
    let offer = json!({ "offer": true, "version": "0.1.0", "grants": without });
    let _ = post(&admin, "approvals", offer.clone())
        .await
        .problem(404, "not-found");
    let _ = post(&operator, "approvals", offer.clone())
        .await
        .expect(201);
    assert_eq!(greeting(&user).await, None, "an offer activates nothing");
    let _ = post(&admin, "approvals", offer)
        .await
        .problem(403, "grant-denied");
    let _ = post(&admin, "activations", all)
        .await
        .problem(403, "grant-denied");
    let some = json!({ "version": "0.1.0", "grants": without });
    let _ = post(&admin, "activations", some).await.expect(201);
    assert_eq!(greeting(&user).await.as_deref(), Some("0.1.0"));
    let more = json!({ "grants": asked() });
    let path = format!("{PROBE}/grants");
    let _ = admin.put(&path, &more).await.problem(403, "grant-denied");
    let more = json!({ "grants": asked(), "tenant": "acme" });
    let _ = operator.put(&path, &more).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_shown_the_api_of_their_tenant() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    let extended = super::changed("0.2.0", |package| {
        let mut route = package.manifest.routes.first().unwrap().clone();
        route.path = "/probe/extra/{country}".into();
        package.manifest.routes.push(route);
    });
    publish(&host, extended).await;
    install(&operator, "0.1.0").await;
    let ((_, user), (_, other)) = (people(&host, "acme"), people(&host, "other"));
    let own = json!({ "version": "0.2.0", "grantAll": true, "tenant": "acme" });
    let _ = post(&operator, "activations", own).await.expect(201);
    let is_shown = async |actor: &stoa_testkit::Actor| {
        let document = actor.get("/openapi.json").await.json_of(200);
        assert!(document["paths"].get("/probe/settings").is_some());
        document["paths"].get("/probe/extra/{country}").is_some()
    };
    // In turns, for what one was shown is not the other's.
    for _ in 0..2 {
        assert!(is_shown(&user).await);
        assert!(!is_shown(&other).await);
        assert!(!is_shown(&host.anonymous()).await);
        assert!(!is_shown(&host.anonymous().header("x-tenant", "acme")).await);
    }
    let stranger = host.bearer("nobody").get("/openapi.json").await;
    let _ = stranger.problem(401, "invalid-token");
}
