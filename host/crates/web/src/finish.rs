//! What every answer gets before it leaves.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::config::EdgeConfig;
use crate::content::Content;
use crate::trail::Trail;
use crate::{compress, conditional, cors, quota, request_id, security};

/// The content security policy of one of the host's own pages, left by its handler as an extension.
#[derive(Clone)]
pub(crate) struct PagePolicy(pub HeaderValue);

/// Adds the request's id, the security headers, the quotas and CORS, compresses, and keeps back bodies that must not leave
/// or that the client has already.
pub(crate) async fn finish(
    config: &EdgeConfig,
    head: &Parts,
    trail: &Trail,
    mut response: Response<Content>,
) -> Response<Content> {
    let page_policy = response
        .extensions_mut()
        .remove::<PagePolicy>()
        .map(|policy| policy.0);
    let headers = response.headers_mut();
    security::protect(headers, page_policy, config);
    quota::tell(&trail.standings, headers);
    cors::allow(head, config, headers);
    if let Ok(id) = HeaderValue::from_str(&trail.id) {
        headers.insert(HeaderName::from_static(request_id::HEADER), id);
    }
    if conditional::is_known(head, response.status(), response.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_TYPE);
    }
    if matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) {
        *response.body_mut() = Content::empty();
        return response;
    }
    if head.method == Method::HEAD {
        if let Some(length) = response.body().length() {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Content::empty();
        return response;
    }
    compress::compress(&head.headers, response).await
}
