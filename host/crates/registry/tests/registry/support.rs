//! A registry with everything that it needs, and plugins that are manifests and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use stoa_kernel::deployment::{
    Archive, Deployer, Deployment, Examined, Layer, LogLine, LogQuery, Loss, Refusal, Scope,
    Serves, Standing, UsagePage, UsageQuery,
};
use stoa_kernel::error::Problem;
use stoa_kernel::hex::hex;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::secret::Secret;
use stoa_kernel::store::Store as _;
use stoa_kernel::wit::signature::{append, split};
use stoa_kernel::wit::{Manifest, Package, Permission};
use stoa_registry::records::{Activation, Outcome, REGISTRY, Record as _, activation_id};
use stoa_registry::{
    Act, Bell, Change, Grants, Ports, Registry, RegistryConfig, RegistryService, SigningKey,
    Standing as Stands, TrustConfig, TrustedKey, Who,
};
use stoa_testkit::{SeededRandom, TestHost, sealing};

/// What serves, by scope and plugin.
type Serving = BTreeMap<(Scope, String), Deployment>;

/// What is set, by scope and plugin.
type Set = BTreeMap<(Scope, String), BTreeMap<String, Value>>;

/// What is kept, by scope and plugin.
type Kept = BTreeMap<(Scope, String), BTreeMap<String, Vec<Secret>>>;

/// A runtime that serves nothing.
#[derive(Default)]
pub struct Pretender {
    pub serving: Mutex<Serving>,
    /// Files of the plugin folder: manifests by name.
    pub folder: Mutex<BTreeMap<String, Manifest>>,
    /// What it was told last is set.
    pub set: Mutex<Set>,
    /// What it was told last is kept.
    pub kept: Mutex<Kept>,
    /// How often it deployed something.
    pub deployed: Mutex<usize>,
    /// Digests that it would not have.
    pub refused: Mutex<BTreeSet<String>>,
    /// What would be lost if a version served; none is the empty one.
    pub losses: Mutex<BTreeMap<String, Vec<Loss>>>,
    /// How many files were compiled.
    pub examined: Mutex<u32>,
    /// Tenants whose data was brought back whatever was lost.
    pub brought: Mutex<Vec<TenantId>>,
}

/// The manifest that a pretended plugin's file holds.
fn manifest(content: &[u8]) -> Option<Manifest> {
    let mut begins = content.windows(3);
    let begin = begins.position(|bytes| bytes == b"\x01m\n")?;
    let toml = std::str::from_utf8(content.get(begin + 3..)?).ok()?;
    Manifest::from_toml(toml).ok()
}

#[async_trait]
impl Deployer for Pretender {
    async fn read(&self, file: Bytes) -> Result<Examined, Refusal> {
        let (content, _) = split(&file).map_err(|error| Refusal::Refused(error.to_string()))?;
        let manifest = manifest(content);
        let manifest = manifest.ok_or_else(|| Refusal::Refused("no manifest".into()))?;
        Ok(Examined {
            digest: digest(content),
            package: Arc::new(Package {
                manifest,
                schemas: BTreeMap::new(),
            }),
        })
    }

    async fn examine(&self, file: Bytes) -> Result<Examined, Refusal> {
        *self.examined.lock().unwrap() += 1;
        self.read(file).await
    }

    async fn deploy(&self, deployment: Deployment) -> Result<(), Refusal> {
        assert_eq!(digest(&deployment.file), deployment.digest);
        if self.refused.lock().unwrap().contains(&deployment.digest) {
            return Err(Refusal::Refused("it clashes".into()));
        }
        *self.deployed.lock().unwrap() += 1;
        let key = (deployment.scope.clone(), deployment.plugin.clone());
        self.serving.lock().unwrap().insert(key, deployment);
        Ok(())
    }

    async fn losses(
        &self,
        _: &Scope,
        _: &str,
        manifest: Option<&Manifest>,
    ) -> Result<Vec<Loss>, Refusal> {
        let losses = self.losses.lock().unwrap();
        let version = manifest.map_or("", |manifest| &manifest.version);
        Ok(losses.get(version).cloned().unwrap_or_default())
    }

    async fn bring_back(&self, tenant: &TenantId, _: &str) -> Result<(), Refusal> {
        self.brought.lock().unwrap().push(tenant.clone());
        Ok(())
    }

    async fn withdraw(&self, scope: &Scope, plugin: &str) {
        let key = (scope.clone(), plugin.to_owned());
        self.serving.lock().unwrap().remove(&key);
    }

    async fn grant(&self, scope: &Scope, plugin: &str, grants: BTreeSet<Permission>) -> bool {
        let key = (scope.clone(), plugin.to_owned());
        let mut serving = self.serving.lock().unwrap();
        let found = serving.get_mut(&key);
        found.map(|deployment| deployment.grants = grants).is_some()
    }

    async fn set(&self, scope: &Scope, plugin: &str, settings: BTreeMap<String, Value>) {
        let key = (scope.clone(), plugin.to_owned());
        let mut serving = self.serving.lock().unwrap();
        if let Some(deployment) = serving.get_mut(&key) {
            deployment.settings.clone_from(&settings);
        }
        self.set.lock().unwrap().insert(key, settings);
    }

    fn keep(&self, scope: &Scope, plugin: &str, secrets: BTreeMap<String, Vec<Secret>>) {
        let key = (scope.clone(), plugin.to_owned());
        self.kept.lock().unwrap().insert(key, secrets);
    }

    fn serves(&self, scope: &Scope, plugin: &str) -> Option<Serves> {
        let serving = self.serving.lock().unwrap();
        let at = |scope: &Scope| serving.get(&(scope.clone(), plugin.to_owned()));
        let found = at(scope).or_else(|| at(&Scope::Deployment));
        let (whose, digest, manifest, from_folder) = match found {
            Some(deployment) => {
                let (content, _) = split(&deployment.file).unwrap();
                let manifest = manifest(content).unwrap();
                (
                    deployment.scope.clone(),
                    &*deployment.digest,
                    manifest,
                    false,
                )
            }
            None => {
                let manifest = self.folder.lock().unwrap().get(plugin).cloned()?;
                (Scope::Deployment, "folder", manifest, true)
            }
        };
        let set = self.set.lock().unwrap();
        let layers = [
            (scope, Layer::Tenant),
            (&Scope::Deployment, Layer::Deployment),
        ];
        let mut settings: BTreeMap<String, Vec<(Layer, Value)>> = BTreeMap::new();
        for (at, layer) in layers {
            let layer = match at {
                Scope::Deployment => Layer::Deployment,
                Scope::Tenant(_) => layer,
            };
            for (name, value) in set
                .get(&(at.clone(), plugin.to_owned()))
                .into_iter()
                .flatten()
            {
                let given = settings.entry(name.clone()).or_default();
                if given.last().is_none_or(|(above, _)| *above != layer) {
                    given.push((layer, value.clone()));
                }
            }
        }
        Some(Serves {
            scope: whose,
            digest: digest.to_owned(),
            from_folder,
            package: Arc::new(Package {
                manifest,
                schemas: BTreeMap::new(),
            }),
            settings,
            secrets: BTreeMap::new(),
        })
    }

    fn standings(&self) -> Vec<Standing> {
        Vec::new()
    }

    fn log(&self, _: &str, _: &LogQuery) -> Vec<LogLine> {
        Vec::new()
    }

    async fn logged(&self, _: &str, after: u64) -> u64 {
        after
    }

    fn usage(&self, _: &str, _: &UsageQuery) -> UsagePage {
        UsagePage::default()
    }
}

/// Files in memory.
#[derive(Default)]
pub struct Shelf(pub Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl Archive for Shelf {
    async fn keep(&self, digest: &str, file: Bytes) -> Result<(), String> {
        self.0.lock().unwrap().insert(digest.to_owned(), file);
        Ok(())
    }

    async fn fetch(&self, digest: &str) -> Result<Option<Bytes>, String> {
        Ok(self.0.lock().unwrap().get(digest).cloned())
    }
}

/// SHA-256 as the registry names revisions.
pub fn digest(content: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content).as_ref())
}

/// The registry and what is around it.
pub struct World {
    pub host: TestHost,
    pub runtime: Arc<Pretender>,
    pub shelf: Arc<Shelf>,
    pub registry: Arc<Registry>,
    pub bell: Arc<Bell>,
    pub vendor: SigningKey,
    pub operator: SigningKey,
}

pub fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

/// A registry that trusts the vendor's key for `acme-*` and the operator's for everything.
pub async fn world() -> World {
    let host = TestHost::builder().start().await;
    let (vendor, operator) = (key(), key());
    let (runtime, shelf) = (Arc::default(), Arc::default());
    let trust = trust(&vendor, &operator);
    let bell = Arc::default();
    let registry = open(&host, &runtime, &shelf, &bell, trust).await;
    World {
        host,
        runtime,
        shelf,
        registry,
        bell,
        vendor,
        operator,
    }
}

fn trust(vendor: &SigningKey, operator: &SigningKey) -> TrustConfig {
    let trusted = |key: &SigningKey, owner: &str, pattern: &str| TrustedKey {
        key: key.public(),
        owner: owner.into(),
        plugins: BTreeSet::from([pattern.into()]),
    };
    TrustConfig {
        keys: vec![
            trusted(vendor, "acme", "acme-*"),
            trusted(operator, "operator", "*"),
        ],
        ..TrustConfig::default()
    }
}

async fn open(
    host: &TestHost,
    runtime: &Arc<Pretender>,
    shelf: &Arc<Shelf>,
    bell: &Arc<Bell>,
    trust: TrustConfig,
) -> Arc<Registry> {
    let config = RegistryConfig {
        trust,
        reserved: BTreeSet::from(["accounts".into()]),
    };
    let ports = Ports {
        store: host.store.clone(),
        archive: shelf.clone(),
        deployer: runtime.clone(),
        clock: host.clock.clone(),
        random: Arc::new(SeededRandom::new(7)),
        seal: Arc::new(sealing()),
        bell: bell.clone(),
    };
    let service = RegistryService::open(config, ports).await.unwrap();
    Arc::clone(service.registry())
}

impl World {
    /// The host starts again, with a runtime that serves nothing yet, under the same configuration but for this.
    pub async fn restart(&mut self, change: impl FnOnce(&mut TrustConfig)) {
        let mut trust = trust(&self.vendor, &self.operator);
        change(&mut trust);
        // The same random numbers at another time make other ids.
        self.host.clock.advance(1_000);
        self.runtime.serving.lock().unwrap().clear();
        self.registry = open(&self.host, &self.runtime, &self.shelf, &self.bell, trust).await;
        self.registry.restore().await.unwrap();
    }

    /// Another host over the same database and files, with a runtime of its own.
    pub async fn beside(&self) -> (Arc<Registry>, Arc<Pretender>) {
        let runtime = Arc::default();
        let trust = trust(&self.vendor, &self.operator);
        let registry = open(&self.host, &runtime, &self.shelf, &Arc::default(), trust).await;
        (registry, runtime)
    }

    /// Uploads what the vendor has signed; its digest.
    pub async fn publish(&self, version: &str, more: &str) -> String {
        let file = signed(&plugin("acme-notes", version, more), &self.vendor);
        let uploaded = self.registry.upload(&vendor(), file.into()).await;
        uploaded.unwrap().digest
    }

    /// An operator revokes a key or a digest.
    pub async fn revoke(&self, id: &str) {
        let who = operator();
        self.registry.revoke(&who, id, "stolen").await.unwrap();
    }

    pub async fn switch(
        &self,
        who: Who,
        scope: &Scope,
        change: Change,
    ) -> Result<Activation, Problem> {
        self.registry.switch(act(who, scope), change).await
    }

    /// An operator's act for the deployment.
    pub async fn deploy(&self, change: Change) -> Result<Activation, Problem> {
        self.switch(operator(), &Scope::Deployment, change).await
    }

    /// The version that serves in a scope, by the runtime's account.
    pub fn serves(&self, scope: &Scope) -> Option<Deployment> {
        let key = (scope.clone(), "acme-notes".to_owned());
        self.runtime.serving.lock().unwrap().get(&key).cloned()
    }

    /// The runtime goes back to a revision by itself, with all that it asks for; how often it has deployed something.
    pub fn return_to(&self, digest: &str) -> usize {
        let key = (Scope::Deployment, "acme-notes".to_owned());
        let file = self.shelf.0.lock().unwrap()[digest].clone();
        let mut serving = self.runtime.serving.lock().unwrap();
        let serves = serving.get_mut(&key).unwrap();
        serves.grants = manifest(&file).unwrap().permissions();
        (serves.digest, serves.file) = (digest.to_owned(), file);
        *self.runtime.deployed.lock().unwrap()
    }

    /// What became of an activation of the deployment.
    pub async fn outcome(&self, number: u64) -> Outcome {
        let unit = self.host.store.begin(&TenantId::platform()).await.unwrap();
        let id = activation_id(&Scope::Deployment, "acme-notes", number);
        let collection = CollectionName::new(REGISTRY, Activation::COLLECTION);
        let row = unit.get(&collection, &id).await.unwrap().unwrap();
        serde_json::from_str::<Activation>(&row.body)
            .unwrap()
            .outcome
    }

    /// The digest that serves the deployment.
    pub fn serving(&self) -> Option<String> {
        self.serves(&Scope::Deployment)
            .map(|deployment| deployment.digest)
    }
}

pub fn act(who: Who, scope: &Scope) -> Act {
    Act {
        who,
        scope: scope.clone(),
        plugin: "acme-notes".into(),
        expected: None,
        reason: "because".into(),
        accept_loss: false,
        key: None,
    }
}

/// A plugin that is nothing but its manifest.
pub fn plugin(name: &str, version: &str, more: &str) -> Vec<u8> {
    let content = format!("m\nname = \"{name}\"\nversion = \"{version}\"\n{more}\n");
    let mut section = Vec::new();
    let mut length = content.len() + 1;
    // The length in LEB128; what can't be text is in no manifest.
    while length > 127 {
        section.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    section.push(length as u8);
    let mut file = b"\0asm\x0d\0\x01\0\0".to_vec();
    file.extend(section);
    file.push(1);
    file.extend(content.into_bytes());
    file
}

/// The same with one more signature.
pub fn signed(file: &[u8], key: &SigningKey) -> Vec<u8> {
    let (content, _) = split(file).unwrap();
    let manifest = manifest(content).unwrap();
    let signature = key.sign(&manifest.name, &manifest.version, &digest(content));
    let mut file = file.to_vec();
    append(&mut file, &signature.unwrap());
    file
}

pub fn vendor() -> Who {
    Who {
        account: "vera".into(),
        standing: Stands::Vendor,
    }
}

pub fn operator() -> Who {
    Who {
        account: "olga".into(),
        standing: Stands::Operator,
    }
}

pub fn tenant(id: &str) -> (Who, Scope) {
    let tenant = TenantId::parse(id).unwrap();
    let who = Who {
        account: format!("admin of {id}"),
        standing: Stands::Admin(tenant.clone()),
    };
    (who, Scope::Tenant(tenant))
}

pub fn install(digest: &str, grants: Grants) -> Change {
    Change::Install {
        digest: digest.into(),
        grants,
        settings: None,
        pin: false,
    }
}

pub fn words(words: &[&str]) -> BTreeSet<Permission> {
    let words = words.iter();
    words
        .map(|word| Permission::try_from((*word).to_owned()).unwrap())
        .collect()
}

pub fn settings(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// The status and the code of a problem.
pub fn told<T>(result: Result<T, Problem>) -> (u16, String) {
    match result {
        Ok(_) => panic!("it was done"),
        Err(problem) => (problem.status, problem.code.into_owned()),
    }
}
