//! `GET /bench/native`: a hello without a component, to measure what a component costs.

use axum::Json;
use axum::response::IntoResponse;
use serde::Serialize;

#[derive(Serialize)]
struct Hello {
    hello: &'static str,
}

/// Says hello.
pub(crate) async fn hello() -> impl IntoResponse {
    Json(Hello { hello: "world" })
}
