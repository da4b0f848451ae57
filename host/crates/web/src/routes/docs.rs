//! `GET /docs`: Swagger UI over `/openapi.json`, from files inside the binary.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use stoa_kernel::error::Problem;
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::finish::PagePolicy;
use crate::problem::Failure;

/// The page runs its own scripts, styles itself, and talks to this host alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
);

/// Files change only with the binary; an hour bounds how long an old one lives after an upgrade.
const ASSET_CACHING: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=3600");

/// The page itself. Its files are relative to `/docs/`, wherever the browser thinks it is.
pub(crate) async fn page() -> Result<Response, Failure> {
    let file = file("index.html")?;
    let html = String::from_utf8_lossy(&file.bytes);
    let html = html.replacen("<head>", "<head>\n    <base href=\"/docs/\">", 1);
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.extensions_mut().insert(PagePolicy(POLICY));
    Ok(response)
}

/// One of its files.
pub(crate) async fn asset(Path(path): Path<String>) -> Result<Response, Failure> {
    let file = file(&path)?;
    let headers = [(CONTENT_TYPE, file.content_type.as_str()), ASSET_CACHING];
    // Files lie in the binary: no request has a copy of its own.
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = (headers, bytes).into_response();
    response.extensions_mut().insert(PagePolicy(POLICY));
    Ok(response)
}

fn file(path: &str) -> Result<SwaggerFile<'static>, Problem> {
    let config = Config::new(["/openapi.json"]).persist_authorization(true);
    match utoipa_swagger_ui::serve(path, Arc::new(config)) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}
