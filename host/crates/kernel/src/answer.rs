//! Stored answers: what makes a repeated request safe.

use crate::clock::Millis;

/// What a client's `Idempotency-Key` stands for, worked out once by the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Hex digest over caller, method, path and the client's key: the record's id within the tenant.
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
