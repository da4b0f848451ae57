//! Who listens in a story: what plugins say on channels, and what those hear who have joined.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use stoa_kernel::call::{self, Request};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Principal, Role};
use stoa_kernel::live::{Ear, Heard, JoinError, Listener, Live, Message, Push};
use stoa_kernel::plugins::{MatchedChannel, Plugins as _, Snapshot};
use stoa_live::Hub;
use tokio::time::timeout;

use super::fakes::{SelfDeclared, bearer};
use super::stage::Stage;
use super::story::Who;

/// What was put out: the channel and the account.
pub type Eviction = (Arc<str>, Arc<str>);

/// The hub, and what was said by it since the last look.
pub struct Overheard {
    hub: Hub,
    said: Mutex<Vec<Push>>,
}

impl Overheard {
    pub fn new(hub: Hub) -> Self {
        Self {
            hub,
            said: Mutex::default(),
        }
    }

    fn said(&self) -> MutexGuard<'_, Vec<Push>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was said since the last look, and who was put out.
    pub fn take(&self) -> (Vec<Arc<Message>>, Vec<Eviction>) {
        let (mut messages, mut evictions) = (Vec::new(), Vec::new());
        for push in std::mem::take(&mut *self.said()) {
            match push {
                Push::Say(message) => messages.push(message),
                Push::Evict { channel, account } => evictions.push((channel, account)),
            }
        }
        (messages, evictions)
    }
}

impl Live for Overheard {
    fn push(&self, tenant: &TenantId, pushes: Vec<Push>) {
        self.said().extend_from_slice(&pushes);
        self.hub.push(tenant, pushes);
    }

    fn listen(&self, listener: Listener) -> Result<Box<dyn Ear>, JoinError> {
        self.hub.listen(listener)
    }

    fn end_session(&self, session: &str) {
        self.hub.end_session(session);
    }

    fn end_account(&self, tenant: Option<&TenantId>, account: &str) {
        self.hub.end_account(tenant, account);
    }

    fn shutdown(&self) {
        self.hub.shutdown();
    }
}

/// One connection for each account that has joined anything.
#[derive(Default)]
pub struct Listeners(BTreeMap<String, Box<dyn Ear>>);

impl Listeners {
    /// Joins a channel as a connection does: judged by the manifest, then by the plugin.
    pub async fn join(&mut self, stage: &Stage, who: &Who, channel: &str) -> Response<Bytes> {
        let joined = self.joined(stage, who, channel).await;
        joined.unwrap_or_else(|problem| told(&problem))
    }

    async fn joined(
        &mut self,
        stage: &Stage,
        who: &Who,
        channel: &str,
    ) -> Result<Response<Bytes>, Problem> {
        let (snapshot, matched) = found(stage, channel)?;
        let principal = principal(stage, who)?;
        matched.may_join(&principal)?;
        let asked = snapshot.join(&matched, request(stage, &matched, principal, Bytes::new()));
        let answer = asked.await?;
        let answer = answer.map_or_else(|| Response::new(Bytes::new()), answered);
        if answer.status().is_success() {
            let account = who.user.clone().unwrap_or_default();
            if !self.0.contains_key(&account) {
                let listener = Listener {
                    tenant: stage.tenant.clone(),
                    account: account.as_str().into(),
                    session: None,
                };
                let ear = stage.live.listen(listener);
                self.0.insert(account.clone(), ear.map_err(not_joined)?);
            }
            if let Some(ear) = self.0.get_mut(&account) {
                ear.join(channel, None).await.map_err(not_joined)?;
            }
        }
        Ok(answer)
    }

    /// Says something on a channel, as a connection does.
    pub async fn say(
        &self,
        stage: &Stage,
        who: &Who,
        channel: &str,
        word: &str,
        payload: &Value,
    ) -> Response<Bytes> {
        let said = async {
            let (snapshot, matched) = found(stage, channel)?;
            let principal = principal(stage, who)?;
            matched.may_say(&principal)?;
            let body = Bytes::from(payload.to_string());
            let asked = snapshot.say(&matched, word, request(stage, &matched, principal, body));
            asked.await.map(answered)
        };
        said.await.unwrap_or_else(|problem| told(&problem))
    }

    /// Whether an account has joined anything.
    pub fn has(&self, account: &str) -> bool {
        self.0.contains_key(account)
    }

    /// What each of them has heard since the last look.
    pub async fn heard(&mut self) -> Vec<(String, Vec<Arc<Message>>)> {
        let mut all = Vec::new();
        for (account, ear) in &mut self.0 {
            let mut messages = Vec::new();
            // What was said is there already: nobody waits.
            while let Ok(heard) = timeout(Duration::ZERO, ear.next()).await {
                match heard {
                    Heard::Message(message) => messages.push(message),
                    Heard::Evicted(_) => {}
                    Heard::End(_) => break,
                }
            }
            all.push((account.clone(), messages));
        }
        all
    }
}

fn found(stage: &Stage, channel: &str) -> Result<(Arc<dyn Snapshot>, MatchedChannel), Problem> {
    let snapshot = stage.runtime.snapshot_for(&stage.tenant);
    let matched = snapshot.channel(channel).ok_or_else(Problem::not_found)?;
    Ok((snapshot, matched))
}

/// Accounts alone join.
fn principal(stage: &Stage, who: &Who) -> Result<Principal, Problem> {
    let id = who.user.as_deref().ok_or_else(Problem::unauthenticated)?;
    let bearer = bearer(id, who.role.unwrap_or(Role::User));
    let account = SelfDeclared(stage.tenant.clone()).account(&bearer);
    let account = account.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Principal {
        account: Some(account),
        session: None,
    })
}

fn request(stage: &Stage, matched: &MatchedChannel, principal: Principal, body: Bytes) -> Request {
    Request {
        id: "story".into(),
        address: None,
        tenant: stage.tenant.clone(),
        principal,
        params: matched.params.clone(),
        query: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body,
        cause: None,
        idempotency: None,
    }
}

fn answered(answer: call::Response) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    if let Ok(status) = http::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    response
}

/// A problem as a client on a channel is told of it.
fn told(problem: &Problem) -> Response<Bytes> {
    let body = json!({"code": problem.code, "detail": problem.detail}).to_string();
    let mut response = Response::new(Bytes::from(body));
    if let Ok(status) = http::StatusCode::from_u16(problem.status) {
        *response.status_mut() = status;
    }
    response
}

fn not_joined(error: JoinError) -> Problem {
    Problem::internal(error.to_string())
}
