//! What a client says on a channel: a request of its own, to the plugins that are live when it is said.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Principal;
use stoa_kernel::plugins::MatchedChannel;
use stoa_kernel::trace::SPANS;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::caller::Caller;
use crate::edge::Shared;
use crate::{auth, quota};

/// Bytes of a failed answer's body that reach the log.
const LOGGED_BYTES_MAX: usize = 1 << 10;

/// Who may act now: whoever is connected, counted and looked up anew, as with any other request.
pub(crate) async fn turn(shared: &Shared, caller: &Caller) -> Result<Principal, Problem> {
    quota::count_message(shared, &caller.account).await?;
    let account = shared.ports.identity.renew(&caller.account).await;
    let account = account.map_err(auth::unknown)?;
    if account
        .tenant
        .as_ref()
        .is_some_and(|tenant| *tenant != caller.tenant)
    {
        return Err(auth::refused(
            "its session works for another organisation now",
        ));
    }
    Ok(Principal {
        account: Some(account),
        session: None,
    })
}

/// What is said.
pub(crate) struct Saying {
    /// Under this id it is found again in logs.
    pub id: String,
    /// The channel's full name.
    pub channel: Arc<str>,
    /// The word.
    pub word: String,
    /// The message: JSON.
    pub data: Bytes,
}

/// Says it, and answers what the plugin says to that.
pub(crate) async fn say(
    shared: Arc<Shared>,
    caller: Caller,
    saying: Saying,
) -> Result<Value, Problem> {
    let principal = turn(&shared, &caller).await?;
    let snapshot = shared.ports.plugins.snapshot_for(&caller.tenant);
    let matched = snapshot.channel(&saying.channel);
    let matched = matched.ok_or_else(Problem::not_found)?;
    matched.may_say(&principal)?;
    let span = tracing::info_span!(
        target: SPANS,
        parent: None,
        "socket.message",
        otel.name = %format_args!("say {}", matched.channel.name),
        otel.kind = "server",
        otel.status_code = Empty,
        messaging.system = "stoa",
        messaging.operation.type = "process",
        messaging.destination.template = &*matched.channel.name,
        stoa.request.id = &*saying.id,
        stoa.tenant = caller.tenant.as_str(),
        stoa.plugin = &*matched.plugin,
        stoa.plugin.version = Empty,
    );
    let request = request(saying.id, &caller, principal, &matched, saying.data);
    let said = within(&shared, snapshot.say(&matched, &saying.word, request));
    let said = said
        .instrument(span.clone())
        .await
        .and_then(|said| data(&said));
    if said.as_ref().is_err_and(|problem| problem.status >= 500) {
        span.record("otel.status_code", "ERROR");
    }
    said
}

/// The request that a plugin gets.
pub(crate) fn request(
    id: String,
    caller: &Caller,
    principal: Principal,
    matched: &MatchedChannel,
    body: Bytes,
) -> Request {
    let headers = if body.is_empty() {
        Vec::new()
    } else {
        vec![(
            CONTENT_TYPE.as_str().to_owned(),
            "application/json".to_owned(),
        )]
    };
    Request {
        id,
        address: caller.address,
        tenant: caller.tenant.clone(),
        principal,
        params: matched.params.clone(),
        query: String::new(),
        headers,
        body,
        cause: None,
        idempotency: None,
    }
}

/// An answer in the time that any request has.
pub(crate) async fn within<T>(
    shared: &Shared,
    answered: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let within = Duration::from_millis(shared.config.request_ms_max);
    match tokio::time::timeout(within, answered).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem::new(504, "timeout", "The answer took too long.")),
    }
}

/// What a good answer says.
pub(crate) fn data(answer: &Response) -> Result<Value, Problem> {
    let failed = |status, code| {
        let said = answer.body.get(..LOGGED_BYTES_MAX).unwrap_or(&answer.body);
        let detail = format!("The plugin answered {}.", answer.status);
        Problem::new(status, code, detail).because(String::from_utf8_lossy(said))
    };
    match answer.status {
        200..400 if answer.body.is_empty() => Ok(Value::Null),
        200..400 => serde_json::from_slice(&answer.body).map_err(|_| failed(502, "plugin-error")),
        400..500 => Err(failed(answer.status, "refused")),
        _ => Err(failed(502, "plugin-error")),
    }
}
