//! The client.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use stoa_kernel::outbound::{
    ANSWER_HEADERS_MAX, BODY_BYTES_MAX, Outbound, OutboundAnswer, OutboundError, OutboundRequest,
};

use crate::address::is_public;

/// How long finding and reaching a service may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept: less than services usually do, so that none is found closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Idle connections kept for one service.
const IDLE_PER_HOST_MAX: usize = 16;

/// Sends requests for all plugins.
#[derive(Debug)]
pub struct Egress {
    /// Reaches the open internet alone.
    public: Client,
    /// Reaches what the operator says.
    anywhere: Client,
}

impl Egress {
    /// A client.
    ///
    /// # Errors
    /// When the machine's certificates can't be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self {
            public: builder().dns_resolver(Arc::new(PublicOnly)).build()?,
            anywhere: builder().build()?,
        })
    }
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        // Where a service sends us is not where the operator sent us.
        .redirect(Policy::none())
        // A proxy would resolve names itself.
        .no_proxy()
        .referer(false)
        // An answer is told as it came: what is small when packed may be large.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .user_agent("stoa")
}

/// Resolves names to public addresses alone. The connection goes to the very addresses that were judged: a name
/// that answers differently the next time gains nothing.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                let reason = format!("{} has no public address", name.as_str());
                return Err(io::Error::other(reason).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[async_trait]
impl Outbound for Egress {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let url = judged(&request)?;
        let client = match request.allow_private {
            true => &self.anywhere,
            false => &self.public,
        };
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| OutboundError::Invalid(error.to_string()))?;
        let sent = client
            .request(method, url)
            .headers(headers(&request)?)
            .body(request.body)
            .timeout(Duration::from_millis(request.timeout_ms.into()))
            .send()
            .await
            .map_err(|error| failed(&error))?;
        answer(sent).await
    }
}

/// The address, unless it names one directly that may not be reached: such a name is never resolved.
fn judged(request: &OutboundRequest) -> Result<Url, OutboundError> {
    let invalid = |reason: String| OutboundError::Invalid(reason);
    let url = Url::parse(&request.url).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return Err(invalid(format!(
            "{} is no address of a service",
            url.scheme()
        )));
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    if !request.allow_private && literal.is_ok_and(|address| !is_public(address)) {
        let reason = format!("{host} is no public address");
        return Err(OutboundError::Unreachable(reason));
    }
    Ok(url)
}

fn headers(request: &OutboundRequest) -> Result<HeaderMap, OutboundError> {
    let invalid = |name: &str| OutboundError::Invalid(format!("header {name:?}"));
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(name))?;
        let value = HeaderValue::from_str(value).map_err(|_| invalid(name))?;
        headers.append(key, value);
    }
    if let Some(authorization) = &request.authorization {
        let value = HeaderValue::from_str(authorization.expose());
        let mut value = value.map_err(|_| invalid("authorization"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

async fn answer(mut response: Response) -> Result<OutboundAnswer, OutboundError> {
    let too_large =
        // Whatever it says, the service has acted.
        || OutboundError::Unknown(format!("an answer of more than {BODY_BYTES_MAX} bytes"));
    if response
        .content_length()
        .is_some_and(|length| length > BODY_BYTES_MAX as u64)
    {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let told = response.headers().iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    Ok(OutboundAnswer {
        status: response.status().as_u16(),
        headers: told.take(ANSWER_HEADERS_MAX).collect(),
        body: Bytes::from(body),
    })
}

/// What went wrong, in words for the plugin; addresses of the operator's network are for the log, and what
/// stands in a path or a query is for neither.
fn failed(error: &reqwest::Error) -> OutboundError {
    let cause = std::iter::successors(error.source(), |cause| (*cause).source()).last();
    let cause = cause.map(ToString::to_string).unwrap_or_default();
    tracing::warn!(cause, "a request to a service elsewhere failed");
    if error.is_connect() {
        return OutboundError::Unreachable("the service can't be reached".into());
    }
    if error.is_builder() {
        return OutboundError::Invalid("the request can't be made".into());
    }
    OutboundError::Unknown(match error.is_timeout() {
        true => "the service took too long".into(),
        false => "the answer broke off".into(),
    })
}
