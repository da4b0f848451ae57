//! Secrets of plugins that people set: written, sealed and used, and never read by anybody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::secret::Secret;

use crate::books::{Note, Unit, equal};
use crate::records::{SecretRow, head_id, secret_id};
use crate::registry::{OF_SECRET, Registry};
use crate::restore::parsed;
use crate::who::Who;

/// Bytes of a secret: a private key as PEM.
pub const SECRET_BYTES_MAX: usize = 8 << 10;

/// What the sealing key is for.
pub const PURPOSE: &str = "stoa secrets of plugins v1";

/// A secret of a plugin in a scope.
#[derive(Debug, Clone)]
pub struct Kept {
    /// In which scope.
    pub scope: Scope,
    /// Of which plugin.
    pub plugin: String,
    /// Its name in the manifest.
    pub secret: String,
}

/// Where this host has told its runtime of secrets.
#[derive(Debug, Default)]
pub struct Keeping(Mutex<BTreeSet<(Scope, String)>>);

impl Keeping {
    fn insert(&self, place: (Scope, String)) {
        let places = self.0.lock();
        let _ = places.unwrap_or_else(PoisonError::into_inner).insert(place);
    }

    fn places(&self) -> BTreeSet<(Scope, String)> {
        let places = self.0.lock();
        places.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Kept {
    fn id(&self) -> String {
        secret_id(&self.scope, &self.plugin, &self.secret)
    }

    /// The lock under which it is changed.
    fn place(&self) -> String {
        format!("secrets of {}", head_id(&self.scope, &self.plugin))
    }
}

impl Registry {
    /// Sets a secret. With `keep_before` its newest value so far goes on beside the new one, for what is verified by
    /// it, until it is set again.
    ///
    /// # Errors
    /// 422 for an empty or an overlong one.
    pub async fn set_secret(
        &self,
        who: &Who,
        kept: &Kept,
        value: &Secret,
        keep_before: bool,
    ) -> Result<(), Problem> {
        if !(1..=SECRET_BYTES_MAX).contains(&value.expose().len()) {
            let detail = format!("A secret has 1 to {SECRET_BYTES_MAX} bytes.");
            return Err(Problem {
                field: Some("/value".into()),
                ..Problem::new(422, "secret-refused", detail)
            });
        }
        let id = kept.id();
        let plain = value.expose().as_bytes();
        let sealed = self.seal.seal(plain, &id, &*self.books.random);
        let sealed = sealed.ok_or_else(|| Problem::internal("a secret could not be sealed"))?;
        let _turn = self.turn(&kept.place()).await;
        let (id, sealed) = (&id, &sealed);
        let write = |unit: Unit| async move {
            let before: Option<SecretRow> = unit.get(id).await?;
            let before = before.filter(|_| keep_before);
            let before = before.and_then(|row| row.sealed.into_iter().next());
            let row = SecretRow {
                scope: kept.scope.to_string(),
                plugin: kept.plugin.clone(),
                secret: kept.secret.clone(),
                sealed: [sealed.clone()].into_iter().chain(before).collect(),
                by: who.account.clone(),
                at: self.books.now(),
            };
            unit.put(id, &row).await?;
            self.note_secret(&unit, who, kept, "secret.set").await
        };
        self.books.transact(write).await?;
        self.recall_secrets(&kept.scope, &kept.plugin).await
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// 404 when it is not set there.
    pub async fn remove_secret(&self, who: &Who, kept: &Kept) -> Result<(), Problem> {
        let _turn = self.turn(&kept.place()).await;
        let id = &kept.id();
        let remove = |unit: Unit| async move {
            if !unit.delete::<SecretRow>(id).await? {
                return Err(Problem::not_found());
            }
            self.note_secret(&unit, who, kept, "secret.remove").await
        };
        self.books.transact(remove).await?;
        self.recall_secrets(&kept.scope, &kept.plugin).await
    }

    async fn note_secret(
        &self,
        unit: &Unit,
        who: &Who,
        kept: &Kept,
        what: &str,
    ) -> Result<(), Problem> {
        let note = Note {
            who: &who.account,
            what,
            scope: Some(&kept.scope),
            about: &kept.plugin,
            detail: kept.secret.clone(),
        };
        self.books.note(unit, note).await
    }

    /// What is set in a scope, by name.
    pub(crate) async fn secrets_of(
        &self,
        unit: &Unit,
        scope: &Scope,
        plugin: &str,
    ) -> Result<BTreeMap<String, SecretRow>, Problem> {
        let scope = scope.to_string();
        let of = equal(&[("scope", scope.as_str()), ("plugin", plugin)])?;
        let rows = unit.all::<SecretRow>(Some(of)).await?;
        let rows = rows.into_iter().map(|row| row.record);
        Ok(rows.map(|row| (row.secret.clone(), row)).collect())
    }

    /// Tells the runtime what is kept for a plugin in a scope.
    async fn recall_secrets(&self, scope: &Scope, plugin: &str) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let rows = self.secrets_of(&unit, scope, plugin).await?;
        let rows = rows.into_values();
        let opened = rows.filter_map(|row| self.opened(scope, &row)).collect();
        self.keep(scope, plugin, opened);
        self.bell.ring();
        Ok(())
    }

    fn keep(&self, scope: &Scope, plugin: &str, secrets: BTreeMap<String, Vec<Secret>>) {
        self.keeping.insert((scope.clone(), plugin.to_owned()));
        self.deployer.keep(scope, plugin, secrets);
    }

    /// Tells the runtime everything that is kept.
    pub(crate) async fn recall_all_secrets(&self) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let mut all: HashMap<(Scope, String), BTreeMap<String, Vec<Secret>>> = HashMap::new();
        for row in unit.all::<SecretRow>(None).await? {
            let row = row.record;
            let Some(scope) = parsed(&row.scope) else {
                continue;
            };
            if let Some((name, values)) = self.opened(&scope, &row) {
                let of_plugin = all.entry((scope, row.plugin)).or_default();
                of_plugin.insert(name, values);
            }
        }
        // What another host has removed has no row any more.
        for place in self.keeping.places() {
            all.entry(place).or_default();
        }
        for ((scope, plugin), secrets) in all {
            self.keep(&scope, &plugin, secrets);
        }
        Ok(())
    }

    /// The values of a row. One that this host's key does not open is as if it were not set, and `/health` says so.
    fn opened(&self, scope: &Scope, row: &SecretRow) -> Option<(String, Vec<Secret>)> {
        let id = secret_id(scope, &row.plugin, &row.secret);
        let sealed = row.sealed.iter();
        let opened = sealed.map(|sealed| {
            let plain = self.seal.open(sealed, &id)?;
            String::from_utf8(plain).ok().map(Secret::new)
        });
        let opened: Option<Vec<Secret>> = opened.collect();
        let trouble = format!("{OF_SECRET}{id}");
        if opened.is_none() {
            tracing::error!(secret = id, "a secret was sealed with another key");
            self.trouble(&trouble, Some("it was sealed with another key".into()));
        } else {
            self.trouble(&trouble, None);
        }
        Some((row.secret.clone(), opened?))
    }
}
