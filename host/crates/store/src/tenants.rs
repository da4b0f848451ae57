//! The tenants that this process has opened, and how one is opened.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Realm, StoreError};
use stoa_kernel::wit::Collection;
use surrealdb::types::{RecordId, Value, Variables};
use tokio::sync::Mutex;

use crate::definitions::{self, Behind};
use crate::engine::Engine;
use crate::names;
use crate::outbox::Listening;
use crate::schema::{Declared, Shape, Shapes};
use crate::session::Session;
use crate::sizes;
use crate::table::Table;
use crate::together::Meeting;

/// How long a tenant keeps what it has when its documents stand against a declaration, before that is tried again.
const TRIED_AGAIN_AFTER_MS: Millis = 10_000;

/// An opened tenant, as of one generation of declarations.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) session: Session,
    /// Where its commits meet.
    pub(crate) meeting: Arc<Meeting>,
    generation: u64,
    /// What it has of each plugin.
    plugins: BTreeMap<String, Arc<Shapes>>,
    tables: HashMap<CollectionName, Arc<Table>>,
    /// Plugins of which it could not take what is declared: it has what it had before, if that was anything.
    behind: Behind,
    opened_at: Millis,
}

impl Tenant {
    /// The table of a declared collection.
    pub(crate) fn table(&self, collection: &CollectionName) -> Result<&Arc<Table>, StoreError> {
        if let Some(table) = self.tables.get(collection) {
            return Ok(table);
        }
        let CollectionName { plugin, name } = collection;
        Err(match self.behind.get(plugin.as_ref()) {
            Some(fields) => StoreError::Unavailable(format!(
                "{name:?} of {plugin} is not as it is declared: documents share their {fields}"
            )),
            None => StoreError::Invalid(format!("{plugin} has no collection {name:?}")),
        })
    }

    /// All tables.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }
}

#[derive(Default)]
struct Slot {
    opening: Mutex<()>,
    opened: RwLock<Option<Arc<Tenant>>>,
}

/// The tenants. They are never forgotten: a table's counters must be the same for everybody.
pub(crate) struct Tenants {
    declared: [RwLock<Arc<Declared>>; 2],
    slots: RwLock<HashMap<TenantId, Arc<Slot>>>,
    uids: AtomicU64,
    clock: Arc<dyn Clock>,
    /// Hears of every tenant that is opened for the first time.
    pub(crate) listener: Listening,
}

impl Tenants {
    /// None yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            declared: Default::default(),
            slots: RwLock::default(),
            uids: AtomicU64::default(),
            clock,
            listener: Listening::default(),
        }
    }

    /// Takes a declaration; the realm's databases get its tables before their next unit of work.
    pub(crate) fn declare(
        &self,
        realm: Realm,
        plugin: &str,
        collections: &[(String, Collection)],
    ) -> Result<(), StoreError> {
        let mut shapes = Vec::with_capacity(collections.len());
        for (name, collection) in collections {
            let name = CollectionName::new(plugin, name);
            let shape = Shape::new(&name, collection)?;
            shapes.push((name, shape));
        }
        let declared = self.in_realm(realm);
        let mut declared = declared.write().unwrap_or_else(PoisonError::into_inner);
        let known = declared.plugins.get(plugin);
        if shapes
            .iter()
            .any(|(name, shape)| known.and_then(|known| known.get(name)) != Some(shape))
        {
            let next = Arc::make_mut(&mut declared);
            next.generation += 1;
            let known = next.plugins.entry(plugin.to_owned()).or_default();
            Arc::make_mut(known).extend(shapes);
        }
        Ok(())
    }

    /// A collection as it was declared last.
    pub(crate) fn declaration(&self, realm: Realm, name: &CollectionName) -> Option<Collection> {
        let declared = self.in_realm(realm).read();
        let declared = declared.unwrap_or_else(PoisonError::into_inner);
        let shape = declared.plugins.get(name.plugin.as_ref())?.get(name)?;
        Some(shape.declared().clone())
    }

    /// The tenant with what is declared, made if it is missing.
    pub(crate) async fn open(
        &self,
        engine: &Engine,
        id: &TenantId,
    ) -> Result<Arc<Tenant>, StoreError> {
        let slot = self.slot(id);
        let is_current = |tenant: &Tenant, declared: &Declared| {
            tenant.generation == declared.generation
                && (tenant.behind.is_empty()
                    || self.clock.now() < tenant.opened_at.saturating_add(TRIED_AGAIN_AFTER_MS))
        };
        if let Some(tenant) = slot.opened()
            && is_current(&tenant, &self.declared(id))
        {
            return Ok(tenant);
        }
        let _opening = slot.opening.lock().await;
        let (earlier, declared) = (slot.opened(), self.declared(id));
        match earlier {
            Some(tenant) if is_current(&tenant, &declared) => Ok(tenant),
            earlier => self.open_anew(engine, id, &slot, earlier, &declared).await,
        }
    }

    /// Brings a tenant to what is declared of a plugin.
    pub(crate) async fn prepare(
        &self,
        engine: &Engine,
        id: &TenantId,
        plugin: &str,
    ) -> Result<(), StoreError> {
        let mut tenant = self.open(engine, id).await?;
        if tenant.behind.contains_key(plugin) {
            // That may have been some time ago.
            let slot = self.slot(id);
            let _opening = slot.opening.lock().await;
            let (earlier, declared) = (slot.opened(), self.declared(id));
            tenant = self
                .open_anew(engine, id, &slot, earlier, &declared)
                .await?;
        }
        match tenant.behind.get(plugin) {
            Some(fields) => Err(StoreError::NotUnique(fields.clone())),
            None => Ok(()),
        }
    }

    /// For whoever holds the slot's `opening`.
    async fn open_anew(
        &self,
        engine: &Engine,
        id: &TenantId,
        slot: &Slot,
        earlier: Option<Arc<Tenant>>,
        declared: &Declared,
    ) -> Result<Arc<Tenant>, StoreError> {
        let opened_at = self.clock.now();
        let session = match &earlier {
            Some(tenant) => tenant.session.clone(),
            None => engine.session(names::database(id)).await?,
        };
        let behind = definitions::bring(engine, &session, declared).await?;
        for (plugin, fields) in &behind {
            tracing::error!(tenant = %id, plugin, fields, "documents share what is declared as unique");
        }
        if earlier.is_none() && !id.is_platform() {
            // Listed last: a tenant that is listed has its tables.
            list(engine, id).await?;
        }
        let sizes = sizes::read(engine, &session).await?;
        let mut plugins = declared.plugins.clone();
        for plugin in behind.keys() {
            match earlier
                .as_ref()
                .and_then(|tenant| tenant.plugins.get(plugin))
            {
                Some(had) => plugins.insert(plugin.clone(), Arc::clone(had)),
                None => plugins.remove(plugin),
            };
        }
        let tenant = Arc::new(Tenant {
            id: id.clone(),
            session,
            meeting: earlier
                .as_ref()
                .map_or_else(Arc::default, |tenant| Arc::clone(&tenant.meeting)),
            generation: declared.generation,
            tables: self.tables(&plugins, &sizes, earlier.as_deref()),
            plugins,
            behind,
            opened_at,
        });
        *slot.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&tenant));
        if earlier.is_none() {
            self.listener.opened(id);
        }
        Ok(tenant)
    }

    fn tables(
        &self,
        plugins: &BTreeMap<String, Arc<Shapes>>,
        sizes: &HashMap<String, usize>,
        earlier: Option<&Tenant>,
    ) -> HashMap<CollectionName, Arc<Table>> {
        let table = |(name, shape): (&CollectionName, &Shape)| {
            let table = match earlier.and_then(|tenant| tenant.tables.get(name)) {
                Some(table) => {
                    table.set_unique(Arc::clone(&shape.unique));
                    Arc::clone(table)
                }
                None => {
                    let uid = self.uids.fetch_add(1, Ordering::Relaxed);
                    let largest = sizes.get(&shape.table).copied();
                    let (name, unique) = (shape.table.clone(), Arc::clone(&shape.unique));
                    Arc::new(Table::new(uid, name, unique, largest))
                }
            };
            (name.clone(), table)
        };
        plugins
            .values()
            .flat_map(|shapes| shapes.iter())
            .map(table)
            .collect()
    }

    fn declared(&self, id: &TenantId) -> Arc<Declared> {
        let realm = if id.is_platform() {
            Realm::Platform
        } else {
            Realm::Tenants
        };
        let declared = self.in_realm(realm).read();
        Arc::clone(&declared.unwrap_or_else(PoisonError::into_inner))
    }

    fn in_realm(&self, realm: Realm) -> &RwLock<Arc<Declared>> {
        let [tenants, platform] = &self.declared;
        match realm {
            Realm::Tenants => tenants,
            Realm::Platform => platform,
        }
    }

    fn slot(&self, id: &TenantId) -> Arc<Slot> {
        if let Some(slot) = self
            .slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
        {
            return Arc::clone(slot);
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(id.clone()).or_default())
    }
}

impl Slot {
    fn opened(&self) -> Option<Arc<Tenant>> {
        let opened = self.opened.read();
        opened.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Lets a tenant be one of those that there are.
async fn list(engine: &Engine, id: &TenantId) -> Result<(), StoreError> {
    let mut variables = Variables::new();
    variables.insert("r", Value::RecordId(RecordId::new("tenants", id.as_str())));
    let text = "UPSERT $r RETURN NONE".into();
    let listed = engine.persist(engine.root().clone(), text, variables);
    Ok(listed.await?)
}
