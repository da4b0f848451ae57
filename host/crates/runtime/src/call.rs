//! One call into one guest: an instance, its limits, its time, and what became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::trace::SPANS;
use stoa_wit::Reuse;
use tokio::sync::OwnedSemaphorePermit;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use wasmtime::{Store, UpdateDeadline};

use crate::Core;
use crate::bindings::exports::stoa::http::handler as wire;
use crate::breaker::{FAULTS_MAX, FAULTS_WITHIN_MS, Trial};
use crate::fault::{BYTES, BYTES_TAKEN, Fault, HURRIED, LATE};
use crate::interface::types;
use crate::meter::{Stopwatch, computing};
use crate::returning::Failing;
use crate::reuse::Living;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::shares::{Exhausted, Running};
use crate::state::State;

/// Bytes that one host call may pass, both ways, before wasmtime itself ends the guest. Larger than the
/// largest answer that a limit can allow.
const HOSTCALL_BYTES_MAX: usize = 24 << 20;

/// Handles that a guest may hold.
const HANDLES_MAX: usize = 1_000;

/// How long a call waits for a free slot of its plugin before it is turned away.
const SLOT_WAIT: Duration = Duration::from_millis(250);

/// Headers of an answer.
const RESPONSE_HEADERS_MAX: usize = 64;

/// Bytes of one header of an answer.
const RESPONSE_HEADER_BYTES_MAX: usize = 8 << 10;

/// How much sooner a call from another plugin ends than its caller, in milliseconds: so that who takes too long is who
/// is told so.
const NESTED_SOONER_MS: u64 = 2;

/// The interface of handlers.
const HANDLER: &str = "stoa:http/handler";

/// What a call is called in figures that ended because nobody waited for it any more.
const ABANDONED: &str = "abandoned";

/// Milliseconds of a second, the unit of `Retry-After`.
const SECOND_MS: Millis = 1_000;

/// A call's place, until dropped.
pub struct Place {
    _slot: OwnedSemaphorePermit,
    _trial: Option<Trial>,
    _running: Running,
}

/// Lets a call begin: one of the plugin's slots, within the tenant's share, unless the version is kept from its caller.
///
/// # Errors
/// [`Fault::Quarantined`], [`Fault::Share`], and [`Fault::Busy`] when no slot becomes free in time.
pub async fn place(core: &Core, revision: &Revision, request: &Request) -> Result<Place, Fault> {
    let now = core.ports.clock.now();
    let admitted = revision.breaker.admit(request, now);
    let trial = admitted.map_err(|left_ms| Fault::Quarantined(seconds(left_ms)));
    let share = revision.record.shares.of(&request.tenant);
    let begun = trial.and_then(|trial| {
        let running = share.begin(&core.config.shares, now);
        let running =
            running.map_err(|Exhausted(left_ms, what)| Fault::Share(what, seconds(left_ms)))?;
        Ok((trial, running))
    });
    let refused = |fault: &Fault| {
        revision.meter.faulted(fault.word());
        share.faulted(fault.word());
    };
    let (trial, running) = begun.inspect_err(refused)?;
    Ok(Place {
        _slot: slot(revision)
            .await
            .inspect_err(|fault| share.faulted(fault.word()))?,
        _trial: trial,
        _running: running,
    })
}

fn seconds(ms: Millis) -> u32 {
    u32::try_from(ms.div_ceil(SECOND_MS).max(1)).unwrap_or(u32::MAX)
}

async fn slot(revision: &Revision) -> Result<OwnedSemaphorePermit, Fault> {
    let slots = Arc::clone(&revision.slots);
    if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
        return Ok(permit);
    }
    match tokio::time::timeout(SLOT_WAIT, slots.acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Fault::Busy("all of the plugin's slots are taken")),
    }
}

/// A store for a new instance, with every limit in place before any guest code runs.
pub fn new_store(revision: &Arc<Revision>) -> Store<State> {
    let mut store = Store::new(revision.pre.engine(), State::new(Arc::clone(revision)));
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
    store.set_max_component_handles(HANDLES_MAX);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        Ok(if context.data_mut().tick()? {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Interrupt
        })
    });
    store
}

/// A new instance in the scope of a request. When none is free, those that only wait for their tenant's
/// next request make room.
async fn instantiate(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    depth: u32,
    watch: &Arc<Stopwatch>,
) -> Result<Living, Fault> {
    match instantiate_once(revision, scope, depth, watch).await {
        Err(Fault::Busy(_)) if make_room(scope) => {
            instantiate_once(revision, scope, depth, watch).await
        }
        outcome => outcome,
    }
}

/// Ends every waiting instance, whosesoever it is; whether there was any.
fn make_room(scope: &Scope) -> bool {
    let revisions = scope.live.core().map(|core| core.revisions());
    let revisions = revisions.into_iter().flatten();
    revisions.filter(|revision| revision.shelf.clear()).count() > 0
}

async fn instantiate_once(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    depth: u32,
    watch: &Arc<Stopwatch>,
) -> Result<Living, Fault> {
    let mut store = new_store(revision);
    store
        .data_mut()
        .enter(Arc::clone(scope), depth, Arc::clone(watch));
    let born = Instant::now();
    let instance = match revision.pre.instantiate_async(&mut store).await {
        Ok(instance) => instance,
        Err(error) => return Err(Fault::from_call(&error, store.data().limiter.refused())),
    };
    revision.meter.instantiated(born.elapsed());
    let memory_bytes_at_birth = store.data().limiter.memory_bytes();
    Ok(Living {
        store,
        instance,
        born,
        served: 0,
        memory_bytes_at_birth,
    })
}

/// What is called of a guest.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The interface that it exports.
    pub interface: &'a str,
    /// The function; of a dispatching interface, the handler.
    pub function: &'a str,
}

impl Export<'_> {
    /// The span of a call.
    fn span(&self, revision: &Revision, scope: &Scope, depth: u32) -> Span {
        tracing::info_span!(
            target: SPANS,
            "plugin.call",
            otel.name = %format_args!("{} {}", revision.name, self.function),
            otel.status_code = Empty,
            code.function.name = %format_args!("{}#{}", self.interface, self.function),
            stoa.tenant = scope.request.tenant.as_str(),
            stoa.plugin = &*revision.name,
            stoa.plugin.version = &*revision.package.manifest.version,
            stoa.call.depth = depth,
            stoa.call.attempt = scope.attempt,
            stoa.call.cpu_us = Empty,
            stoa.call.host_calls = Empty,
            stoa.call.memory_peak_bytes = Empty,
            stoa.call.outcome = Empty,
        )
    }
}

/// Runs `act` on an instance within the request's time, and accounts for it. The instance is dropped
/// after any fault; after success it waits for the tenant's next request, if that is agreed and this one commits.
pub async fn run<T>(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    export: Export<'_>,
    act: impl AsyncFnOnce(&mut Living) -> wasmtime::Result<T>,
) -> Result<T, Fault> {
    run_within(revision, scope, 0, Duration::MAX, export, act).await
}

/// As [`run`], so deep below the first call, and within `budget` as well.
pub async fn run_within<T>(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    depth: u32,
    budget: Duration,
    export: Export<'_>,
    act: impl AsyncFnOnce(&mut Living) -> wasmtime::Result<T>,
) -> Result<T, Fault> {
    let span = export.span(revision, scope, depth);
    let (watch, begun) = (Arc::new(Stopwatch::new()), Instant::now());
    let mut memory_bytes = 0;
    let was_left_few = depth > 0 && scope.budget.is_short_of_bytes();
    let whole = async {
        let waiting = match revision.reuse {
            Reuse::Tenant => revision.shelf.take(&scope.request.tenant),
            Reuse::Never => None,
        };
        let mut living = match waiting {
            Some(mut living) => {
                living
                    .store
                    .data_mut()
                    .enter(Arc::clone(scope), depth, Arc::clone(&watch));
                living.store.set_epoch_deadline(1);
                living
            }
            None => {
                let made = instantiate(revision, scope, depth, &watch).await;
                made.map_err(|fault| (fault, false))?
            }
        };
        let acted = act(&mut living).await;
        memory_bytes = living.store.data().limiter.memory_bytes();
        match acted {
            Ok(output) => Ok((output, living)),
            Err(error) => {
                let state = living.store.data();
                let fault = match Fault::from_call(&error, state.limiter.refused()) {
                    Fault::Limit(which) if was_left_few && which == BYTES => {
                        Fault::Limit(BYTES_TAKEN.into())
                    }
                    fault => fault,
                };
                Err((fault, state.is_victim))
            }
        }
    };
    let left = scope.deadline.saturating_duration_since(Instant::now());
    let sooner = Duration::from_millis(NESTED_SOONER_MS * u64::from(depth));
    let left = left.saturating_sub(sooner).min(budget);
    let whole = tokio::time::timeout(left, whole).instrument(span.clone());
    let unfinished = Unfinished::new(revision, scope, &watch);
    let (ended, cpu) = computing(Arc::clone(&watch), whole).await;
    unfinished.has_ended();
    let late = || {
        Err((
            Fault::Timeout(lateness(revision, budget, left, depth)),
            false,
        ))
    };
    let ended = ended.unwrap_or_else(|_| late());
    revision.meter.computed(cpu);
    account(revision, scope, cpu, ended.as_ref().err());
    let share = revision.record.shares.of(&scope.request.tenant);
    share.lasted(begun.elapsed(), memory_bytes);
    note(&span, cpu, memory_bytes, ended.as_ref().err());
    match ended.map_err(|(fault, _)| fault) {
        Ok((output, mut living)) => {
            span.record("stoa.call.host_calls", living.store.data().host_calls());
            revision.meter.called();
            living.store.data_mut().leave();
            living.served += 1;
            if revision.reuse == Reuse::Tenant {
                scope.resting.add(Arc::clone(revision), living);
            }
            Ok(output)
        }
        Err(fault) => {
            revision.meter.faulted(fault.word());
            Err(fault)
        }
    }
}

/// A call that is under way. One that ends because nobody waits for it any more, as when its client has gone, is
/// charged for what it has computed; whose fault that is, is not known.
struct Unfinished<'a> {
    revision: &'a Arc<Revision>,
    scope: &'a Arc<Scope>,
    watch: &'a Arc<Stopwatch>,
    has_ended: bool,
}

impl<'a> Unfinished<'a> {
    const fn new(
        revision: &'a Arc<Revision>,
        scope: &'a Arc<Scope>,
        watch: &'a Arc<Stopwatch>,
    ) -> Self {
        Self {
            revision,
            scope,
            watch,
            has_ended: false,
        }
    }

    fn has_ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (cpu, now) = (self.watch.spent(), self.scope.ports.clock.now());
        self.revision.meter.computed(cpu);
        let shares = &self.revision.record.shares;
        let share = shares.of(&self.scope.request.tenant);
        share.called(cpu, false, now);
        self.revision.meter.faulted(ABANDONED);
        share.faulted(ABANDONED);
    }
}

/// Says in its span how a call went.
fn note(span: &Span, cpu: Duration, memory_bytes: usize, ended: Option<&(Fault, bool)>) {
    let cpu_us = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
    span.record("stoa.call.cpu_us", cpu_us);
    span.record("stoa.call.memory_peak_bytes", memory_bytes);
    let outcome = ended.map_or("ok", |(fault, _)| fault.word());
    span.record("stoa.call.outcome", outcome);
    if ended.is_some() {
        span.record("otel.status_code", "ERROR");
    }
}

/// Whose fault it is that a call's time is used up: its own, or its caller's, who left it less than half of what it may
/// take.
fn lateness(revision: &Revision, budget: Duration, left: Duration, depth: u32) -> &'static str {
    let whole = Duration::from_millis(revision.limits.wall_ms_max).min(budget);
    if depth > 0 && left < whole / 2 {
        HURRIED
    } else {
        LATE
    }
}

/// Counts an ended call for its tenant, and its fault against its version.
fn account(revision: &Arc<Revision>, scope: &Scope, cpu: Duration, ended: Option<&(Fault, bool)>) {
    let (request, now) = (&scope.request, scope.ports.clock.now());
    let tenant = &request.tenant;
    let own = ended.filter(|(fault, is_victim)| fault.is_own() && !is_victim);
    let share = revision.record.shares.of(tenant);
    share.called(cpu, own.is_some(), now);
    if let Some((fault, _)) = ended {
        share.faulted(fault.word());
    }
    let Some((fault, _)) = own else {
        if ended.is_none() {
            revision.breaker.succeeded(request, now);
        }
        return;
    };
    let Some(tripped) = revision.breaker.faulted(request, now) else {
        return;
    };
    tracing::error!(plugin = ?revision, %tenant, %fault, ?tripped, "a plugin failed too often, and is kept from the tenant");
    if !revision.breaker.fails_most() {
        return;
    }
    // A younger version makes room. If too many wait to do so, its next failed trial tells of it again.
    if let Some(core) = scope.live.core() {
        let why = format!(
            "it failed at least {FAULTS_MAX} times within {} s, last with {fault}",
            FAULTS_WITHIN_MS / SECOND_MS
        );
        let revision = Arc::clone(revision);
        let _ = core.failing.try_send(Failing { revision, why });
    }
}

/// Lets a plugin's handler answer a request.
///
/// # Errors
/// The outer one is the guest's fault, the inner one its own word.
pub async fn handle(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    handler: &str,
) -> Result<Result<Response, Problem>, Fault> {
    let Some(indices) = &revision.handler else {
        return Err(Fault::InvalidOutput(
            "it has routes but exports no handler".into(),
        ));
    };
    let request = wire_request(scope, handler);
    let export = Export {
        interface: HANDLER,
        function: handler,
    };
    let answer = run(revision, scope, export, async |living| {
        let guest = indices.load(&mut living.store, &living.instance)?;
        guest.call_handle(&mut living.store, &request).await
    })
    .await?;
    match answer {
        Ok(response) => checked(response, revision).map(Ok),
        Err(problem) => Ok(Err(types::problem(problem))),
    }
}

fn wire_request(scope: &Scope, handler: &str) -> wire::Request {
    wire::Request {
        handler: handler.to_string(),
        params: scope.request.params.clone(),
        query: scope.request.query.clone(),
        body: scope.request.body.to_vec(),
        caller: types::caller(&scope.request.principal),
    }
}

/// What a guest answers is not trusted: an impossible status or header is its fault.
fn checked(response: wire::Response, revision: &Revision) -> Result<Response, Fault> {
    if response.body.len() as u64 > revision.limits.response_bytes_max {
        return Err(Fault::Limit("bytes of the answer".into()));
    }
    if !(200..=599).contains(&response.status) {
        return Err(Fault::InvalidOutput(format!("status {}", response.status)));
    }
    if response.headers.len() > RESPONSE_HEADERS_MAX {
        return Err(Fault::InvalidOutput(format!(
            "{} headers",
            response.headers.len()
        )));
    }
    for (name, value) in &response.headers {
        if !is_header(name, value) {
            return Err(Fault::InvalidOutput(format!("header {name:?}")));
        }
    }
    Ok(Response {
        status: response.status,
        headers: response.headers,
        body: Bytes::from(response.body),
        source: Source::Handler,
    })
}

/// Headers that are the host's business, or of one connection only (RFC 9110 §7.6.1).
const HEADERS_REFUSED: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

fn is_header(name: &str, value: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty()
        && name.len() + value.len() <= RESPONSE_HEADER_BYTES_MAX
        && name.bytes().all(token)
        && value
            .bytes()
            .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
        && !HEADERS_REFUSED
            .iter()
            .any(|refused| name.eq_ignore_ascii_case(refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_would_split_or_confuse_an_answer_are_no_headers() {
        assert!(is_header("cache-control", "max-age=60"));
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("x", "a\r\nset-cookie: b"),
            ("x", "a\0"),
            ("Content-Length", "1"),
            ("transfer-encoding", "chunked"),
            ("x", "ä"),
        ] {
            assert!(!is_header(name, value), "{name:?}: {value:?}");
        }
    }
}
