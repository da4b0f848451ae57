//! The API document.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::fakes::FakeSnapshot;
use crate::world::{package, shop, world};

const OTHER: &str = r#"
    name = "other"
    version = "0.1.0"
    [[route]]
    method = "POST"
    path = "/api/other"
    handler = "make"
    callers = ["user"]
    request = "Thing"
"#;

#[tokio::test]
async fn every_route_is_described() {
    let world = world();
    let document = world.get("/openapi.json", &[]).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let list = &document["paths"]["/api/things"]["get"];
    assert_eq!(
        (&list["summary"], &list["tags"]),
        (&"Lists things.".into(), &json!(["shop"]))
    );
    assert_eq!(list["security"], json!([{}]));
    let expected = json!([
        { "name": "category", "in": "query", "required": true, "schema": { "type": "string" } },
        { "name": "limit", "in": "query", "required": false, "schema": { "type": "integer" } },
    ]);
    assert_eq!(list["parameters"], expected);
    let thing =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } });
    assert_eq!(list["responses"]["200"]["content"], thing);
    assert_eq!(
        list["responses"]["default"]["$ref"],
        "#/components/responses/Problem"
    );

    let create = &document["paths"]["/api/things"]["post"];
    assert_eq!(
        create["requestBody"],
        json!({ "required": true, "content": thing })
    );
    assert!(create["responses"]["201"].is_object() && create["responses"]["403"].is_object());
    assert_eq!(
        create["security"],
        json!([{ "bearer": ["admin", "vendor"] }])
    );
    assert_eq!(
        create["parameters"],
        json!([{ "$ref": "#/components/parameters/IdempotencyKey" }])
    );

    let one = &document["paths"]["/api/things/{id}"]["get"];
    assert_eq!(one["parameters"][0]["name"], "id");
    let cart = &document["paths"]["/api/cart"]["get"]["security"];
    assert_eq!(
        *cart,
        json!([{ "session": [] }, { "sessionHeader": [] }, { "bearer": ["user"] }])
    );
}

#[tokio::test]
async fn the_hosts_routes_win_in_the_document_too() {
    let document = world().get("/openapi.json", &[]).await.json();
    assert_eq!(document["paths"]["/health"]["get"]["tags"], json!(["host"]));
    assert!(document["paths"]["/metrics"].is_object() && document["paths"]["/docs"].is_object());
    assert!(document["paths"].get("/docs/{*file}").is_none());
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_id_is_unique() {
    let world = world();
    let document = world.get("/openapi.json", &[]).await.json();
    let mut references = Vec::new();
    let mut ids = Vec::new();
    walk(&document, &mut |key, value| match key {
        "$ref" => references.push(value.as_str().unwrap().to_owned()),
        "operationId" => ids.push(value.as_str().unwrap().to_owned()),
        _ => {}
    });
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
}

#[tokio::test]
async fn one_name_for_two_things_is_told_apart() {
    let world = world();
    let schemas = json!({
        "Thing": { "type": "object", "properties": { "part": { "$ref": "#/components/schemas/Part" } } },
        "Part": { "type": "string" },
        "Maker": { "type": "object", "properties": { "name": { "type": "string" } } },
    });
    let packages = vec![shop(), package(OTHER, schemas)];
    *world.plugins.snapshot.lock().unwrap() = Arc::new(FakeSnapshot { packages });
    let document = world.get("/openapi.json", &[]).await.json();
    let schemas = &document["components"]["schemas"];
    assert!(schemas["Thing"]["properties"]["maker"].is_object());
    assert!(schemas["other.Thing"]["properties"]["part"].is_object());
    assert!(
        schemas.get("other.Maker").is_none(),
        "the same thing needs no second name"
    );
    let body = &document["paths"]["/api/other"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/other.Thing");
}

#[tokio::test]
async fn the_document_changes_with_the_plugins() {
    let world = world();
    let before = world.get("/openapi.json", &[]).await;
    assert_eq!(before.body, world.get("/openapi.json", &[]).await.body);
    *world.plugins.snapshot.lock().unwrap() = Arc::new(FakeSnapshot {
        packages: Vec::new(),
    });
    let after = world.get("/openapi.json", &[]).await.json();
    assert!(before.json()["paths"]["/api/cart"].is_object());
    assert!(after["paths"].get("/api/cart").is_none());
}

fn walk(value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                visit(key, value);
                walk(value, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}
