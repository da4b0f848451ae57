//! Webhooks on their way out, and the controls of other processes.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stoa_standins::{Address, Order, Stripe, signature};
use tokio::net::TcpListener;

use crate::support::{good, intent, stripe, told};

/// A host that is called back.
#[derive(Clone, Default)]
struct Host {
    heard: Arc<Mutex<Vec<(String, String)>>>,
    /// How many of the next calls it fails.
    failing: Arc<Mutex<u32>>,
}

impl Host {
    async fn next_to(stripe: &Stripe) -> Self {
        let host = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(hear).with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stripe.post().listen(Address {
            url,
            secret: "whsec_1".into(),
        });
        host
    }

    fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        let id = |(body, _): &(String, String)| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["id"].as_str().unwrap().to_owned()
        };
        self.heard().iter().map(id).collect()
    }
}

async fn hear(State(host): State<Host>, headers: HeaderMap, body: String) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    host.heard.lock().unwrap().push((body, signature));
    let mut failing = host.failing.lock().unwrap();
    match *failing {
        0 => StatusCode::OK,
        _ => {
            *failing -= 1;
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn ids_told(stripe: &Stripe) -> Vec<String> {
    let told = stripe.post().told();
    told.into_iter().map(|event| event.id).collect()
}

#[tokio::test]
async fn events_arrive_signed_in_order_and_again_until_they_are_taken() {
    let stripe = stripe().await;
    let host = Host::next_to(&stripe).await;
    *host.failing.lock().unwrap() = 1;
    let _ = intent(&stripe).await;
    stripe.post().settled().await;
    let heard = host.heard();
    assert_eq!(heard.len(), 2, "the first try was not taken");
    assert_eq!(heard[0].0, heard[1].0);
    for (body, header) in heard {
        let now_s = header
            .strip_prefix("t=")
            .unwrap()
            .split_once(',')
            .unwrap()
            .0;
        assert_eq!(
            header,
            signature::stripe("whsec_1", now_s.parse().unwrap(), &body)
        );
    }
    for _ in 0..5 {
        let _ = intent(&stripe).await;
    }
    stripe.post().settled().await;
    assert_eq!(host.ids()[1..], ids_told(&stripe));
    assert_eq!(stripe.post().deliveries()[0].status, Some(503));
}

#[tokio::test]
async fn events_are_dropped_doubled_late_or_in_another_order_when_that_is_wanted() {
    let stripe = stripe().await;
    let host = Host::next_to(&stripe).await;
    let post = stripe.post();
    post.drop_next(1);
    let _ = intent(&stripe).await;
    post.settled().await;
    assert_eq!(host.heard().len(), 0);
    post.again(&ids_told(&stripe)[0]);
    post.copies(2);
    let _ = intent(&stripe).await;
    post.settled().await;
    let told = ids_told(&stripe);
    assert_eq!(host.ids(), [&*told[0], &told[1], &told[1]]);

    post.copies(1);
    for order in [Order::Reversed, Order::Shuffled(7)] {
        post.hold();
        for _ in 0..6 {
            let _ = intent(&stripe).await;
        }
        post.settled().await;
        let before = host.heard().len();
        post.release(order);
        post.settled().await;
        let told = ids_told(&stripe);
        let late = &told[told.len() - 6..];
        let heard = host.ids().split_off(before);
        assert_ne!(heard, late);
        let (mut heard, mut late) = (heard, late.to_vec());
        if order == Order::Reversed {
            late.reverse();
            assert_eq!(heard, late);
        }
        heard.sort();
        late.sort();
        assert_eq!(heard, late);
    }
}

#[tokio::test]
async fn other_processes_have_the_same_controls() {
    let stripe = stripe().await;
    let host = Host::next_to(&stripe).await;
    let client = reqwest::Client::new();
    let control = |action: &str, body: Value| {
        client
            .post(format!("{}/_standin/{action}", stripe.url()))
            .json(&body)
    };
    let id = intent(&stripe).await;
    let _ = good(control("webhooks", json!({"hold": true}))).await;
    let pay = json!({"pay": {"intent": id, "card": "pm_card_visa"}});
    assert_eq!(
        good(control("act", pay.clone())).await["status"],
        "succeeded"
    );
    assert_eq!(told(control("act", pay)).await.0, 400, "it is paid");
    stripe.post().settled().await;
    assert_eq!(host.heard().len(), 1);
    let _ = good(control("webhooks", json!({"release": {"shuffled": 3}}))).await;
    stripe.post().settled().await;
    assert_eq!(host.heard().len(), 3);

    let _ = good(control("mishaps", json!({"next": "down"}))).await;
    let fields = [("amount", "1999"), ("currency", "usd")];
    let create = crate::support::form(&stripe, "/v1/payment_intents", &fields);
    assert_eq!(told(create).await.0, 503);
    for (action, body) in [
        ("mishaps", json!({"next": "flood"})),
        ("act", json!({"rob": {}})),
        ("dance", json!({})),
    ] {
        assert_eq!(told(control(action, body)).await.0, 400, "{action}");
    }
}
