//! What a handler may answer with.

use serde::Serialize;

use crate::extract::Json;
use crate::{Problem, Result};

/// An answer in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599. From 400 on, everything the request wrote is discarded.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Something that a handler may answer with.
pub trait IntoResponse {
    /// Makes it an answer.
    ///
    /// # Errors
    /// A problem is an answer, too; and a value may fail to serialise.
    fn into_response(self) -> Result<Response>;
}

/// 201 with what was created.
#[derive(Debug, Clone)]
pub struct Created<T>(pub T);

/// 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

/// 200 with plain text.
#[derive(Debug, Clone)]
pub struct Text(pub String);

fn typed(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), content_type.into())],
        body,
    }
}

impl Response {
    /// The same with another header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response> {
        Ok(self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response> {
        (200, self).into_response()
    }
}

impl<T: Serialize> IntoResponse for (u16, Json<T>) {
    fn into_response(self) -> Result<Response> {
        let body =
            serde_json::to_vec(&self.1.0).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(typed(self.0, "application/json", body))
    }
}

impl<T: IntoResponse> IntoResponse for Created<T> {
    fn into_response(self) -> Result<Response> {
        Ok(Response {
            status: 201,
            ..self.0.into_response()?
        })
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Result<Response> {
        Ok(Response {
            status: 204,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }
}

impl IntoResponse for Text {
    fn into_response(self) -> Result<Response> {
        Ok(typed(200, "text/plain; charset=utf-8", self.0.into_bytes()))
    }
}

impl<T: IntoResponse> IntoResponse for Result<T> {
    fn into_response(self) -> Result<Response> {
        self.and_then(IntoResponse::into_response)
    }
}
