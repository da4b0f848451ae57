//! How the provider is asked: no redirects, bounded in time and size.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect::Policy;

use super::config::ConfigError;

/// For reaching the provider; a machine across the world answers in a third of a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// For the whole answer: somebody looks at an empty page meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer; Google's largest has 2 KiB, a key set of a large company some 30.
const BODY_BYTES_MAX: usize = 256 << 10;

/// Asks one provider.
pub(super) struct Http(reqwest::Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
    #[error(transparent)]
    Malformed(#[from] http::Error),
}

impl Http {
    /// For a provider on this machine (`local`), without a proxy and by plain HTTP; for any other, by https alone.
    pub(super) fn new(local: bool) -> Result<Self, ConfigError> {
        let builder = reqwest::Client::builder()
            // Where a provider's document sends us is not where the operator sent us.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .https_only(!local);
        let builder = if local { builder.no_proxy() } else { builder };
        let client = builder.build();
        client
            .map(Self)
            .map_err(|error| ConfigError::Http(error.to_string()))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(reqwest::Request::try_from(request)?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
