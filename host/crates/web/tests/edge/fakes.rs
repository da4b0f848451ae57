//! Ports that do as the tests say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::error::Problem;
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::{
    Account, AuthenticationError, Authenticator, Credential, InvalidToken,
};
use stoa_kernel::live::{Ear, Heard, JoinError, Joined, Listener, Live, Push};
use stoa_kernel::plugins::{Matched, MatchedChannel, Plugins, Snapshot};
use stoa_kernel::random::Random;
use stoa_kernel::routing::Lookup;
use stoa_kernel::status::PartStatus;
use stoa_kernel::store::{Extent, Realm, Store, StoreError, Stretch, UnitOfWork};
use stoa_kernel::wit::{Channel, Collection, Package};

/// Plugins that are described by packages and answer as their handlers' names say.
pub struct FakePlugins {
    pub snapshot: std::sync::Mutex<Arc<FakeSnapshot>>,
    pub ready: AtomicBool,
}

impl Plugins for FakePlugins {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.snapshot.lock().unwrap().clone()
    }

    fn snapshot_for(&self, _: &TenantId) -> Arc<dyn Snapshot> {
        self.snapshot()
    }

    fn status(&self) -> Vec<PartStatus> {
        let ready = self.ready.load(Ordering::Relaxed);
        let detail = (!ready).then(|| "migration failed".to_owned());
        vec![PartStatus {
            part: "plugin:shop".into(),
            ready,
            version: Some("0.1.0".into()),
            detail,
        }]
    }
}

pub struct FakeSnapshot {
    pub packages: Vec<Arc<Package>>,
}

impl FakeSnapshot {
    fn candidates(&self, path: &str) -> Vec<Matched> {
        let mut found = Vec::new();
        for package in &self.packages {
            for (key, route) in package.manifest.routes.iter().enumerate() {
                if let Some(params) = fill(&route.path, path) {
                    let plugin = package.manifest.name.as_str().into();
                    found.push(Matched {
                        key,
                        route: Arc::new(route.clone()),
                        plugin,
                        params,
                    });
                }
            }
        }
        found
    }
}

fn fill(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut params = Vec::new();
    for (segment, value) in pattern.into_iter().zip(path) {
        match segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => params.push((name.to_owned(), value.to_owned())),
            None if segment == value => {}
            None => return None,
        }
    }
    Some(params)
}

#[async_trait]
impl Snapshot for FakeSnapshot {
    fn find(&self, method: &str, path: &str) -> Lookup {
        let candidates = self.candidates(path);
        if candidates.is_empty() {
            return Lookup::Missing;
        }
        let methods = candidates
            .iter()
            .map(|matched| matched.route.method.as_str())
            .collect();
        let found = candidates
            .into_iter()
            .find(|matched| matched.route.method.as_str() == method);
        found.map_or(Lookup::OtherMethods(methods), Lookup::Found)
    }

    fn packages(&self) -> Vec<Arc<Package>> {
        self.packages.clone()
    }

    async fn handle(&self, matched: &Matched, request: Request) -> Result<Response, Problem> {
        match matched.route.handler.as_str() {
            "echo" => Ok(ok(echo(&request).to_string())),
            "big" => Ok(ok(format!("{:?}", "x".repeat(4_000)))),
            "replay" => Ok(Response {
                source: Source::Replay,
                ..ok("{}".into())
            }),
            "headers" => Ok(Response {
                headers: odd_headers(),
                ..ok("{}".into())
            }),
            "created" => Ok(Response {
                status: 201,
                ..ok("{}".into())
            }),
            "empty" => Ok(Response {
                status: 204,
                ..ok("not for a 204".into())
            }),
            "switch" => Ok(Response {
                status: 101,
                ..ok("{}".into())
            }),
            "collapse" => Ok(Response {
                status: 500,
                ..ok("stack trace of the plugin".into())
            }),
            "sold_out" => Err(Problem {
                field: Some("items.0.quantity".into()),
                ..Problem::new(409, "out-of-stock", "Only 2 left.").because("stock row 7")
            }),
            "broken" => Err(Problem {
                field: Some("password".into()),
                ..Problem::unavailable(7, "ws://db:8000 refused").because("password=hunter2")
            }),
            "invalid" => Err(Problem::new(299, "Not A Code!", "secret")),
            "panic" => panic!("the handler's secret"),
            "hang" => std::future::pending().await,
            other => panic!("no such handler: {other}"),
        }
    }

    fn channel(&self, name: &str) -> Option<MatchedChannel> {
        self.packages.iter().find_map(|package| {
            let mut channels = package.manifest.channels.iter().enumerate();
            let (key, channel, params) =
                channels.find_map(|(key, channel)| Some((key, channel, channel.params(name)?)))?;
            Some(MatchedChannel {
                key,
                channel: Arc::new(channel.clone()),
                plugin: package.manifest.name.as_str().into(),
                name: name.into(),
                params,
            })
        })
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        let channels = self
            .packages
            .iter()
            .flat_map(|package| &package.manifest.channels);
        channels.cloned().map(Arc::new).collect()
    }

    async fn join(
        &self,
        matched: &MatchedChannel,
        request: Request,
    ) -> Result<Option<Response>, Problem> {
        match matched.channel.join.as_deref() {
            None => Ok(None),
            Some("refuse") => Err(Problem::not_found()),
            Some(_) => Ok(Some(ok(echo(&request).to_string()))),
        }
    }

    async fn say(
        &self,
        matched: &MatchedChannel,
        word: &str,
        request: Request,
    ) -> Result<Response, Problem> {
        match matched.channel.messages.get(word).map(String::as_str) {
            None => Err(Problem::new(404, "unknown-message", "No such message.")),
            Some("sold_out") => Err(Problem::new(409, "out-of-stock", "Only 2 left.")),
            Some(_) => Ok(ok(echo(&request).to_string())),
        }
    }
}

fn ok(body: String) -> Response {
    let headers = vec![("content-type".into(), "application/json".into())];
    Response {
        status: 200,
        headers,
        body: Bytes::from(body),
        source: Source::Handler,
    }
}

fn odd_headers() -> Vec<(String, String)> {
    let pairs = [
        ("content-type", "text/plain"),
        ("etag", "\"1\""),
        ("link", "</a>"),
        ("link", "</b>"),
        ("cache-control", "public, max-age=60"),
        ("content-length", "99999"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("set-cookie", "stoa_session=stolen"),
        ("x-session-id", "stolen"),
        ("x-request-id", "forged"),
        ("access-control-allow-origin", "*"),
        ("content-security-policy", "default-src *"),
        ("server", "mine/1"),
        ("x-powered-by", "mine"),
        ("strict-transport-security", "max-age=0"),
        ("clear-site-data", "\"*\""),
        ("ratelimit", "\"mine\";r=9;t=9"),
        ("x-bad\r\nname", "1"),
        ("x-bad-value", "a\r\nset-cookie: b"),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// What the guest would have seen.
fn echo(request: &Request) -> Value {
    json!({
        "id": request.id,
        "tenant": request.tenant.as_str(),
        "account": request.principal.account.as_ref().map(|account| account.id.clone()),
        "role": request.principal.account.as_ref().map(|account| account.role.as_str()),
        "session": request.principal.session,
        "params": request.params,
        "query": request.query,
        "headers": request.headers,
        "body": String::from_utf8_lossy(&request.body),
        "idempotency": request.idempotency.as_ref().map(|key| [key.id.clone(), key.fingerprint.clone()]),
    })
}

/// Tokens of the form `<account>.<role>.<organisation>`; the last may be missing.
#[derive(Default)]
pub struct FakeTokens {
    tickets: std::sync::Mutex<std::collections::HashMap<String, Account>>,
    /// Accounts whose sessions have ended.
    pub ended: std::sync::Mutex<std::collections::HashSet<String>>,
}

#[async_trait]
impl Authenticator for FakeTokens {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
        let bad = || InvalidToken("a secret reason".into());
        let mut parts = token.split('.');
        let (Some(id), Some(role)) = (parts.next(), parts.next()) else {
            return Err(bad().into());
        };
        let role = serde_json::from_value(json!(role)).map_err(|_| bad())?;
        let tenant = parts.next().map(|org| TenantId::parse(org).unwrap());
        Ok(Account {
            id: id.into(),
            email: None,
            role,
            tenant,
            operator: false,
            credential: Credential::Development,
        })
    }

    async fn authenticate_lapsed(&self, token: &str) -> Result<Account, AuthenticationError> {
        self.authenticate(token).await
    }

    async fn renew(&self, account: &Account) -> Result<Account, AuthenticationError> {
        if self.ended.lock().unwrap().contains(&account.id) {
            return Err(InvalidToken("its session has ended".into()).into());
        }
        Ok(account.clone())
    }

    async fn issue_ticket(&self, account: &Account) -> Result<(String, u32), StoreError> {
        let mut tickets = self.tickets.lock().unwrap();
        let ticket = format!("ticket-{}", tickets.len());
        tickets.insert(ticket.clone(), account.clone());
        Ok((ticket, 60))
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Account, AuthenticationError> {
        let account = self.tickets.lock().unwrap().remove(ticket);
        account.ok_or_else(|| InvalidToken("no such ticket".into()).into())
    }

    fn issue_development(&self, account: &Account) -> Result<(String, u32), InvalidToken> {
        let org = account.tenant.as_ref().unwrap();
        Ok((
            format!("{}.{}.{org}", account.id, account.role.as_str()),
            600,
        ))
    }

    async fn has_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        Ok(tenant.as_str() == "known")
    }
}

pub struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        1_800_000_000_000
    }
}

/// Counts, so that no two draws are equal.
#[derive(Default)]
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, into: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        into.fill(0xA5);
        into[..8].copy_from_slice(&count);
    }
}

/// A store that can be pinged, or not.
pub struct FakeStore(pub AtomicBool);

fn unavailable<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("ws://db:8000 refused".into()))
}

#[async_trait]
impl Store for FakeStore {
    async fn begin(&self, _: &TenantId) -> Result<Arc<dyn UnitOfWork>, StoreError> {
        unavailable()
    }
    async fn declare(
        &self,
        _: Realm,
        _: &str,
        _: &[(String, Collection)],
    ) -> Result<(), StoreError> {
        unavailable()
    }
    fn declaration(&self, _: Realm, _: &CollectionName) -> Option<Collection> {
        None
    }
    async fn prepare(&self, _: &TenantId, _: &str) -> Result<(), StoreError> {
        unavailable()
    }
    async fn stored_answer(
        &self,
        _: &TenantId,
        _: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        unavailable()
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        unavailable()
    }
    async fn sweep(&self) -> Result<u64, StoreError> {
        unavailable()
    }
    async fn outbox(
        &self,
        _: &TenantId,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<Event>, StoreError> {
        unavailable()
    }
    async fn extent(&self, _: &TenantId, _: &[Stretch], _: u64) -> Result<Extent, StoreError> {
        Ok(Extent::default())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        if self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            unavailable()
        }
    }
    async fn shutdown(&self) {}
}

/// Nobody ever says anything: what is heard is tested with the real channels.
#[derive(Default)]
pub struct FakeLive;

impl Live for FakeLive {
    fn push(&self, _: &TenantId, _: Vec<Push>) {}

    fn listen(&self, _: Listener) -> Result<Box<dyn Ear>, JoinError> {
        Ok(Box::new(SilentEar))
    }

    fn end_session(&self, _: &str) {}

    fn end_account(&self, _: Option<&TenantId>, _: &str) {}

    fn shutdown(&self) {}
}

struct SilentEar;

#[async_trait]
impl Ear for SilentEar {
    async fn join(&mut self, _: &str, _: Option<u64>) -> Result<Joined, JoinError> {
        Ok(Joined {
            last: 0,
            missed: Vec::new(),
            gap: false,
        })
    }

    fn leave(&mut self, _: &str) {}

    async fn next(&mut self) -> Heard {
        std::future::pending().await
    }
}
