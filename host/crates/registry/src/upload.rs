//! Taking a file: judged, kept, written down. Nothing of it runs.

use std::sync::Arc;

use bytes::Bytes;
use stoa_kernel::deployment::{Examined, Scope};
use stoa_kernel::error::Problem;
use stoa_kernel::hex::hex;
use stoa_kernel::limits::DOCUMENT_BYTES_MAX;
use stoa_kernel::query::{Filter, Query};
use stoa_kernel::store::StoreError;
use stoa_kernel::wit::signature::{self, Signature};
use stoa_kernel::wit::{Manifest, Package, version_numbers as numbers};

use crate::books::{Note, Unit, equal, unavailable};
use crate::diff::Diff;
use crate::records::{
    Activation, Head, Plugin, Record, Revision, SignatureRow, activation_id, head_id, signature_id,
};
use crate::registry::Registry;
use crate::signature::sha256;
use crate::switch::{refused, untrusted};
use crate::trust::{Trust, signatures};
use crate::who::Who;

/// Seconds after which the archive may answer again.
const RETRY_AFTER_S: u32 = 1;

/// Revisions of one plugin: several a day for a year; each is a file of up to 32 MiB.
const REVISIONS_PER_PLUGIN_MAX: u64 = 1_000;

/// Signatures of one revision: more than there are people who vouch for it, and all of them are judged at each switch.
const SIGNATURES_PER_REVISION_MAX: usize = 32;

/// Names that one vendor may take.
const PLUGINS_PER_VENDOR_MAX: u64 = 100;

/// A revision that was taken.
pub struct Uploaded {
    /// Its digest.
    pub digest: String,
    /// Its row.
    pub revision: Revision,
    /// What it says of itself.
    pub package: Arc<Package>,
    /// Keys that have signed it, in hex.
    pub signed_by: Vec<String>,
    /// How it differs from what serves the deployment.
    pub diff: Diff,
}

impl Registry {
    /// Takes a file. The same file once more adds its signatures to those that are known.
    ///
    /// # Errors
    /// 422 for a file that can't serve here or that too few vouch for; 409 for a version that belongs to other bytes
    /// and for a name that is somebody else's.
    pub async fn upload(&self, who: &Who, file: Bytes) -> Result<Uploaded, Problem> {
        let malformed = |error: signature::MalformedSignatures| {
            Problem::new(422, "plugin-refused", format!("{error}."))
        };
        let (content, signed) = signature::split(&file).map_err(malformed)?;
        let (digest, content) = (sha256(content), file.slice_ref(content));
        let read = self.deployer.read(file.clone()).await.map_err(refused)?;
        let Examined { package, .. } = read;
        let manifest = &package.manifest;
        if self.config.reserved.contains(&manifest.name) {
            let detail = format!("The name {:?} is the host's own.", manifest.name);
            return Err(Problem::new(422, "plugin-refused", detail));
        }
        let described = serde_json::to_string(&*package)
            .map_err(|error| Problem::internal(error.to_string()))?;
        if described.len() > DOCUMENT_BYTES_MAX / 2 {
            let detail = "Its manifest and schemas are too long.";
            return Err(Problem::new(422, "plugin-refused", detail));
        }
        let unit = self.books.unit().await?;
        let trust = Trust::read(&self.config.trust, &unit).await?;
        // Bad ones are never kept: nobody could take them away again.
        let all = with(signatures(&unit, &digest).await?, &signed);
        let named = (manifest.name.as_str(), manifest.version.as_str());
        let judged = trust.judge((named.0, named.1, &digest), &all);
        judged.map_err(|distrust| untrusted(&distrust))?;
        let revision = Revision {
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            size_bytes: content.len() as u64,
            package: described,
            uploaded_by: who.account.clone(),
            uploaded_at: self.books.now(),
        };
        // Nothing is kept that no row will tell of, and every row has a file.
        self.admit(&unit, who, &digest, &revision).await?;
        // Compiling takes up to minutes of a core: for files that somebody vouches for alone.
        let examined = self.deployer.examine(file.clone()).await;
        examined.map_err(refused)?;
        let kept = self.archive.keep(&digest, content.clone()).await;
        kept.map_err(|why| Problem::unavailable(RETRY_AFTER_S, why))?;
        let take = |unit| self.take(unit, who, &digest, &revision, &signed);
        let (revision, before) = self.books.transact(take).await?;
        Ok(Uploaded {
            diff: Diff::between(before.as_ref(), manifest),
            signed_by: all.iter().map(|signature| hex(&signature.key)).collect(),
            digest,
            revision,
            package,
        })
    }

    /// Writes it down: the row as it stays, and the manifest of what serves the deployment.
    async fn take(
        &self,
        unit: Unit,
        who: &Who,
        digest: &str,
        revision: &Revision,
        signed: &[Signature],
    ) -> Result<(Revision, Option<Manifest>), Problem> {
        let known = self.admit(&unit, who, digest, revision).await?;
        let is_new = known.is_none();
        if is_new {
            self.claim(&unit, who, revision).await?;
            let created = unit.create(digest, revision).await;
            created.map_err(|error| match error {
                StoreError::NotUnique(_) => taken(revision),
                error => unavailable(error),
            })?;
        }
        let mut added = 0;
        for signature in signed {
            added += usize::from(self.add_signature(&unit, who, digest, signature).await?);
        }
        if added > 0 && signatures(&unit, digest).await?.len() > SIGNATURES_PER_REVISION_MAX {
            let detail =
                format!("A revision has at most {SIGNATURES_PER_REVISION_MAX} signatures.");
            return Err(Problem::new(409, "too-many-signatures", detail));
        }
        if is_new || added > 0 {
            let note = Note {
                who: &who.account,
                what: if is_new {
                    "plugin.upload"
                } else {
                    "plugin.sign"
                },
                scope: None,
                about: &revision.plugin,
                detail: format!("{} {digest}, {added} signatures", revision.version),
            };
            self.books.note(&unit, note).await?;
        }
        let serving = self.serving_manifest(&unit, &revision.plugin).await?;
        Ok((known.unwrap_or_else(|| revision.clone()), serving))
    }

    /// Whether there may be such a row: the one that is there already, or none yet.
    async fn admit(
        &self,
        unit: &Unit,
        who: &Who,
        digest: &str,
        revision: &Revision,
    ) -> Result<Option<Revision>, Problem> {
        let plugin: Option<Plugin> = unit.get(&revision.plugin).await?;
        let is_theirs = |plugin: &Plugin| plugin.owner == who.account || who.is_operator();
        if plugin.as_ref().is_some_and(|plugin| !is_theirs(plugin)) {
            let detail = format!("The name {:?} is somebody else's.", revision.plugin);
            return Err(Problem::new(409, "name-taken", detail));
        }
        let known: Option<Revision> = unit.get(digest).await?;
        if known.is_some() {
            return Ok(known);
        }
        let (name, version) = (revision.plugin.as_str(), revision.version.as_str());
        let same = equal(&[("plugin", name), ("version", version)])?;
        if count::<Revision>(unit, same).await? > 0 {
            return Err(taken(revision));
        }
        let revisions = count::<Revision>(unit, equal(&[("plugin", name)])?).await?;
        let plugins = match plugin {
            Some(_) => 0,
            None => count::<Plugin>(unit, equal(&[("owner", who.account.as_str())])?).await?,
        };
        if revisions >= REVISIONS_PER_PLUGIN_MAX || plugins >= PLUGINS_PER_VENDOR_MAX {
            let detail = format!(
                "There are at most {REVISIONS_PER_PLUGIN_MAX} revisions of a plugin and {PLUGINS_PER_VENDOR_MAX} \
                 plugins of a vendor."
            );
            return Err(Problem::new(409, "too-many-plugins", detail));
        }
        Ok(None)
    }

    /// The name is the uploader's, or becomes theirs.
    async fn claim(&self, unit: &Unit, who: &Who, revision: &Revision) -> Result<(), Problem> {
        let known: Option<Plugin> = unit.get(&revision.plugin).await?;
        let mut plugin = match known {
            Some(plugin) if numbers(&plugin.latest) >= numbers(&revision.version) => return Ok(()),
            Some(plugin) => plugin,
            None => Plugin {
                owner: who.account.clone(),
                latest: String::new(),
                created_at: revision.uploaded_at,
                open: false,
                tenants: Default::default(),
            },
        };
        plugin.latest.clone_from(&revision.version);
        unit.put(&revision.plugin, &plugin).await
    }

    /// Whether it was new.
    async fn add_signature(
        &self,
        unit: &Unit,
        who: &Who,
        digest: &str,
        signature: &Signature,
    ) -> Result<bool, Problem> {
        let key = hex(&signature.key);
        let id = signature_id(digest, &key);
        if unit.get::<SignatureRow>(&id).await?.is_some() {
            return Ok(false);
        }
        let row = SignatureRow {
            digest: digest.to_owned(),
            key,
            signature: hex(&signature.signature),
            added_by: who.account.clone(),
            added_at: self.books.now(),
        };
        unit.create(&id, &row).await.map_err(unavailable)?;
        Ok(true)
    }

    /// What serves the deployment says of itself.
    async fn serving_manifest(
        &self,
        unit: &Unit,
        plugin: &str,
    ) -> Result<Option<Manifest>, Problem> {
        let scope = Scope::Deployment;
        let head: Option<Head> = unit.get(&head_id(&scope, plugin)).await?;
        let Some(number) = head.and_then(|head| head.number) else {
            return Ok(None);
        };
        let row: Option<Activation> = unit.get(&activation_id(&scope, plugin, number)).await?;
        let Some(digest) = row.and_then(|row| row.digest) else {
            return Ok(None);
        };
        let revision: Option<Revision> = unit.get(&digest).await?;
        let package = revision.map(|revision| revision.package()).transpose()?;
        Ok(package.map(|package| package.manifest))
    }
}

/// Those that are kept and those that have come, each key once.
fn with(mut kept: Vec<Signature>, come: &[Signature]) -> Vec<Signature> {
    for signature in come {
        // Another signature by a key that has signed is judged, too: it may be a forged one.
        if !kept.contains(signature) {
            kept.push(*signature);
        }
    }
    kept
}

/// How many records match.
async fn count<R: Record>(unit: &Unit, filter: Filter) -> Result<u64, Problem> {
    let query = Query {
        filter: Some(filter),
        limit: 1,
        total: true,
        ..Query::default()
    };
    Ok(unit.list::<R>(&query).await?.total)
}

fn taken(revision: &Revision) -> Problem {
    let Revision {
        plugin, version, ..
    } = revision;
    let detail = format!("{plugin} {version} is another file already; give this one a version.");
    Problem::new(409, "version-taken", detail)
}
