//! What the browser is sent away with, and which configurations are refused.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::HashMap;

use openidconnect::url::Url;
use serde_json::json;

use super::super::config::ClientSecret;
use super::super::flow::testing::Counting;
use super::*;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> u64 {
        0
    }
}

fn config() -> ProviderConfig {
    ProviderConfig {
        issuer: "https://provider.example".into(),
        client_id: "us".into(),
        client_secret: ClientSecret::new("secret"),
        redirect_uri: "https://shop.example/callback".into(),
        secure_cookies: true,
        key: [1; 32],
    }
}

fn made(config: ProviderConfig) -> Result<Provider, ConfigError> {
    Provider::new(config, Arc::new(Stopped), Arc::new(Counting::default()))
}

/// The example of RFC 7636, appendix B.
#[test]
fn the_challenge_is_the_verifiers_sha_256() {
    let metadata = serde_json::from_value(json!({
        "issuer": "https://provider.example",
        "authorization_endpoint": "https://provider.example/auth",
        "token_endpoint": "https://provider.example/token",
        "jwks_uri": "https://provider.example/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }));
    let flow = Flow {
        state: "the-state".into(),
        nonce: "the-nonce".into(),
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        return_to: None,
        ends_at: 0,
    };
    let provider = made(config()).map_err(|error| error.to_string()).unwrap();
    let url = provider.authorization_url(metadata.unwrap(), flow).unwrap();
    assert!(!url.contains("dBjftJeZ4CVP"));
    let url = Url::parse(&url).unwrap();
    assert_eq!(url.path(), "/auth");
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", "https://shop.example/callback"),
        ("scope", "openid email profile"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge_method", "S256"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn a_provider_that_anybody_on_the_way_could_play_is_refused() {
    let refused = |change: fn(&mut ProviderConfig)| {
        let mut config = config();
        change(&mut config);
        made(config).err().unwrap()
    };
    let error = refused(|config| config.issuer = "http://provider.example".into());
    assert!(matches!(error, ConfigError::Issuer(_)), "{error}");
    for uri in ["http://shop.example/cb", "/cb", "https://shop.example/cb#x"] {
        let mut config = config();
        config.redirect_uri = uri.into();
        let error = made(config).err().unwrap();
        assert!(matches!(error, ConfigError::RedirectUri(_)), "{error}");
    }
    let error = refused(|config| config.client_id.clear());
    assert!(matches!(error, ConfigError::Client), "{error}");
    let error = refused(|config| config.client_secret = ClientSecret::new(""));
    assert!(matches!(error, ConfigError::Client), "{error}");
}
