//! Who gets no further, and learns nothing.

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};

use super::{PROBE, install, people, post, publish, upload, version};

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_uploads_and_switches_nothing() {
    let host = TestHost::builder().start().await;
    let (vera, ruth) = (host.vendor("vera"), host.vendor("ruth"));
    publish(&host, version("0.1.0")).await;
    for what in ["activations", "approvals", "rollback", "disable", "enable"] {
        let _ = post(&vera, what, json!({})).await.problem(403, "forbidden");
    }
    let _ = vera
        .get("/api/platform/keys")
        .await
        .problem(403, "forbidden");
    let _ = vera
        .get("/api/platform/audit")
        .await
        .problem(403, "forbidden");
    assert_eq!(vera.get(PROBE).await.json_of(200)["places"], json!([]));
    // Another's plugin is none.
    let _ = ruth.get(PROBE).await.problem(404, "not-found");
    let _ = upload(&ruth, version("0.2.0"))
        .await
        .problem(409, "name-taken");
    let list = ruth.get("/api/platform/plugins").await.json_of(200);
    assert_eq!(list["total"], 0);
    let _ = upload(&host.user("u1"), version("0.2.0"))
        .await
        .problem(403, "forbidden");
    let _ = upload(&host.admin(), version("0.2.0"))
        .await
        .problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_and_changes_their_own_tenant_alone() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    let ((admin, _), (rival, _)) = (people(&host, "acme"), people(&host, "rival"));
    // One that only acme has: to others it is as missing as any.
    let body = json!({ "version": "0.1.0", "grantAll": true, "tenant": "acme" });
    let _ = post(&operator, "activations", body).await.expect(201);
    let told = async |actor: &Actor, path: &str| {
        let answer = actor.get(path).await;
        let mut body: Value = answer.json();
        body.as_object_mut().unwrap().remove("instance");
        (answer.status, body)
    };
    let missing = "/api/platform/plugins/nothing";
    assert_eq!(told(&rival, PROBE).await, told(&rival, missing).await);
    for path in ["revisions", "activations", "logs", "diff?to=0.1.0"] {
        let foreign = told(&rival, &format!("{PROBE}/{path}")).await;
        assert_eq!(foreign, told(&rival, &format!("{missing}/{path}")).await);
        assert_eq!(foreign.0, 404);
    }
    assert_eq!(
        rival.get("/api/platform/plugins").await.json_of(200)["total"],
        0
    );
    assert_eq!(
        admin.get("/api/platform/plugins").await.json_of(200)["total"],
        1
    );

    // The place is the token's, whatever a body or a query names.
    install(&operator, "0.1.0").await;
    let named = json!({ "tenant": "acme" });
    let _ = post(&rival, "disable", named.clone())
        .await
        .problem(404, "not-found");
    let _ = rival
        .get(&format!("{PROBE}/logs?tenant=acme"))
        .await
        .problem(404, "not-found");
    let _ = rival
        .get(&format!("{PROBE}/activations?tenant=acme"))
        .await
        .problem(404, "not-found");
    assert_eq!(
        rival.get("/api/platform/audit").await.json_of(200)["total"],
        0
    );
    assert_eq!(
        admin.get("/api/platform/audit").await.json_of(200)["total"],
        1
    );
    let places = admin.get(PROBE).await.json_of(200)["places"].clone();
    assert_eq!(places.as_array().unwrap().len(), 1);
    assert_eq!(places[0]["scope"], "tenant:acme");
    let _ = post(&admin, "disable", named).await.expect(201);
}
