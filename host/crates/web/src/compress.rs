//! gzip for answers that gain by it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Response};
use tokio::sync::Semaphore;

use crate::content::Content;

/// Below this a packet is a packet, compressed or not.
const WORTH_BYTES_MIN: usize = 1 << 10;

/// Above this compressing takes longer than a thread that serves others should be held.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// How many large answers are compressed at the same time: each takes a core for some tens of milliseconds, and what finds
/// no place leaves as it is.
const BESIDE_MAX: usize = 4;

static BESIDE: Semaphore = Semaphore::const_new(BESIDE_MAX);

/// Compresses the answer to a request with these headers, if both sides gain. What is streamed passes as it is: it is
/// large, its ranges count its own bytes, and most of it is compressed already.
pub(crate) async fn compress(
    request: &HeaderMap,
    response: Response<Content>,
) -> Response<Content> {
    let in_memory = response.body().in_memory().cloned();
    let Some(body) = in_memory.filter(|body| body.len() >= WORTH_BYTES_MIN) else {
        return response;
    };
    if !is_text(response.headers()) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    head.headers
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    if !accepts_gzip(request) {
        return Response::from_parts(head, body.into());
    }
    let plain = body.clone();
    let packed = if body.len() <= INLINE_BYTES_MAX {
        gzip(&body)
    } else {
        gzip_beside(body).await
    };
    match packed {
        Some(packed) => {
            head.headers
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(head, packed.into())
        }
        None => Response::from_parts(head, plain.into()),
    }
}

/// Compresses what is large on another thread; not while enough others do.
async fn gzip_beside(body: Bytes) -> Option<Bytes> {
    let place = BESIDE.try_acquire().ok()?;
    let packing = tokio::task::spawn_blocking(move || {
        // Until it is done, also when the client has gone.
        let _place = place;
        gzip(&body)
    });
    packing.await.ok().flatten()
}

fn gzip(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether the answer is of a type that shrinks, and not yet encoded.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim_end();
    let shrinks = kind.starts_with("text/")
        || kind.ends_with("json")
        || kind.ends_with("xml")
        || kind.ends_with("javascript");
    shrinks && !headers.contains_key(CONTENT_ENCODING)
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    let lines = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .and_then(|q| q.parse::<f32>().ok())
                .is_some_and(|q| q <= 0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_whether_it_takes_gzip() {
        for (line, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("br, deflate", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, line.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), takes, "{line}");
        }
    }
}
