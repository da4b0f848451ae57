//! A shop for the stories of the catalogue and the cart: both plugins loaded, and what many stories need.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, Answer, TestHost};

/// More pages than any list here has: one that goes on beyond them has no end.
const PAGES_MAX: usize = 100;

/// A host with the catalogue and the cart.
pub async fn open() -> Arc<TestHost> {
    Arc::new(
        TestHost::builder()
            .plugin("catalog")
            .plugin("cart")
            .start()
            .await,
    )
}

/// The least that makes a product, with these members besides.
pub fn product(members: Value) -> Value {
    let mut whole = json!({ "name": "Stoa Diver", "category": "dive", "price": 100 });
    let (Value::Object(whole_members), Value::Object(members)) = (&mut whole, members) else {
        panic!("a product's members are an object");
    };
    whole_members.extend(members);
    whole
}

/// Puts a product on sale and answers what the shop shows of it.
pub async fn sell(host: &TestHost, members: Value) -> Value {
    host.admin()
        .post("/products", &product(members))
        .await
        .json_of(201)
}

/// The id of what was created.
pub fn id(view: &Value) -> String {
    view["id"].as_str().expect("an id").to_owned()
}

/// The ids of a list in its order.
pub fn ids(list: &Value) -> Vec<String> {
    list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(id)
        .collect()
}

/// Every id of a list, page by page as the cursors lead.
pub async fn walk(actor: &Actor, path: &str) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), path.to_owned());
    for _ in 0..PAGES_MAX {
        let page = actor.get(&next).await.json_of(200);
        all.extend(ids(&page));
        let Some(cursor) = page["nextCursor"].as_str() else {
            return all;
        };
        next = format!("{path}&cursor={cursor}");
    }
    panic!("{path} does not end: {all:?}");
}

/// How many products there are, whatever their status.
pub async fn products_stored(host: &TestHost) -> u64 {
    let list = host.admin().get("/products?status=all").await.json_of(200);
    list["total"].as_u64().expect("a total")
}

/// Events that have been raised so far, as name and key, in order.
pub async fn events(host: &TestHost) -> Vec<(String, String)> {
    let tenant = stoa_kernel::id::TenantId::parse("main").expect("a tenant's id");
    let events = stoa_kernel::store::Store::outbox(&*host.store, &tenant, None, 1_000)
        .await
        .expect("the outbox");
    events
        .into_iter()
        .map(|event| (event.name, event.key))
        .collect()
}

/// Checks that a body is refused with 400, by the name of the member at fault where there is one.
#[track_caller]
pub fn assert_refused(answer: Answer, field: Option<&str>, sent: &str) {
    assert_eq!(
        answer.status,
        400,
        "{sent}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(
        answer.text("content-type"),
        Some("application/problem+json"),
        "{sent}"
    );
    assert_eq!(
        answer.json()["field"].as_str(),
        field,
        "{sent}: {}",
        answer.json()
    );
}

/// What is not all of a product: nobody makes one of it, but it may change one.
const NOT_WHOLE: &[(&str, Option<&str>)] = &[
    (r#"{"category":"c","price":1}"#, Some("name")),
    (r#"{"name":"W","price":1}"#, Some("category")),
    (r#"{"name":"W","category":"c"}"#, Some("price")),
];

/// Bodies that are no product, and the member at fault.
const NO_PRODUCTS: &[(&str, Option<&str>)] = &[
    ("", None),
    ("{", None),
    (r#"{"name":"#, Some("name")),
    ("[]", None),
    (r#"["W"]"#, None),
    ("null", None),
    ("7", None),
    (r#""watch""#, None),
    (r#"{"name":"W","category":"c","price":1} x"#, None),
    (r#"{"name":7,"category":"c","price":1}"#, Some("name")),
    (r#"{"name":" ","category":"c","price":1}"#, Some("name")),
    (
        r#"{"name":"a\u0000b","category":"c","price":1}"#,
        Some("name"),
    ),
    (r#"{"name":"W","category":[],"price":1}"#, Some("category")),
    (r#"{"name":"W","category":"c","price":"1"}"#, Some("price")),
    (r#"{"name":"W","category":"c","price":null}"#, Some("price")),
    (r#"{"name":"W","category":"c","price":-1}"#, Some("price")),
    (
        r#"{"name":"W","category":"c","price":-0.01}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":0.001}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":1e300}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":1e999}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":18446744073709551615}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"originalPrice":0.5}"#,
        Some("originalPrice"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"currency":"dollars"}"#,
        Some("currency"),
    ),
    (
        r#"{"name":"W","category":"c","price":1.5,"currency":"JPY"}"#,
        Some("price"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"stock":-1}"#,
        Some("stock"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"stock":1.5}"#,
        Some("stock"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"stock":"5"}"#,
        Some("stock"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"stock":4294967296}"#,
        Some("stock"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"stock":1000001}"#,
        Some("stock"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"type":"robot"}"#,
        Some("type"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"status":"sold"}"#,
        Some("status"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"tags":"blue"}"#,
        Some("tags"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"tags":["a",1]}"#,
        Some("tags.1"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"images":["javascript:alert(1)"]}"#,
        Some("images.0"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"files":{"size":-1}}"#,
        Some("files.size"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"files":{"evil":1}}"#,
        Some("files.evil"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"admin":true}"#,
        Some("admin"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"rating":5}"#,
        Some("rating"),
    ),
    (
        r#"{"name":"W","category":"c","price":1,"createdAt":"2020-01-01T00:00:00Z"}"#,
        Some("createdAt"),
    ),
];

/// Sends everything that is no product to a route that takes one. Nothing is stored, and nothing is told.
pub async fn refuses_what_is_no_product(host: &TestHost, method: Method, path: &str) {
    let before = (products_stored(host).await, events(host).await);
    let not_whole = if method == Method::POST {
        NOT_WHOLE
    } else {
        &[]
    };
    for (body, field) in NO_PRODUCTS.iter().chain(not_whole) {
        let answer = host.admin().send(method.clone(), path, *body).await;
        assert_refused(answer, *field, body);
    }
    let deep = format!(
        r#"{{"name":"W","category":"c","price":1,"files":{}"#,
        "[".repeat(100_000)
    );
    assert_eq!(
        host.admin().send(method.clone(), path, deep).await.status,
        400
    );
    let oversize = product(json!({ "description": "x".repeat(3 << 20) })).to_string();
    let _ = host
        .admin()
        .send(method.clone(), path, oversize)
        .await
        .problem(413, "body-too-large");
    let whole = product(json!({})).to_string();
    let form = host
        .admin()
        .header("content-type", "application/x-www-form-urlencoded");
    let _ = form
        .send(method, path, whole)
        .await
        .problem(415, "unsupported-media-type");
    assert_eq!(
        (products_stored(host).await, events(host).await),
        before,
        "something was stored"
    );
}

/// An answer without what tells two requests apart: their ids, and those of what they were about.
pub fn anonymised(answer: &Answer, about: &str) -> (u16, Vec<(String, String)>, String) {
    let request = answer
        .text("x-request-id")
        .expect("every answer has an id")
        .to_owned();
    let plain = |text: &str| text.replace(&request, "<request>").replace(about, "<id>");
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| {
        (
            name.to_string(),
            plain(&String::from_utf8_lossy(value.as_bytes())),
        )
    });
    (
        answer.status.as_u16(),
        headers.collect(),
        plain(&String::from_utf8_lossy(&answer.body)),
    )
}

/// Checks that a request about `hidden` is answered as one about something that never was.
/// `path` has `{id}` where the id belongs.
pub async fn looks_missing(actor: &Actor, method: Method, path: &str, body: &str, hidden: &str) {
    const MISSING: &str = "01JABSENT0000000000000000Z";
    let told = async |id: &str| {
        actor
            .send(method.clone(), &path.replace("{id}", id), body.to_owned())
            .await
    };
    let (foreign, missing) = (told(hidden).await, told(MISSING).await);
    assert_eq!(missing.status, 404, "{method} {path}: {}", missing.json());
    assert_eq!(
        anonymised(&foreign, hidden),
        anonymised(&missing, MISSING),
        "{method} {path}"
    );
}
