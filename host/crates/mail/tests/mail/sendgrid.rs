//! SendGrid's API against a stand-in that checks the documented request.

use serde_json::json;
use stoa_mail::SendGrid;

use crate::support::http::HttpServer;
use crate::support::{CODE, Office, code_letter};

const KEY: &str = "SG.key";

async fn office(server: &HttpServer) -> Office {
    Office::open(SendGrid::new(&server.url, KEY).unwrap()).await
}

#[tokio::test]
async fn the_request_is_the_documented_one() {
    let server = HttpServer::answering(&[(202, "")]).await;
    let office = office(&server).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert!(office.is_done());

    let asked = server.asked();
    let [asked] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(asked.line, "POST /v3/mail/send HTTP/1.1");
    assert_eq!(asked.header("authorization"), Some("Bearer SG.key"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let text = asked.body["content"][0]["value"].as_str().unwrap();
    let html = asked.body["content"][1]["value"].as_str().unwrap();
    assert!(text.contains(CODE) && !text.contains('<'), "{text}");
    assert!(
        html.contains(CODE) && html.starts_with("<!doctype html>"),
        "{html}"
    );
    let documented = json!({
        "personalizations": [{"to": [{"email": "ada@b.example"}]}],
        "from": {"email": "no-reply@shop.example", "name": "The Shop"},
        "subject": "Your sign-in code",
        "content": [
            {"type": "text/plain", "value": text},
            {"type": "text/html", "value": html},
        ],
        "tracking_settings": {
            "click_tracking": {"enable": false, "enable_text": false},
            "open_tracking": {"enable": false},
        },
    });
    assert_eq!(asked.body, documented);
}

#[tokio::test]
async fn too_many_requests_are_repeated_when_the_service_says() {
    let server = HttpServer::answering(&[(429, "Retry-After: 90\r\n"), (202, "")]).await;
    let office = office(&server).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert_eq!(office.reason_to_wait(), "sendgrid 429");
    assert!(office.advance_and_try().await >= 90_000);
    assert!(office.is_done());
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_fault_of_the_service_or_of_our_key_costs_no_letter() {
    let faults = [500, 503, 401, 403, 408];
    let server = HttpServer::answering(&faults.map(|status| (status, ""))).await;
    let office = office(&server).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    for (n, status) in faults.into_iter().enumerate() {
        if n > 0 {
            office.advance_and_try().await;
        }
        assert_eq!(office.reason_to_wait(), format!("sendgrid {status}"));
    }
}

#[tokio::test]
async fn a_letter_that_is_refused_is_dead_without_the_services_prose() {
    for status in [400, 404, 413] {
        let server = HttpServer::answering(&[(status, "")]).await;
        let office = office(&server).await;
        office.post_and_try(&code_letter("ada@b.example")).await;
        assert_eq!(office.reason_of_death(), format!("sendgrid {status}"));
        assert!(!office.store.only("dead").to_string().contains(CODE));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = HttpServer::answering(&[(202, "")]).await;
    let location = format!("Location: {}/v3/mail/send\r\n", elsewhere.url);
    let server = HttpServer::answering(&[(307, &location)]).await;
    let office = office(&server).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert_eq!(office.reason_to_wait(), "sendgrid 307");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_asked_again() {
    let server = HttpServer::answering(&[]).await;
    let office = office(&server).await;
    drop(server);
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert_eq!(office.reason_to_wait(), "sendgrid: no connection");
}

#[test]
fn an_address_that_is_none_is_an_error_that_shows_no_key() {
    let error = SendGrid::new("nowhere", KEY).err().unwrap().to_string();
    assert!(error.contains("nowhere") && !error.contains(KEY), "{error}");
}
