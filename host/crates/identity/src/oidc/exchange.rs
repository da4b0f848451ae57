//! The code for tokens (RFC 6749, 4.1.3), of which only the ID token is kept.
//!
//! By hand, because `openidconnect` reads an ID token's issuer as a URL, and one that Google uses is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use openidconnect::core::CoreErrorResponseType;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use openidconnect::http::{self, Method, StatusCode};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, StandardErrorResponse, TokenUrl};
use serde::Deserialize;

use super::config::ClientSecret;
use super::directory::described;
use super::error::OidcError;
use super::http::Http;

/// Who we are at the provider.
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: ClientSecret,
    pub(super) redirect_uri: String,
}

/// What a provider answers that gives no tokens.
type Refusal = StandardErrorResponse<CoreErrorResponseType>;

/// What we read of the answer.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Client {
    /// The ID token that the provider gives for a code.
    pub(super) async fn exchange(
        &self,
        http: &Http,
        at: &TokenUrl,
        code: &str,
        verifier: &str,
    ) -> Result<String, OidcError> {
        let request = self.request(at, code, verifier);
        let request = request.map_err(|error| OidcError::Provider(error.to_string()))?;
        let answer = http.call(request).await;
        let answer = answer.map_err(|error| OidcError::Provider(described(&error)))?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(&answer));
        }
        let tokens = serde_json::from_slice::<Tokens>(answer.body());
        // Serde's message could repeat a token.
        let tokens =
            tokens.map_err(|_| OidcError::Provider("its answer has no id_token".into()))?;
        Ok(tokens.id_token)
    }

    fn request(
        &self,
        at: &TokenUrl,
        code: &str,
        verifier: &str,
    ) -> Result<HttpRequest, http::Error> {
        let body = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", verifier)
            .finish();
        http::Request::builder()
            .method(Method::POST)
            .uri(at.as_str())
            .header(AUTHORIZATION, format!("Basic {}", self.credentials()))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes())
    }

    /// Name and secret, each form-encoded before they are joined (RFC 6749, 2.3.1).
    fn credentials(&self) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let (id, secret) = (encoded(&self.id), encoded(self.secret.expose()));
        STANDARD.encode(format!("{id}:{secret}"))
    }
}

/// Why there are no tokens.
fn refusal(answer: &HttpResponse) -> OidcError {
    let error = serde_json::from_slice::<Refusal>(answer.body());
    match error.as_ref().map(Refusal::error) {
        Ok(CoreErrorResponseType::InvalidGrant) => OidcError::CodeRefused,
        Ok(other) => OidcError::Provider(format!("it answered {other:?} to a code")),
        Err(_) => OidcError::Provider(format!("it answered {} to a code", answer.status())),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_rfc_6749_says() {
        let client = Client {
            id: "a:b".into(),
            secret: ClientSecret::new("c d/é"),
            redirect_uri: "https://shop.example/cb?x".into(),
        };
        let at = TokenUrl::new("https://provider.example/token".into()).unwrap();
        let request = client.request(&at, "co&de", "veri").unwrap();
        let authorization = request.headers().get(AUTHORIZATION).unwrap();
        let expected = STANDARD.encode("a%3Ab:c+d%2F%C3%A9");
        assert_eq!(authorization, &format!("Basic {expected}"));
        assert_eq!(
            request.body(),
            b"grant_type=authorization_code&code=co%26de\
              &redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fx&code_verifier=veri"
        );
    }

    #[test]
    fn only_a_refused_code_is_the_clients_fault() {
        let answer = |status, body: &str| {
            let response = http::Response::builder().status(status);
            refusal(&response.body(body.as_bytes().to_vec()).unwrap())
        };
        let refused = answer(400, r#"{"error":"invalid_grant"}"#);
        assert_eq!(refused, OidcError::CodeRefused);
        for (status, body) in [
            (401, r#"{"error":"invalid_client"}"#),
            (503, "<html>"),
            (302, ""),
        ] {
            let error = answer(status, body);
            assert!(matches!(error, OidcError::Provider(_)), "{status} {body}");
        }
    }
}
