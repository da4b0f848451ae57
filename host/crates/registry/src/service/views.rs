//! What clients are told of rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use stoa_kernel::times::rfc3339;
use stoa_kernel::wit::Permission;
use utoipa::ToSchema;

use crate::books::Stored;
use crate::records::{Activation, Audit, Key, Kind, Outcome, Revision};

/// A switch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivationView {
    /// `deployment` or `tenant:<id>`.
    pub scope: String,
    pub plugin: String,
    /// Counts the rows of this plugin in this scope. The newest is what `expected` is compared with.
    pub number: u64,
    pub version: Option<String>,
    /// Absent when nothing serves.
    pub digest: Option<String>,
    #[schema(value_type = Vec<String>)]
    pub grants: BTreeSet<Permission>,
    #[schema(value_type = Object)]
    pub settings: BTreeMap<String, Value>,
    pub kind: Kind,
    pub outcome: Outcome,
    /// Whether data may be lost by it.
    pub accept_loss: bool,
    /// The activation before: where a rollback leads.
    pub previous: Option<u64>,
    pub by: String,
    pub at: String,
    pub reason: String,
}

impl From<Activation> for ActivationView {
    fn from(row: Activation) -> Self {
        Self {
            at: rfc3339(row.at),
            scope: row.scope,
            plugin: row.plugin,
            number: row.number,
            version: row.version,
            digest: row.digest,
            grants: row.grants,
            settings: row.settings,
            kind: row.kind,
            outcome: row.outcome,
            accept_loss: row.accept_loss,
            previous: row.previous,
            by: row.by,
            reason: row.reason,
        }
    }
}

/// A revision.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    pub plugin: String,
    pub version: String,
    /// SHA-256 of the file without signatures.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    pub uploaded_by: String,
    pub uploaded_at: String,
    /// Public keys of those who signed it.
    pub signed_by: Vec<String>,
    /// What it asks to be allowed.
    #[schema(value_type = Vec<String>)]
    pub permissions: BTreeSet<Permission>,
}

impl RevisionView {
    /// A revision with what is not in its row.
    pub fn of(
        digest: String,
        revision: Revision,
        signed_by: Vec<String>,
        permissions: BTreeSet<Permission>,
    ) -> Self {
        Self {
            digest,
            size: revision.size_bytes,
            uploaded_at: rfc3339(revision.uploaded_at),
            plugin: revision.plugin,
            version: revision.version,
            uploaded_by: revision.uploaded_by,
            signed_by,
            permissions,
        }
    }
}

/// A key that is trusted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// The Ed25519 public key in hex.
    pub key: String,
    pub owner: String,
    /// Names, or beginnings that end in `*`.
    pub plugins: BTreeSet<String>,
    /// Whether it is good no more.
    pub revoked: bool,
    pub added_by: String,
    pub added_at: String,
}

impl KeyView {
    /// A key, and whether it was revoked.
    pub fn of(key: String, row: Key, revoked: bool) -> Self {
        Self {
            key,
            added_at: rfc3339(row.added_at),
            owner: row.owner,
            plugins: row.plugins,
            revoked,
            added_by: row.added_by,
        }
    }
}

/// Something that somebody did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    pub id: String,
    pub at: String,
    pub who: String,
    /// Such as `plugin.upgrade`.
    pub what: String,
    /// `deployment`, `tenant:<id>`, or empty.
    pub scope: String,
    /// A plugin, a key or a digest.
    pub about: String,
    pub detail: String,
}

impl From<Stored<Audit>> for AuditView {
    fn from(Stored { id, record }: Stored<Audit>) -> Self {
        Self {
            id,
            at: rfc3339(record.at),
            who: record.who,
            what: record.what,
            scope: record.scope,
            about: record.about,
            detail: record.detail,
        }
    }
}
