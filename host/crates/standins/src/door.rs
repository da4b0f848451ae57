//! Where requests come in.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::call::{Call, Reply};
use crate::control;
use crate::mishap::Mishap;
use crate::service::Service;

/// Bytes of a request; the services take less.
const BODY_BYTES_MAX: usize = 1 << 20;

/// An open door. It closes when it is dropped.
pub struct Door {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Door {
    /// Opens at an address; port 0 means any free one.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn open(at: SocketAddr, service: Arc<dyn Service>) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(serve).with_state(service);
        let task = tokio::spawn(async move {
            // It ends when the door is dropped.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(service): State<Arc<dyn Service>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return whole(&Reply::new(413, serde_json::Value::Null));
    };
    let call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    if let Some(reply) = control::serve(&*service, &call) {
        return whole(&reply);
    }
    let mishap = service.mishap_of(&call);
    let reply = service.serve(&call, mishap);
    match mishap {
        Some(Mishap::Silent) => pending().await,
        Some(Mishap::Lost) => cut(),
        _ => whole(&reply),
    }
}

fn whole(reply: &Reply) -> Response {
    let mut response = Response::builder()
        .status(reply.status)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response
        .body(Body::from(reply.body.to_string()))
        .unwrap_or_default()
}

/// An answer that breaks off after its head.
fn cut() -> Response {
    let broken: Result<Bytes, io::Error> = Err(io::ErrorKind::ConnectionReset.into());
    Response::builder()
        .header(CONTENT_LENGTH, 1_024)
        .body(Body::from_stream(stream::iter([broken])))
        .unwrap_or_default()
}
