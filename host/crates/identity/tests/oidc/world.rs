//! Our side of a sign-in: the provider as a client sees it, and a clock that can be put forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use stoa_identity::oidc::{ClientSecret, ExternalIdentity, OidcError, Provider, ProviderConfig};
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::random::Random;

use stoa_testkit::oidc::{Browser, Peer, REDIRECT_URI, Wish};

/// The machine's time, put forward: the provider on the other side has the machine's.
#[derive(Default)]
pub struct Ahead(AtomicU64);

impl Ahead {
    pub fn forward(&self, by_ms: u64) {
        self.0.fetch_add(by_ms, Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Millis {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(now.as_millis()).unwrap() + self.0.load(Ordering::Relaxed)
    }
}

/// The machine's randomness.
pub struct Machine;

impl Random for Machine {
    fn fill(&self, into: &mut [u8]) {
        aws_lc_rs::rand::fill(into).unwrap();
    }
}

/// What `provider.js` makes of a client's name.
pub fn secret_of(client: &str) -> ClientSecret {
    ClientSecret::new(format!("{client} secret/+:%"))
}

/// A configuration that works with the peer.
pub fn config(peer: &Peer, client: &str) -> ProviderConfig {
    ProviderConfig {
        issuer: peer.issuer.clone(),
        client_id: client.to_owned(),
        client_secret: secret_of(client),
        redirect_uri: REDIRECT_URI.to_owned(),
        secure_cookies: false,
        key: [7; 32],
    }
}

/// A client of the peer.
pub struct Side {
    pub provider: Provider,
    pub clock: Arc<Ahead>,
}

/// A sign-in that came back from the provider.
pub struct Returned {
    pub query: String,
    pub cookie: String,
}

impl Side {
    pub fn of(peer: &Peer) -> Self {
        Self::with(config(peer, "stoa"))
    }

    pub fn with(config: ProviderConfig) -> Self {
        let clock = Arc::new(Ahead::default());
        let provider = Provider::new(config, Arc::clone(&clock) as _, Arc::new(Machine));
        Self {
            provider: provider.map_err(|error| error.to_string()).unwrap(),
            clock,
        }
    }

    /// Begins a sign-in and lets a fresh browser walk it.
    pub async fn returned(&self, wish: Wish<'_>) -> Returned {
        let started = self.provider.start(None).await.unwrap();
        let query = Browser::new().walk(&started.url, wish).await;
        let cookie = value_of(&started.cookie).to_owned();
        Returned { query, cookie }
    }

    pub async fn finish(&self, returned: &Returned) -> Result<ExternalIdentity, OidcError> {
        let Returned { query, cookie } = returned;
        self.provider.finish(query, Some(cookie)).await
    }
}

/// The value that a `Set-Cookie` gives.
pub fn value_of(set_cookie: &str) -> &str {
    let (_, rest) = set_cookie.split_once('=').unwrap();
    rest.split_once(';').unwrap().0
}

/// A query with another value for one of its parameters.
pub fn replaced(query: &str, name: &str, value: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.map(|(known, old)| match known == name {
        true => (known, value.into()),
        false => (known, old),
    });
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
