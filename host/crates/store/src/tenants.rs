//! The tenants that this process has opened, and how one is opened.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Realm, StoreError};
use stoa_kernel::wit::Collection;
use surrealdb::types::{RecordId, Value, Variables};
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::names;
use crate::outbox::Listening;
use crate::schema::{self, Declared, Shape};
use crate::session::Session;
use crate::table::Table;
use crate::together::Meeting;

/// An opened tenant, as of one generation of declarations.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) session: Session,
    /// Where its commits meet.
    pub(crate) meeting: Arc<Meeting>,
    generation: u64,
    tables: HashMap<CollectionName, Arc<Table>>,
}

impl Tenant {
    /// The table of a declared collection.
    pub(crate) fn table(&self, collection: &CollectionName) -> Result<&Arc<Table>, StoreError> {
        self.tables.get(collection).ok_or_else(|| {
            StoreError::Invalid(format!(
                "{} has no collection {:?}",
                collection.plugin, collection.name
            ))
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
#[derive(Default)]
pub(crate) struct Tenants {
    declared: [RwLock<Arc<Declared>>; 2],
    slots: RwLock<HashMap<TenantId, Arc<Slot>>>,
    uids: AtomicU64,
    /// Hears of every tenant that is opened for the first time.
    pub(crate) listener: Listening,
}

impl Tenants {
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
        if shapes
            .iter()
            .any(|(name, shape)| declared.collections.get(name) != Some(shape))
        {
            let next = Arc::make_mut(&mut declared);
            next.generation += 1;
            next.collections.extend(shapes);
        }
        Ok(())
    }

    /// The tenant with all that is declared, made if it is missing.
    pub(crate) async fn open(
        &self,
        engine: &Engine,
        id: &TenantId,
    ) -> Result<Arc<Tenant>, StoreError> {
        let slot = self.slot(id);
        let declared = self.declared(id);
        if let Some(tenant) = slot.current(declared.generation) {
            return Ok(tenant);
        }
        let _opening = slot.opening.lock().await;
        let declared = self.declared(id);
        if let Some(tenant) = slot.current(declared.generation) {
            return Ok(tenant);
        }
        let earlier = slot
            .opened
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let session = define(
            engine,
            id,
            schema::tenant(&declared),
            earlier.as_ref().map(|t| t.session.clone()),
        )
        .await?;
        let tenant = Arc::new(self.tenant(id, session, &declared, earlier.as_deref()));
        *slot.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&tenant));
        if earlier.is_none() {
            self.listener.opened(id);
        }
        Ok(tenant)
    }

    fn tenant(
        &self,
        id: &TenantId,
        session: Session,
        declared: &Declared,
        earlier: Option<&Tenant>,
    ) -> Tenant {
        let table = |(name, shape): (&CollectionName, &Shape)| {
            let table = match earlier.and_then(|tenant| tenant.tables.get(name)) {
                Some(table) => {
                    table.set_unique(Arc::clone(&shape.unique));
                    Arc::clone(table)
                }
                None => {
                    let uid = self.uids.fetch_add(1, Ordering::Relaxed);
                    Arc::new(Table::new(
                        uid,
                        shape.table.clone(),
                        Arc::clone(&shape.unique),
                    ))
                }
            };
            (name.clone(), table)
        };
        Tenant {
            id: id.clone(),
            session,
            meeting: earlier.map_or_else(Arc::default, |tenant| Arc::clone(&tenant.meeting)),
            generation: declared.generation,
            tables: declared.collections.iter().map(table).collect(),
        }
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
    fn current(&self, generation: u64) -> Option<Arc<Tenant>> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened
            .as_ref()
            .filter(|tenant| tenant.generation == generation)
            .cloned()
    }
}

/// Brings a tenant's database up to date.
async fn define(
    engine: &Engine,
    id: &TenantId,
    script: String,
    opened: Option<Session>,
) -> Result<Session, StoreError> {
    if let Some(session) = opened {
        engine
            .persist(session.clone(), script, Variables::new())
            .await?;
        return Ok(session);
    }
    let session = engine.session(names::database(id)).await?;
    engine
        .persist(session.clone(), script, Variables::new())
        .await?;
    if id.is_platform() {
        return Ok(session);
    }
    // Listed last: a tenant that is listed has its tables.
    let mut listed = Variables::new();
    listed.insert("r", Value::RecordId(RecordId::new("tenants", id.as_str())));
    let text = "UPSERT $r RETURN NONE".into();
    engine.persist(engine.root().clone(), text, listed).await?;
    Ok(session)
}
