//! Stored answers: what makes a repeated request safe.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::call::{Response, Source};
use crate::clock::Millis;
use crate::error::Problem;
use crate::id::TenantId;
use crate::limits::{IDEMPOTENCY_TTL_MS, IDEMPOTENT_ANSWER_BYTES_MAX};

/// Seconds after which a client should come back when its key is still at work.
const IN_FLIGHT_RETRY_AFTER_S: u32 = 1;

/// What a client's `Idempotency-Key` stands for, worked out once by the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Hex digest over tenant, caller, method, path and the client's key: the record's id.
    pub id: String,
    /// Hex digest over the request's query and body: another one under the same key is refused.
    pub fingerprint: String,
}

/// An answer kept with the effect that it reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The fingerprint of the request that it answers.
    pub fingerprint: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers as the plugin gave them.
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    pub body: Vec<u8>,
    /// When it is forgotten.
    pub expires_at: Millis,
}

impl StoredAnswer {
    /// An answer as it is kept from now on.
    ///
    /// # Errors
    /// 422 `idempotent-answer-too-large`.
    pub fn of(key: &IdempotencyKey, response: &Response, now: Millis) -> Result<Self, Problem> {
        if response.body.len() > IDEMPOTENT_ANSWER_BYTES_MAX {
            return Err(Problem::new(
                422,
                "idempotent-answer-too-large",
                "The answer is too large to be kept under an Idempotency-Key.",
            ));
        }
        Ok(Self {
            fingerprint: key.fingerprint.clone(),
            status: response.status,
            headers: response.headers.clone(),
            body: response.body.to_vec(),
            expires_at: now.saturating_add(IDEMPOTENCY_TTL_MS),
        })
    }

    /// The answer as the repetition is told it.
    ///
    /// # Errors
    /// 422 `idempotency-mismatch` when this is no repetition.
    pub fn told(self, key: &IdempotencyKey) -> Result<Response, Problem> {
        if self.fingerprint != key.fingerprint {
            return Err(mismatch());
        }
        Ok(Response {
            status: self.status,
            headers: self.headers,
            body: self.body.into(),
            source: Source::Replay,
        })
    }
}

/// 422: the key was used for something else.
#[must_use]
pub fn mismatch() -> Problem {
    let detail = "This Idempotency-Key was used for a request with other contents.";
    Problem::new(422, "idempotency-mismatch", detail)
}

/// 409: the first request with the key has not been answered yet.
#[must_use]
pub fn in_flight() -> Problem {
    Problem {
        retry_after_s: Some(IN_FLIGHT_RETRY_AFTER_S),
        ..Problem::new(
            409,
            "idempotency-in-flight",
            "A request with this Idempotency-Key is still at work.",
        )
    }
}

/// The idempotency keys at work in this process.
#[derive(Debug, Default)]
pub struct InFlight {
    keys: Mutex<HashSet<(TenantId, String)>>,
}

/// A key at work, until dropped.
#[derive(Debug)]
pub struct Running<'a> {
    keys: &'a InFlight,
    key: (TenantId, String),
}

impl InFlight {
    /// Begins a request.
    ///
    /// # Errors
    /// [`in_flight`] while another one with the key goes on.
    pub fn begin(&self, tenant: &TenantId, key: &IdempotencyKey) -> Result<Running<'_>, Problem> {
        let key = (tenant.clone(), key.id.clone());
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.insert(key.clone()) {
            Ok(Running { keys: self, key })
        } else {
            Err(in_flight())
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let keys = self.keys.keys.lock();
        keys.unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}
