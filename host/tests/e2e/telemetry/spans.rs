//! Spans: a request's tree, what follows from it, what it asks elsewhere, and what it says in the log.

use serde_json::{Value, json};

use crate::outbound::service::Service;
use crate::platform::operator;
use crate::process::token;

use super::{SPAN, TRACE, Watched, sell};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_through_two_plugins_with_a_commit_is_a_tree_of_spans() {
    let watched = Watched::start(&["cart", "catalog"]).await;
    sell(&watched.host).await;
    let user = token(&watched.host, "lovelace", "user").await;
    let item = json!({ "productId": "watch", "quantity": 1 }).to_string();
    watched
        .ask("POST /api/cart/items?secret=query", Some(&user), &item)
        .await;

    let request = watched.request("POST /api/cart/items").await;
    assert_eq!(
        (&request["parent"], &request["role"]),
        (&json!(SPAN), &json!("SPAN_KIND_SERVER"))
    );
    assert_eq!(request["resource"]["service.name"], "stoa");
    let known = &request["attributes"];
    for (name, value) in [
        ("http.request.method", json!("POST")),
        ("http.route", json!("/api/cart/items")),
        ("http.response.status_code", json!(200)),
        ("stoa.tenant", json!("default")),
        ("stoa.plugin", json!("cart")),
        ("stoa.plugin.version", json!("0.1.0")),
    ] {
        assert_eq!(known[name], value, "{name}: {request:#}");
    }
    assert!(known["stoa.request.id"].is_string(), "{request:#}");

    let cart = watched.child(&request, "cart add_item");
    let called = &cart["attributes"];
    assert_eq!(called["code.function.name"], "stoa:http/handler#add_item");
    assert_eq!(called["stoa.call.outcome"], "ok");
    assert!(called["stoa.call.cpu_us"].as_u64() > Some(0), "{cart:#}");
    assert!(
        called["stoa.call.memory_peak_bytes"].as_u64() > Some(0),
        "{cart:#}"
    );
    let catalog = watched.below(&cart);
    assert!(!catalog.is_empty(), "the cart asked nobody");
    for call in &catalog {
        let function = call["attributes"]["code.function.name"].as_str().unwrap();
        assert!(function.starts_with("stoa:commerce/catalog@"), "{function}");
        assert_eq!(call["attributes"]["stoa.plugin"], "catalog");
        assert!(
            call["took_ns"].as_u64() <= cart["took_ns"].as_u64(),
            "{call:#}"
        );
    }
    let commit = watched.child(&request, "commit");
    assert!(commit["attributes"]["stoa.commit.changes"].as_u64() > Some(0));
    assert_eq!(commit["attributes"]["stoa.commit.outcome"], "ok");

    let all = Value::from(watched.collector.all("span")).to_string();
    for secret in ["secret=query", "lovelace", &user] {
        assert!(!all.contains(secret), "{secret} is nobody's to read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hears_an_event_is_linked_to_what_raised_it() {
    let watched = Watched::start(&["toucher"]).await;
    watched.ask("GET /touch/events", None, "").await;
    let request = watched.request("GET /touch/{what}").await;
    let raiser = watched.child(&request, "toucher touch");
    let is_it = |span: &Value| span["name"] == "process toucher.told";
    let heard = watched.collector.told("span", is_it).await;
    assert_eq!(heard["role"], "SPAN_KIND_CONSUMER");
    assert_eq!(
        heard["links"],
        json!([{ "trace": TRACE, "span": raiser["span"] }])
    );
    assert_ne!(
        heard["trace"], TRACE,
        "it is no part of what had ended before it began"
    );
    assert_eq!(heard["parent"], "");
    assert_eq!(heard["attributes"]["stoa.event.outcome"], "ok");
    assert_eq!(heard["attributes"]["stoa.plugin.version"], "0.1.0");
    watched.child(&heard, "toucher hear");
    watched.child(&heard, "commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_elsewhere_carries_its_place_and_tells_no_path() {
    let service = Service::start().await;
    let watched = Watched::start_with(
        &["toucher"],
        &[
            (
                "STOA_PLUGINS__OUTBOUND__TOUCHER__GATE__URL",
                &*service.url(),
            ),
            (
                "STOA_PLUGINS__OUTBOUND__TOUCHER__GATE__ALLOW_PRIVATE",
                "true",
            ),
            ("STOA_PLUGINS__SECRETS__TOUCHER__HOOK", "hook-secret"),
        ],
    )
    .await;
    watched.ask("GET /touch/http-client", None, "").await;
    let request = watched.request("GET /touch/{what}").await;
    let call = watched.child(&request, "toucher touch");
    let sent = watched.child(&call, "GET gate");
    assert_eq!(sent["role"], "SPAN_KIND_CLIENT");
    let known = &sent["attributes"];
    assert_eq!(known["server.address"], "127.0.0.1");
    assert_eq!(known["http.response.status_code"], 200);
    let asked = service.asked();
    let place = format!("00-{TRACE}-{}-01", sent["span"].as_str().unwrap());
    assert_eq!(asked[0].header("traceparent"), Some(&*place));
    let all = Value::from(watched.collector.all("span")).to_string();
    assert!(
        !all.contains("/here") && !all.contains("hook-secret"),
        "{all}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_shows_in_the_spans_and_a_line_has_its_place_there() {
    let watched = Watched::start(&["toucher"]).await;
    let broken = [("traceparent", &*format!("00-{TRACE}-{SPAN}-01"))];
    let broken = watched.host.ask("POST /misdeeds/trap", &broken, "").await;
    assert_eq!(broken.unwrap().0, 502);
    let request = watched.request("POST /misdeeds/{what}").await;
    assert_eq!(request["status"], "STATUS_CODE_ERROR");
    assert_eq!(request["attributes"]["error.type"], "502");
    let call = watched.child(&request, "toucher misdeed");
    assert_eq!(call["attributes"]["stoa.call.outcome"], "trap");
    assert_eq!(call["status"], "STATUS_CODE_ERROR");

    watched.ask("GET /touch/log", None, "").await;
    let line = watched
        .collector
        .told("line", |line| line["text"] == "touched");
    let line = line.await;
    assert_eq!(line["trace"], TRACE);
    assert_eq!(line["attributes"]["plugin"], "toucher");
    let request = watched.request("GET /touch/{what}").await;
    assert_eq!(
        line["span"],
        watched.child(&request, "toucher touch")["span"]
    );

    let operator = operator(&watched.host).await;
    let logs = format!("/api/platform/plugins/toucher/logs?traceId={TRACE}");
    let (status, found) = watched.host.get(&logs, &operator).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["items"][0]["traceId"], TRACE);
    assert_eq!(found["items"][0]["text"], "touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_comes_is_compiled_and_swapped_in_spans() {
    let watched = Watched::start(&["toucher"]).await;
    let is_it = |span: &Value| span["name"] == "swap toucher";
    let swap = watched.collector.told("span", is_it).await;
    assert_eq!(swap["attributes"]["stoa.plugin.version"], "0.1.0");
    assert_eq!(swap["attributes"]["stoa.scope"], "deployment");
    watched.child(&swap, "toucher health");
    let is_it = |span: &Value| span["name"] == "plugin.prepare";
    let prepared = watched.collector.told("span", is_it).await;
    assert_eq!(prepared["attributes"]["stoa.plugin"], "toucher");
}
