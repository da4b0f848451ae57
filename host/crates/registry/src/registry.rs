//! The registry: rows, files and the runtime together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use stoa_kernel::clock::Clock;
use stoa_kernel::deployment::{Archive, Deployer, Refusal, Scope};
use stoa_kernel::random::Random;
use stoa_kernel::seal::Seal;
use stoa_kernel::status::{Part, PartStatus};
use stoa_kernel::store::{Store, StoreError};
use stoa_kernel::wit::Manifest;
use tokio::sync::{OwnedMutexGuard, Semaphore};

use crate::applied::Applied;
use crate::bell::Bell;
use crate::books::Books;
use crate::records::{REGISTRY, head_id};
use crate::secrets::Keeping;
use crate::service::WAITING_MAX;
use crate::signature::sha256;
use crate::trust::TrustConfig;

/// Through these the registry reaches the rest of the host.
#[derive(Clone)]
pub struct Ports {
    /// Keeps the rows.
    pub store: Arc<dyn Store>,
    /// Keeps the files.
    pub archive: Arc<dyn Archive>,
    /// Makes versions serve.
    pub deployer: Arc<dyn Deployer>,
    /// Dates what is done.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
    /// Seals secrets.
    pub seal: Arc<Seal>,
    /// Tells other hosts over the same database of switches, and hears of theirs.
    pub bell: Arc<Bell>,
}

/// What the operator says.
#[derive(Debug, Clone, Default)]
pub struct RegistryConfig {
    /// Whose signatures count.
    pub trust: TrustConfig,
    /// Names that no plugin may have: the host's own services have them.
    pub reserved: BTreeSet<String>,
}

/// The registry.
pub struct Registry {
    pub(crate) config: RegistryConfig,
    pub(crate) books: Books,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) deployer: Arc<dyn Deployer>,
    pub(crate) seal: Arc<Seal>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) applied: Applied,
    pub(crate) keeping: Keeping,
    turns: Turns,
    /// Those who wait for lines of plugins.
    pub(crate) waiting: Semaphore,
    /// Why something that should serve does not, by head.
    troubles: Mutex<BTreeMap<String, String>>,
}

impl Registry {
    /// Over these ports; `manifest` declares the collections.
    ///
    /// # Errors
    /// When the store refuses the collections.
    pub(crate) async fn open(
        config: RegistryConfig,
        ports: Ports,
        manifest: &Manifest,
    ) -> Result<Arc<Self>, StoreError> {
        let books = Books {
            store: ports.store,
            clock: ports.clock,
            random: ports.random,
        };
        books.declare(manifest).await?;
        Ok(Arc::new(Self {
            config,
            books,
            archive: ports.archive,
            deployer: ports.deployer,
            seal: ports.seal,
            bell: ports.bell,
            applied: Applied::default(),
            keeping: Keeping::default(),
            turns: Turns::default(),
            waiting: Semaphore::new(WAITING_MAX),
            troubles: Mutex::default(),
        }))
    }

    /// Waits until nobody else switches this head.
    pub(crate) async fn turn(&self, head: &str) -> OwnedMutexGuard<()> {
        self.turns.of(head).lock_owned().await
    }

    /// The file of a revision, as it was uploaded.
    pub(crate) async fn file(&self, digest: &str) -> Result<Bytes, Refusal> {
        let fetched = self.archive.fetch(digest).await;
        let file = fetched.map_err(Refusal::Unavailable)?;
        let file = file.ok_or_else(|| Refusal::Refused("its file is gone".into()))?;
        if sha256(&file) == digest {
            Ok(file)
        } else {
            Err(Refusal::Refused("its file is not what was uploaded".into()))
        }
    }

    /// Says in `/health` why something does not serve; none when all is well again.
    pub(crate) fn trouble(&self, head: &str, why: Option<String>) {
        let troubles = self.troubles.lock();
        let mut troubles = troubles.unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => troubles.insert(head.to_owned(), why),
            None => troubles.remove(head),
        };
    }

    /// Why something does not serve.
    pub(crate) fn trouble_of(&self, head: &str) -> Option<String> {
        let troubles = self.troubles.lock();
        let troubles = troubles.unwrap_or_else(PoisonError::into_inner);
        troubles.get(head).cloned()
    }
}

/// How a trouble with a secret begins, before its head.
pub(crate) const OF_SECRET: &str = "secret ";

impl Part for Registry {
    fn status(&self) -> PartStatus {
        let troubles = self.troubles.lock();
        let troubles = troubles.unwrap_or_else(PoisonError::into_inner);
        let deployment = head_id(&Scope::Deployment, "");
        let (common, of_tenants): (Vec<_>, Vec<_>) = troubles.iter().partition(|(about, _)| {
            let about = about.strip_prefix(OF_SECRET).unwrap_or(about);
            about.starts_with(&deployment)
        });
        let mut told: Vec<String> = common
            .iter()
            .map(|(head, why)| format!("{head}: {why}"))
            .collect();
        // What tenants have is theirs to know.
        if !of_tenants.is_empty() {
            told.push(format!("{} of tenants", of_tenants.len()));
        }
        PartStatus {
            part: REGISTRY.into(),
            ready: true,
            version: None,
            detail: (!told.is_empty()).then(|| told.join("; ")),
        }
    }
}

/// One switch at a time for each head.
#[derive(Default)]
struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, head: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for are as good as new.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(head.to_owned()).or_default())
    }
}
