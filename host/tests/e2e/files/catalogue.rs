//! Uploaded files in the catalogue.

use http::Method;
use serde_json::json;
use stoa_testkit::TestHost;

use super::{PNG, text, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_product_shows_uploaded_pictures_and_hides_the_file_that_it_sells() {
    let host = TestHost::builder().plugin("catalog").start().await;
    let (vera, anybody) = (host.vendor("vera"), host.anonymous());
    let send = vera.header("content-type", "image/png");
    let picture = send
        .send(Method::POST, "/api/blobs?public=true", PNG)
        .await
        .json_of(201);
    let file = upload(&vera, "a.txt", "text/plain", "what is sold")
        .await
        .json_of(201);
    let product = json!({
        "name": "Inbox steward", "category": "tools", "price": 5,
        "images": [format!("blob:{}", text(&picture, "id"))],
        "files": { "downloadUrl": format!("blob:{}", text(&file, "id")) },
    });
    let path = "/api/marketplace/products";
    let made = vera.post(path, &product).await.json_of(201);
    let path = format!("{path}/{}", text(&made, "id"));
    let change = format!("/api/v1/products/{}", text(&made, "id"));
    let _ = host
        .admin()
        .patch(&change, &json!({ "status": "active" }))
        .await
        .expect(200);
    let seen = anybody.get(&path).await.json_of(200);
    assert_eq!(seen["images"], json!([picture["url"]]));
    assert_eq!(seen["files"].get("downloadUrl"), None);
    let shown = anybody.get(text(&seen, "thumbnail")).await.expect(200);
    assert_eq!(shown.body, PNG);

    let rival = host
        .vendor("rob")
        .post("/api/marketplace/products", &product)
        .await;
    let _ = rival.problem(400, "invalid-request");
}
