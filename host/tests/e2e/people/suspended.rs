//! Who is suspended in a tenant may do nothing there, from the next request on.

use serde_json::json;
use stoa_kernel::identity::Role;
use stoa_testkit::TestHost;

use super::{PASSWORD, join};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_the_house_is_suspended_and_comes_back() {
    let host = TestHost::builder().start().await;
    let (id, bob) = join(&host, "bob", None).await;
    let (_, ada) = join(&host, "ada", Some("Acme")).await;
    let boss = host.account("boss", Role::Admin);
    let path = format!("/api/admin/users/{id}");
    let _ = bob.get("/api/auth/me").await.expect(200);
    let _ = ada.get(&path).await.problem(404, "not-found");
    let _ = bob.get(&path).await.problem(403, "forbidden");

    let suspend = json!({ "status": "suspended" });
    let shown = boss.put(&path, &suspend).await.json_of(200);
    assert_eq!(shown["isActive"], false);
    let _ = bob.get("/api/auth/me").await.problem(401, "invalid-token");
    let login = json!({ "email": "bob@example.com", "password": PASSWORD });
    let signing_in = host.anonymous().post("/api/auth/login", &login).await;
    let _ = signing_in.problem(401, "invalid-credentials");

    let _ = boss
        .put(&path, &json!({ "status": "active" }))
        .await
        .expect(200);
    let _ = bob.get("/api/auth/me").await.expect(200);
    let signing_in = host.anonymous().post("/api/auth/login", &login).await;
    let _ = signing_in.expect(200);

    let _ = boss.delete(&path).await.expect(204);
    let _ = bob.get("/api/auth/me").await.problem(401, "invalid-token");
    let _ = boss.get(&path).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_member_works_elsewhere() {
    let host = TestHost::builder().start().await;
    let (_, ada) = join(&host, "ada", Some("Acme")).await;
    let (id, _) = join(&host, "bob", Some("Bobs")).await;
    let invitation = json!({ "email": "bob@example.com", "role": "developer" });
    let _ = ada.post("/api/invitations", &invitation).await.expect(201);
    let link = host.letter("bob@example.com", "invitation", "link").await;
    let (_, token) = link.split_once("token=").unwrap();
    let login = json!({
        "email": "bob@example.com", "password": PASSWORD, "organization": "acme",
    });
    let signing_in =
        async |login: &serde_json::Value| host.anonymous().post("/api/auth/login", login).await;
    let own = json!({ "email": "bob@example.com", "password": PASSWORD });
    let bob = signing_in(&own).await.json_of(200);
    let bob = host.bearer(bob["accessToken"].as_str().unwrap());
    let accepted = bob
        .post("/api/invitations/accept", &json!({ "token": token }))
        .await;
    let _ = accepted.expect(200);
    let in_acme = signing_in(&login).await.json_of(200);
    let in_acme = host.bearer(in_acme["accessToken"].as_str().unwrap());
    let _ = in_acme.get("/api/organization").await.expect(200);

    let path = format!("/api/admin/users/{id}");
    let _ = ada
        .put(&path, &json!({ "isActive": false }))
        .await
        .expect(200);
    let _ = in_acme
        .get("/api/organization")
        .await
        .problem(401, "invalid-token");
    let _ = signing_in(&login).await.problem(403, "not-a-member");
    let _ = bob.get("/api/organization").await.expect(200);
    let home = signing_in(&own).await.json_of(200);
    assert_eq!(home["organization"]["id"], "bobs");
}
