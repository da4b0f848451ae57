//! SendGrid's HTTP API: `POST /v3/mail/send`.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url, redirect};
use serde::Serialize;

use super::{SendError, Transport, TransportError};
use crate::message::Message;

/// The path below the base.
const PATH: &str = "/v3/mail/send";

/// For a connection.
const CONNECT_WAITS: Duration = Duration::from_secs(10);

/// For a whole exchange; it has to fit into one try.
const EXCHANGE_WAITS: Duration = Duration::from_secs(30);

/// Answers about our key or our sender, the operator's to repair, and about our haste: no fault of the letter.
const NOT_THE_LETTERS_FAULT: &[StatusCode] = &[
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::TOO_MANY_REQUESTS,
];

/// Sends by SendGrid.
pub struct SendGrid {
    client: Client,
    url: Url,
    key: String,
}

impl SendGrid {
    /// With an API key. `base` is `https://api.sendgrid.com`, or a region's.
    ///
    /// # Errors
    /// When `base` is no address, or no root certificates can be had.
    pub fn new(base: &str, key: &str) -> Result<Self, TransportError> {
        let url = format!("{}{PATH}", base.trim_end_matches('/'));
        let url =
            Url::parse(&url).map_err(|_| TransportError(format!("{base:?} is no address")))?;
        let client = Client::builder()
            .connect_timeout(CONNECT_WAITS)
            .timeout(EXCHANGE_WAITS)
            // A redirect would carry the letter to an address that nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| TransportError(format!("HTTPS to SendGrid: {error}")))?;
        Ok(Self {
            client,
            url,
            key: key.to_owned(),
        })
    }
}

#[async_trait]
impl Transport for SendGrid {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let sent = self
            .client
            .post(self.url.clone())
            .bearer_auth(&self.key)
            .json(&Body::of(message))
            .send()
            .await;
        match sent {
            Ok(answer) => outcome(answer.status(), answer.headers()),
            Err(error) if error.is_timeout() => Err(SendError::temporary("sendgrid: timeout")),
            Err(_) => Err(SendError::temporary("sendgrid: no connection")),
        }
    }
}

/// What an answer means. Its body is left out: it may quote the message.
fn outcome(status: StatusCode, headers: &HeaderMap) -> Result<(), SendError> {
    if status == StatusCode::ACCEPTED {
        return Ok(());
    }
    let reason = format!("sendgrid {}", status.as_u16());
    if status.is_client_error() && !NOT_THE_LETTERS_FAULT.contains(&status) {
        return Err(SendError::permanent(reason));
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    Err(SendError {
        retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)),
        ..SendError::temporary(reason)
    })
}

/// The documented body of a request.
#[derive(Serialize)]
struct Body<'a> {
    personalizations: [Personalization<'a>; 1],
    from: Address<'a>,
    subject: &'a str,
    content: [Part<'a>; 2],
    tracking_settings: Tracking,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: [Address<'a>; 1],
}

#[derive(Serialize)]
struct Address<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
}

/// Off: links carry single-use tokens, which are for the recipient alone.
#[derive(Default, Serialize)]
struct Tracking {
    click_tracking: ClickTracking,
    open_tracking: OpenTracking,
}

#[derive(Default, Serialize)]
struct ClickTracking {
    enable: bool,
    enable_text: bool,
}

#[derive(Default, Serialize)]
struct OpenTracking {
    enable: bool,
}

impl<'a> Body<'a> {
    fn of(message: &'a Message) -> Self {
        let from = message.from().mailbox();
        let part = |kind, value| Part { kind, value };
        Self {
            personalizations: [Personalization {
                to: [Address {
                    email: message.to().as_ref(),
                    name: None,
                }],
            }],
            from: Address {
                email: from.email.as_ref(),
                name: from.name.as_deref(),
            },
            subject: message.subject(),
            // In the order of preference that the documentation asks for.
            content: [
                part("text/plain", message.text()),
                part("text/html", message.html()),
            ],
            tracking_settings: Tracking::default(),
        }
    }
}
