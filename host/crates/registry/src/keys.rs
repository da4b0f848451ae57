//! Keys that operators add and revoke while the host runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use stoa_kernel::error::Problem;
use stoa_kernel::hex::unhex;
use stoa_kernel::wit::signature::PUBLIC_KEY_BYTES;

use crate::books::{Note, unavailable};
use crate::records::{Key, Revoked};
use crate::registry::Registry;
use crate::who::Who;

/// Keys by REST: each upload reads them all.
const KEYS_MAX: usize = 1_000;

/// Bytes of an owner's name, of a pattern and of a reason: a line.
pub const LINE_BYTES_MAX: usize = 200;

/// Patterns of one key.
const PATTERNS_MAX: usize = 50;

impl Registry {
    /// Trusts a key.
    ///
    /// # Errors
    /// 400 for what is none; 409 for one that is known or was revoked.
    pub async fn add_key(
        &self,
        who: &Who,
        key: &str,
        owner: &str,
        plugins: BTreeSet<String>,
    ) -> Result<Key, Problem> {
        is_hex(key, "key")?;
        if owner.is_empty() || owner.len() > LINE_BYTES_MAX {
            return Err(Problem::invalid("owner", "An owner has 1 to 200 bytes."));
        }
        let is_bad = |pattern: &String| pattern.is_empty() || pattern.len() > LINE_BYTES_MAX;
        if plugins.is_empty() || plugins.len() > PATTERNS_MAX || plugins.iter().any(is_bad) {
            let detail = "A key is for 1 to 50 names, or beginnings that end in *.";
            return Err(Problem::invalid("plugins", detail));
        }
        let row = Key {
            owner: owner.to_owned(),
            plugins,
            added_by: who.account.clone(),
            added_at: self.books.now(),
        };
        let row = &row;
        let add = |unit: crate::books::Unit| async move {
            let known = || Problem::new(409, "key-known", "This key is known, or was revoked.");
            if unit.get::<Revoked>(key).await?.is_some() || unit.get::<Key>(key).await?.is_some() {
                return Err(known());
            }
            if unit.all::<Key>(None).await?.len() >= KEYS_MAX {
                let detail = format!("There are at most {KEYS_MAX} keys.");
                return Err(Problem::new(409, "too-many-keys", detail));
            }
            unit.create(key, row).await.map_err(unavailable)?;
            let plugins: Vec<&str> = row.plugins.iter().map(String::as_str).collect();
            let note = Note {
                who: &who.account,
                what: "key.add",
                scope: None,
                about: key,
                detail: format!("{} for {}", row.owner, plugins.join(", ")),
            };
            self.books.note(&unit, note).await
        };
        self.books.transact(add).await?;
        Ok(row.clone())
    }

    /// A key or a digest is good no more, and what serves by it is withdrawn.
    ///
    /// # Errors
    /// 404 for what can be neither.
    pub async fn revoke(
        self: &Arc<Self>,
        who: &Who,
        id: &str,
        reason: &str,
    ) -> Result<(), Problem> {
        is_hex(id, "id").map_err(|_| Problem::not_found())?;
        let row = Revoked {
            reason: reason.to_owned(),
            by: who.account.clone(),
            at: self.books.now(),
        };
        let row = &row;
        let revoke = |unit: crate::books::Unit| async move {
            if unit.get::<Revoked>(id).await?.is_some() {
                return Ok(());
            }
            unit.create(id, row).await.map_err(unavailable)?;
            let note = Note {
                who: &who.account,
                what: "key.revoke",
                scope: None,
                about: id,
                detail: row.reason.clone(),
            };
            self.books.note(&unit, note).await
        };
        self.books.transact(revoke).await?;
        // To its end, even if whoever asked goes away.
        let registry = Arc::clone(self);
        let judged = tokio::spawn(async move { registry.judge_all().await });
        let judged = judged.await;
        judged.unwrap_or_else(|error| Err(Problem::internal(error.to_string())))
    }
}

/// A public key or a digest: both have 32 bytes.
fn is_hex(text: &str, field: &str) -> Result<(), Problem> {
    let bytes: Option<[u8; PUBLIC_KEY_BYTES]> = unhex(text);
    let detail = "This is 64 digits of lower-case hexadecimal.";
    bytes
        .map(drop)
        .ok_or_else(|| Problem::invalid(field, detail))
}
