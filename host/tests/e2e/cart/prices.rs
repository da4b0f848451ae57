//! What a cart costs: today's prices, and the operator's tax.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stoa_runtime::Policy;
use stoa_testkit::TestHost;

use super::{add, held, open, pieces, stock};

#[tokio::test(flavor = "multi_thread")]
async fn prices_follow_the_catalogue() {
    let host = open().await;
    let user = host.user("u1");
    let _ = add(&user, "watch", 3).await;
    let _ = add(&user, "agent", 1).await;
    let total = async || {
        let cart = user.get("/api/cart").await.json_of(200);
        (
            cart["items"][0]["price"].clone(),
            cart["items"][0]["available"].clone(),
            cart["total"].clone(),
        )
    };
    let change = async |patch: Value| {
        let _ = host
            .admin()
            .patch("/api/v1/products/watch", &patch)
            .await
            .expect(200);
    };
    assert_eq!(total().await, (json!(19.99), json!(true), json!(64.97)));
    change(json!({ "price": 10.5, "name": "Cheap watch" })).await;
    assert_eq!(total().await, (json!(10.5), json!(true), json!(36.5)));
    assert_eq!(
        user.get("/api/cart").await.json_of(200)["items"][0]["name"],
        "Cheap watch"
    );
    change(json!({ "stock": 2 })).await;
    assert_eq!(total().await, (json!(10.5), json!(false), json!(5)));
    change(json!({ "stock": 3 })).await;
    assert_eq!(total().await, (json!(10.5), json!(true), json!(36.5)));
    change(json!({ "status": "draft" })).await;
    assert_eq!(total().await.1, json!(false));
    let _ = host.admin().delete("/products/watch").await.expect(204);
    let (_, available, rest) = total().await;
    assert_eq!((available, rest), (json!(false), json!(5)));
    let _ = user
        .put("/api/cart/items/watch", &json!({ "quantity": 1 }))
        .await
        .problem(404, "not-found");
    let _ = user.delete("/api/cart/items/watch").await.expect(200);
    assert_eq!(held(&user).await, pieces(&[("agent", 1)]));
}

fn taxed(percent: Value) -> Policy {
    let settings = BTreeMap::from([
        ("tax_percent".to_owned(), percent),
        ("currency".to_owned(), json!("EUR")),
    ]);
    Policy {
        settings: BTreeMap::from([("cart".to_owned(), settings)]),
        ..Policy::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sets_the_tax() {
    let host = TestHost::builder()
        .policy(taxed(json!(19)))
        .plugin("catalog")
        .plugin("cart")
        .start()
        .await;
    stock(&host).await;
    let user = host.user("u1");
    assert_eq!(
        user.get("/api/cart").await.json_of(200)["currency"],
        "EUR",
        "of an empty cart"
    );
    let cart = add(&user, "watch", 3).await;
    assert_eq!(
        (&cart["subtotal"], &cart["tax"], &cart["total"]),
        (&json!(59.97), &json!(11.39), &json!(71.36))
    );
    assert_eq!(
        (&cart["taxRate"], &cart["currency"]),
        (&json!(19.0), &json!("USD"))
    );
    host.runtime.set_policy(taxed(json!(7.5))).await;
    let cart = user.get("/api/cart").await.json_of(200);
    assert_eq!(
        (&cart["tax"], &cart["total"], &cart["taxRate"]),
        (&json!(4.5), &json!(64.47), &json!(7.5))
    );
    // A tax that makes no sense is refused where it is set: the one before goes on, and the operator learns why.
    for senseless in [json!(-3), json!("much")] {
        host.runtime.set_policy(taxed(senseless.clone())).await;
        let cart = user.get("/api/cart").await.json_of(200);
        assert_eq!(cart["taxRate"], json!(7.5), "{senseless}");
        let status = stoa_kernel::plugins::Plugins::status(&*host.runtime);
        let said = status.iter().find(|part| part.part == "plugin:cart");
        let said = said.and_then(|part| part.detail.as_deref());
        assert!(
            said.is_some_and(|why| why.contains("tax_percent")),
            "{status:?}"
        );
    }
}
