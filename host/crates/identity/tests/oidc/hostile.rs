//! Something that is no provider answers in its place.

use stoa_identity::oidc::{OidcError, Provider};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{Side, config};
use stoa_testkit::oidc::Peer;

/// Answers each request with the same bytes; answers its own address.
async fn always(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            // Who hangs up in the middle has what it wanted to see.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    format!("http://{address}")
}

fn provider(issuer: String) -> Provider {
    let mut config = config(Peer::shared(), "stoa");
    config.issuer = issuer;
    Side::with(config).provider
}

async fn refusal(answer: Vec<u8>) -> String {
    let provider = provider(always(answer).await);
    match provider.start(None).await.err().unwrap() {
        OidcError::Provider(reason) => reason,
        other => other.to_string(),
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = &Peer::shared().issuer;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: {elsewhere}/.well-known/openid-configuration\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    let reason = refusal(answer.into_bytes()).await;
    assert!(reason.contains("302"), "{reason}");
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    answer.resize(1 << 20, b' ');
    let reason = refusal(answer).await;
    assert!(reason.contains("longer than"), "{reason}");
}

#[tokio::test]
async fn a_document_of_another_issuer_is_refused() {
    let issuer = &Peer::shared().issuer;
    let document = reqwest::get(format!("{issuer}/.well-known/openid-configuration")).await;
    let body = document.unwrap().text().await.unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let reason = refusal(answer.into_bytes()).await;
    assert!(reason.contains("unexpected issuer"), "{reason}");
}
