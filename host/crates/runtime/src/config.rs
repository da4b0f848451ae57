//! What the operator decides about plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::CallLimits;
use stoa_kernel::outbound::Destination;
use stoa_kernel::secret::Secret;
use stoa_wit::Permission;

use crate::shares::ShareLimits;

/// How components become machine code.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// On a thread of this process: for tests.
    InProcess,
    /// In a child process of low priority with limits of its own: `<program> compile <in> <out>`.
    /// A hostile component can then at most kill its compiler, and requests keep the processor.
    Child(PathBuf),
}

/// The part that may change while the host runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Capabilities withheld, by plugin.
    pub denied: BTreeMap<String, BTreeSet<String>>,
    /// What plugins of the folder may do, where that is not all that they ask for.
    pub grants: BTreeMap<String, BTreeSet<Permission>>,
    /// Settings, by plugin and name.
    pub settings: BTreeMap<String, BTreeMap<String, Value>>,
    /// Where services elsewhere are, by plugin and name, if not where the manifest says.
    pub outbound: BTreeMap<String, BTreeMap<String, Destination>>,
    /// Secrets, by plugin and name, each with its values, the newest first.
    pub secrets: BTreeMap<String, BTreeMap<String, Vec<Secret>>>,
}

/// What the operator decides about plugins.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// Where compiled code is kept; it may be deleted at any time.
    pub aot_dir: PathBuf,
    /// How components are compiled.
    pub compiler: Compiler,
    /// What a plugin gets that asks for nothing.
    pub limits_default: CallLimits,
    /// The most that a plugin gets.
    pub limits_cap: CallLimits,
    /// Instances alive at the same time, over all plugins and tenants.
    pub instances_max: u32,
    /// Requests of one tenant at the same time.
    pub tenant_concurrency_max: u32,
    /// Whether plugins may have their instances reused within a tenant.
    pub allow_reuse: bool,
    /// Bytes that plugins' caches may hold together.
    pub cache_bytes_max: u64,
    /// Bytes of answers that are kept to be told again; 0 keeps none.
    pub answer_bytes_max: u64,
    /// What one plugin may use for one tenant.
    pub shares: ShareLimits,
    /// What is withheld from and set for plugins at the start.
    pub policy: Policy,
    /// The tenant in whose name plugins are health-called.
    pub default_tenant: TenantId,
}

impl RuntimeConfig {
    /// The defaults, with compiled code under `aot_dir`.
    #[must_use]
    pub fn new(aot_dir: PathBuf, default_tenant: TenantId) -> Self {
        Self {
            aot_dir,
            compiler: Compiler::InProcess,
            limits_default: CallLimits::DEFAULT,
            limits_cap: CallLimits::CAP,
            instances_max: 512,
            tenant_concurrency_max: 384,
            allow_reuse: true,
            cache_bytes_max: 32 << 20,
            answer_bytes_max: 32 << 20,
            shares: ShareLimits::DEFAULT,
            policy: Policy::default(),
            default_tenant,
        }
    }
}
