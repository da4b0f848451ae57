//! The directory as a plugin sees it.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use super::{ids, join, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_knows_the_people_of_its_tenant_and_nobody_else() {
    let host = open().await;
    let (ada, of_ada) = join(&host, "ada", Some("Acme")).await;
    host.clock.advance(1_000);
    let (eve, of_eve) = join(&host, "eve", Some("Rival")).await;
    let (bob, of_bob) = join(&host, "bob", None).await;

    let found = of_ada.get(&format!("/people/one/{ada}")).await.json_of(200);
    let expected = json!({
        "id": ada, "email": "ada@example.com", "name": "ada", "role": "admin", "verified": false,
        "joinedAt": stoa_testkit::FakeClock::START,
    });
    assert_eq!(found, expected);
    let wanted = json!([eve, bob, "nobody", "", "a\nb", ada]);
    let some = async |actor: &stoa_testkit::Actor| -> Value {
        actor.post("/people/some", &wanted).await.json_of(200)
    };
    assert_eq!(ids(&some(&of_ada).await), [ada.as_str()]);
    assert_eq!(ids(&some(&of_eve).await), [eve.as_str()]);
    assert_eq!(ids(&some(&of_bob).await), [bob.as_str()]);
    assert_eq!(
        ids(&some(&host.anonymous()).await),
        [bob.as_str()],
        "the house is asked"
    );

    for (actor, own) in [(&of_ada, &ada), (&of_eve, &eve), (&of_bob, &bob)] {
        let all = actor.get("/people/all?limit=10").await.json_of(200);
        assert_eq!(
            (ids(&all["people"]), &all["total"]),
            (vec![own.as_str()], &json!(1))
        );
        for other in [&ada, &eve, &bob] {
            if other != own {
                let answer = actor.get(&format!("/people/one/{other}")).await;
                let _ = answer.problem(404, "not-found");
            }
        }
    }
    let elsewhere = host.account_in("nowhere", "x", Role::Admin);
    assert!(ids(&some(&elsewhere).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_the_directory_has_bounds() {
    let host = open().await;
    let anybody = host.anonymous();
    let told = async |path: &str| anybody.get(path).await.json_of(200);
    let refused = |answer: &Value| answer["error"].as_str().unwrap().contains("Invalid");
    assert!(refused(&told("/people/all?limit=0").await));
    assert!(refused(&told("/people/all?limit=1&offset=10001").await));
    assert!(refused(&told("/people/all?limit=1&role=god").await));
    assert_eq!(
        told("/people/all?limit=100000&role=artist").await["total"],
        0
    );
    let ids: Vec<String> = (0..=100).map(|n| format!("id{n}")).collect();
    let many = anybody.post("/people/some", &json!(ids)).await.json_of(200);
    assert!(refused(&many));
    let fits = anybody.post("/people/some", &json!(ids[1..])).await;
    assert_eq!(fits.json_of(200), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_directory_said_is_not_told_again_unasked() {
    let host = open().await;
    let (ada, of_ada) = join(&host, "ada", Some("Acme")).await;
    let path = format!("/people/one/{ada}");
    assert_eq!(of_ada.get(&path).await.json_of(200)["name"], "ada");
    let change = json!({ "name": "Countess" });
    let _ = of_ada
        .put(&format!("/api/admin/users/{ada}"), &change)
        .await
        .expect(200);
    assert_eq!(of_ada.get(&path).await.json_of(200)["name"], "Countess");
}
