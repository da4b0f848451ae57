//! The ports between the registry, which remembers what should serve where, and the runtime, which makes it so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use stoa_wit::{Manifest, Package, Permission};
use utoipa::ToSchema;

use crate::clock::Millis;
use crate::id::TenantId;
use crate::secret::Secret;

/// For whom a version of a plugin serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every tenant that has no version of its own.
    Deployment,
    /// One tenant, before the deployment's.
    Tenant(TenantId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment => f.write_str("deployment"),
            Self::Tenant(tenant) => write!(f, "tenant:{tenant}"),
        }
    }
}

/// A version that should serve, with everything that is switched together with its code.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// For whom.
    pub scope: Scope,
    /// The plugin's name.
    pub plugin: String,
    /// SHA-256 of the file without signatures, in hex.
    pub digest: String,
    /// The file.
    pub file: Bytes,
    /// What it may do. What its manifest asks for beyond these is denied when it is tried.
    pub grants: BTreeSet<Permission>,
    /// What is set for it, over the manifest's defaults.
    pub settings: BTreeMap<String, Value>,
    /// Whether data may be lost where documents have to come back to an earlier shape for it.
    pub accept_loss: bool,
}

/// Documents of which more would be lost are counted no further: more than anybody looks through.
pub const LOSS_COUNTED_MAX: u64 = 1_000;

/// Something that would be lost if a version served. Counts are of all the tenants that it would serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The collection; none for what code has migrated.
    pub collection: Option<String>,
    /// The step of the manifest that would be undone; none for what code has migrated.
    pub step: Option<u32>,
    /// The field; of what code has migrated, the version whose code that was.
    pub what: String,
    /// Documents that would lose it, [`LOSS_COUNTED_MAX`] at most.
    pub documents: u64,
    /// Whether there are more of them.
    pub more: bool,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, documents) = (&self.what, self.documents);
        let more = if self.more { " and more" } else { "" };
        match (&self.collection, self.step) {
            (Some(collection), Some(step)) => write!(
                f,
                "{what} of {documents}{more} documents of {collection} (step {step})"
            ),
            _ => write!(
                f,
                "what the code of version {what} has migrated ({documents}{more} writes)"
            ),
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone)]
pub struct Examined {
    /// SHA-256 of the file without signatures, in hex.
    pub digest: String,
    /// What it says of itself.
    pub package: Arc<Package>,
}

/// Why a file or a version is not taken. Whatever served before goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It can't serve here; the text is for its author.
    #[error("{0}")]
    Refused(String),
    /// There is no room for another one now, or the store does not answer.
    #[error("{0}")]
    Unavailable(String),
}

/// Who gave a value: of a setting or of a secret. Of several the last one here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The plugin's manifest.
    Default,
    /// The operator, in the host's configuration.
    Configuration,
    /// The operator, for every tenant.
    Deployment,
    /// The tenant's admin, or the operator for this tenant.
    Tenant,
}

/// The version that serves in a scope, and what is set for it there.
#[derive(Debug, Clone)]
pub struct Serves {
    /// Whose version it is: a tenant is served by its own or by the deployment's.
    pub scope: Scope,
    /// SHA-256 of the file without signatures, in hex.
    pub digest: String,
    /// Whether it came from the plugin folder rather than from the registry.
    pub from_folder: bool,
    /// What it says of itself.
    pub package: Arc<Package>,
    /// Every value that was given for a setting and that it takes, the one that counts first.
    pub settings: BTreeMap<String, Vec<(Layer, Value)>>,
    /// Who has given a value of a secret, the one that counts first.
    pub secrets: BTreeMap<String, Vec<Layer>>,
}

impl Serves {
    /// Whether it is the registry's version with this digest for this very scope.
    #[must_use]
    pub fn is(&self, scope: &Scope, digest: &str) -> bool {
        !self.from_folder && self.scope == *scope && self.digest == digest
    }
}

/// How a version is.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// For whom it serves.
    pub scope: Scope,
    /// The plugin's name.
    pub plugin: String,
    /// Its version, as its manifest says.
    pub version: String,
    /// SHA-256 of the file without signatures, in hex.
    pub digest: String,
    /// Whether it came from the plugin folder rather than from the registry.
    pub from_folder: bool,
    /// Tenants for which it is kept from serving now, because it failed too often.
    pub quarantined: Vec<TenantId>,
    /// What it has used, by tenant.
    pub used: BTreeMap<TenantId, Used>,
}

/// What a plugin has used for one tenant since the host started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls of any kind.
    pub calls: u64,
    /// Those that trapped, took too long or used up a limit.
    pub faults: u64,
    /// Microseconds of computing.
    pub cpu_us: u64,
    /// Events raised.
    pub events: u64,
    /// Requests to services elsewhere.
    pub outbound: u64,
}

/// What a plugin has used for one tenant since the host started, and how its calls went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// What it used.
    pub used: Used,
    /// Calls that ended in a fault or could not begin, by the fault's word: not only those that count against it.
    pub faults: BTreeMap<&'static str, u64>,
    /// The most bytes of memory that one of its instances had at the end of a call.
    pub memory_peak_bytes: u64,
    /// Microseconds within which half of its calls ended, waiting included; none before the first.
    pub p50_us: Option<u64>,
    /// The same of 99 in 100.
    pub p99_us: Option<u64>,
    /// Bytes of its documents, rather too many; none until they have been measured.
    pub stored_bytes: Option<u64>,
}

/// The tenants of a plugin whose usage is wanted, in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageQuery {
    /// This one alone.
    pub tenant: Option<TenantId>,
    /// Those after this one.
    pub after: Option<String>,
    /// So many of them are left out.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

/// Some tenants' usage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsagePage {
    /// In the order of ids.
    pub items: Vec<(TenantId, Usage)>,
    /// How many there are on all pages.
    pub total: u64,
    /// Whether there are more after these.
    pub more: bool,
}

/// How much a line of the log matters, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may fail.
    Warn,
    /// What happens.
    Info,
    /// For those who look for a mistake.
    Debug,
    /// Every step.
    Trace,
}

impl LogLevel {
    /// In one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        all.into_iter().find(|level| level.as_str() == word)
    }
}

/// A line that a plugin has logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The later the higher, after a restart of the host, too.
    pub number: u64,
    /// When.
    pub at: Millis,
    /// In whose name.
    pub tenant: TenantId,
    /// The request's id.
    pub request: String,
    /// The trace that the line belongs to, if its request is traced: 32 hex digits.
    pub trace: Option<String>,
    /// How much it matters.
    pub level: LogLevel,
    /// What it said, cut to what a log line may be.
    pub text: String,
}

/// Which lines of a plugin are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Of this tenant alone.
    pub tenant: Option<TenantId>,
    /// Of this request alone.
    pub request: Option<String>,
    /// Of this trace alone.
    pub trace: Option<String>,
    /// Of this level, and of those that matter more.
    pub level: Option<LogLevel>,
    /// Logged at this time or later.
    pub since: Option<Millis>,
    /// After the line of this number.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

impl LogQuery {
    /// Whether it asks for this line.
    #[must_use]
    pub fn admits(&self, line: &LogLine) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        line.number > self.after
            && is(self.tenant.as_ref(), Some(&line.tenant))
            && is(self.request.as_ref(), Some(&line.request))
            && is(self.trace.as_ref(), line.trace.as_ref())
            && self.level.is_none_or(|level| line.level <= level)
            && self.since.is_none_or(|since| line.at >= since)
    }
}

/// Makes versions serve.
#[async_trait]
pub trait Deployer: Send + Sync + 'static {
    /// Reads what a file says of itself, and judges nothing but its sections: cheap.
    ///
    /// # Errors
    /// [`Refusal::Refused`].
    async fn read(&self, file: Bytes) -> Result<Examined, Refusal>;

    /// Judges and compiles a file without running any of it. Compiled code is kept.
    ///
    /// # Errors
    /// Every [`Refusal`].
    async fn examine(&self, file: Bytes) -> Result<Examined, Refusal>;

    /// Lets a version serve, in one switch of code, grants and settings, after it was tried beside those it lives with.
    /// Requests under way keep the version that they began with.
    ///
    /// # Errors
    /// Every [`Refusal`].
    async fn deploy(&self, deployment: Deployment) -> Result<(), Refusal>;

    /// What would be lost if a version served, or nothing but what would serve the scope then: where data is of a later
    /// shape, it has to come back.
    ///
    /// # Errors
    /// Every [`Refusal`].
    async fn losses(
        &self,
        scope: &Scope,
        plugin: &str,
        manifest: Option<&Manifest>,
    ) -> Result<Vec<Loss>, Refusal>;

    /// Brings a tenant's data to what serves it now, whatever is lost on the way.
    ///
    /// # Errors
    /// Every [`Refusal`].
    async fn bring_back(&self, tenant: &TenantId, plugin: &str) -> Result<(), Refusal>;

    /// Lets it serve no further request in this scope.
    async fn withdraw(&self, scope: &Scope, plugin: &str);

    /// Replaces what a version may do: its next host call sees it, in requests under way, too. False when no such
    /// version serves.
    async fn grant(&self, scope: &Scope, plugin: &str, grants: BTreeSet<Permission>) -> bool;

    /// Replaces what is set for a plugin in a scope, over its defaults: its next question sees it, in requests under
    /// way, too. What a version does not take is as if it were not set.
    async fn set(&self, scope: &Scope, plugin: &str, settings: BTreeMap<String, Value>);

    /// Replaces what is kept for a plugin in a scope, each secret with its values, the newest first: the next use
    /// sees it.
    fn keep(&self, scope: &Scope, plugin: &str, secrets: BTreeMap<String, Vec<Secret>>);

    /// What serves in a scope under this name; none if nothing does.
    fn serves(&self, scope: &Scope, plugin: &str) -> Option<Serves>;

    /// Everything that serves.
    fn standings(&self) -> Vec<Standing>;

    /// Of the last lines that a plugin logged, those that are asked for, oldest first.
    fn log(&self, plugin: &str, query: &LogQuery) -> Vec<LogLine>;

    /// Waits until a plugin has logged a line after the one of this number; answers the last line's.
    async fn logged(&self, plugin: &str, after: u64) -> u64;

    /// What tenants have used of a plugin, in this process.
    fn usage(&self, plugin: &str, query: &UsageQuery) -> UsagePage;
}

/// Hears what the runtime did on its own.
#[async_trait]
pub trait DeploymentNews: Send + Sync + 'static {
    /// A version that failed too often made room for the one that served well before it.
    async fn returned(&self, scope: &Scope, plugin: &str, from: &str, to: &str, why: &str);
}

/// Keeps the files of versions, by digest.
#[async_trait]
pub trait Archive: Send + Sync + 'static {
    /// Keeps a file. Keeping it again changes nothing.
    ///
    /// # Errors
    /// Why it could not be kept.
    async fn keep(&self, digest: &str, file: Bytes) -> Result<(), String>;

    /// A file, if there is one of this digest.
    ///
    /// # Errors
    /// Why it can't be read.
    async fn fetch(&self, digest: &str) -> Result<Option<Bytes>, String>;
}
