//! A client's request through the plugins: its place, its transaction, and the answer that may be told again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use stoa_kernel::answer::{IdempotencyKey, StoredAnswer};
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::{IDEMPOTENCY_TTL_MS, IDEMPOTENT_ANSWER_BYTES_MAX};
use stoa_kernel::routing::Entry;
use stoa_wit::Method;

use crate::Core;
use crate::call;
use crate::fault::Fault;
use crate::registry::Live;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::transaction::{Failure, Verdict, Way, store_problem, until_committed};

/// Seconds after which a client should come back when its key is still at work.
const IN_FLIGHT_RETRY_AFTER_S: u32 = 1;

/// Runs a request to its end.
///
/// # Errors
/// See [`stoa_kernel::plugins::Snapshot::handle`].
pub async fn run(
    core: &Arc<Core>,
    live: &Arc<Live>,
    key: usize,
    route: &Entry<Arc<Revision>>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = &route.owner;
    if route.route.remember {
        let now = core.ports.clock.now();
        if let Some(response) = live.answers.find(key, &request, &core.cache, now) {
            revision.meter.remembered();
            return Ok(response);
        }
    }
    let answer_key = route.route.remember.then_some(key);
    let fault = |fault: Fault| fault.into_problem(&revision.name);
    let _tenant = core
        .tenants
        .enter(&request.tenant)
        .ok_or_else(|| fault(Fault::Busy("the tenant has too many requests")))?;
    let _slot = call::slot(revision).await.map_err(fault)?;

    let Some(key) = request.idempotency.clone() else {
        return answer(core, live, answer_key, route, request).await;
    };
    let Some(_running) = core.in_flight.begin(&request.tenant, &key.id) else {
        return Err(in_flight());
    };
    if let Some(answer) = stored(core, &request.tenant, &key).await? {
        return Ok(answer);
    }
    answer(core, live, answer_key, route, request).await
}

async fn answer(
    core: &Arc<Core>,
    live: &Arc<Live>,
    answer_key: Option<usize>,
    route: &Entry<Arc<Revision>>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = &route.owner;
    let request = Arc::new(request);
    let act = |scope: Arc<Scope>| async move {
        let answered = call::handle(revision, &scope, &route.route.handler).await?;
        let response = answered.map_err(Failure::Refused)?;
        if response.status >= 400 {
            return Ok(Verdict::Discard(response));
        }
        if let Some(key) = &scope.request.idempotency {
            keep(core, &scope, key, &response).map_err(Failure::Refused)?;
        }
        Ok(Verdict::Commit(response))
    };
    let way = match route.route.method {
        Method::Get => Way::Free,
        _ => Way::Turnstile,
    };
    match until_committed(core, live, revision, &request, way, act).await {
        Ok((response, scope)) => {
            if let (Some(key), Some(scope)) = (answer_key, scope) {
                live.answers.keep(key, &scope, &response);
            }
            Ok(response)
        }
        Err(Failure::Answered) => answered(core, &request).await,
        Err(failure) => Err(failure.into_problem(&revision.name)),
    }
}

/// Somebody else stored an answer under the key while this request ran: that one counts.
async fn answered(core: &Core, request: &Request) -> Result<Response, Problem> {
    match &request.idempotency {
        Some(key) => stored(core, &request.tenant, key)
            .await?
            .ok_or_else(in_flight),
        None => Err(Problem::internal("an answer without a key")),
    }
}

fn in_flight() -> Problem {
    Problem {
        retry_after_s: Some(IN_FLIGHT_RETRY_AFTER_S),
        ..Problem::new(
            409,
            "idempotency-in-flight",
            "A request with this Idempotency-Key is still at work.",
        )
    }
}

async fn stored(
    core: &Core,
    tenant: &TenantId,
    key: &IdempotencyKey,
) -> Result<Option<Response>, Problem> {
    let Some(answer) = core
        .ports
        .store
        .stored_answer(tenant, &key.id)
        .await
        .map_err(store_problem)?
    else {
        return Ok(None);
    };
    if answer.fingerprint != key.fingerprint {
        let detail = "This Idempotency-Key was used for a request with other contents.";
        return Err(Problem::new(422, "idempotency-mismatch", detail));
    }
    Ok(Some(Response {
        status: answer.status,
        headers: answer.headers,
        body: answer.body.into(),
        source: Source::Replay,
    }))
}

fn keep(
    core: &Core,
    scope: &Scope,
    key: &IdempotencyKey,
    response: &Response,
) -> Result<(), Problem> {
    if response.body.len() > IDEMPOTENT_ANSWER_BYTES_MAX {
        return Err(Problem::new(
            422,
            "idempotent-answer-too-large",
            "The answer is too large to be kept under an Idempotency-Key.",
        ));
    }
    scope.unit.keep_answer(
        &key.id,
        StoredAnswer {
            fingerprint: key.fingerprint.clone(),
            status: response.status,
            headers: response.headers.clone(),
            body: response.body.to_vec(),
            expires_at: core.ports.clock.now() + IDEMPOTENCY_TTL_MS,
        },
    );
    Ok(())
}

/// The idempotency keys at work in this process.
#[derive(Default)]
pub struct InFlight {
    keys: Mutex<HashSet<(TenantId, String)>>,
}

/// A key at work, until dropped.
pub struct Running<'a> {
    keys: &'a InFlight,
    key: (TenantId, String),
}

impl InFlight {
    fn begin(&self, tenant: &TenantId, id: &str) -> Option<Running<'_>> {
        let key = (tenant.clone(), id.to_string());
        let fresh = self
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone());
        fresh.then_some(Running { keys: self, key })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.keys
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}
