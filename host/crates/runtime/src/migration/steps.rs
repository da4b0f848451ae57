//! Going declared steps: a batch of documents and the mark how far it came are one commit.

use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::{COMMIT_TRIES_MAX, PAGE_LIMIT_MAX};
use stoa_kernel::query::{Filter, Path, Query};
use stoa_kernel::retry;
use stoa_kernel::store::{CommitError, Document, Expiry, Realm, StoreError, UnitOfWork};
use stoa_wit::{Collection, Manifest, Migration};

use super::Failed;
use super::losses::Losses;
use super::row::{Row, UnderWay, Way};
use crate::{Core, shapes};

/// Documents of one batch: a commit of so many takes a few milliseconds.
const BATCH_DOCUMENTS_MAX: u32 = PAGE_LIMIT_MAX;

/// Bytes of documents after which a batch ends: with one of the largest on top still within what a commit takes.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Documents of a collection and tenant with which steps are tried before a version may serve: enough to show most
/// mistakes of its author, few enough that nobody waits for it.
const TRIED_MAX: usize = 1_000;

/// Brings a tenant's documents to the steps of a manifest. What is committed of it stays, if it ends early, and it
/// goes on from there.
///
/// # Errors
/// Why it can't go on; before anything is done, what would be lost if that is not accepted.
pub async fn bring(
    core: &Core,
    manifest: &Manifest,
    tenant: &TenantId,
    accept_loss: bool,
) -> Result<(), Failed> {
    let row = Row::read(&*core.ports.store, tenant, &manifest.name).await?;
    if row.is_at(&manifest.migrations) {
        return Ok(());
    }
    declare(core, manifest, &row).await?;
    if !accept_loss {
        let mut losses = Losses::default();
        losses.count_steps(core, manifest, tenant, &row).await?;
        losses.refuse()?;
    }
    while !batch(core, manifest, tenant).await? {}
    Ok(())
}

/// Tries the steps that a tenant's documents have to go, with some of them, and writes nothing.
///
/// # Errors
/// Why they can't be gone.
pub async fn try_out(core: &Core, manifest: &Manifest, tenant: &TenantId) -> Result<(), Failed> {
    let row = Row::read(&*core.ports.store, tenant, &manifest.name).await?;
    if !row.to_undo(&manifest.migrations).is_empty() {
        return Ok(());
    }
    let steps = row.to_do(&manifest.migrations);
    for name in manifest.collections.keys() {
        let steps: Vec<_> = steps
            .iter()
            .filter(|step| step.collection == *name)
            .collect();
        if steps.is_empty() {
            continue;
        }
        let mut pages = Pages::of(&manifest.name, name);
        let mut tried = 0;
        while tried < TRIED_MAX
            && let Some(page) = pages.next(core, tenant).await?
        {
            tried += page.len();
            for document in &page {
                let mut value = parsed(document)?;
                for step in &steps {
                    go_up(step, document, &mut value)?;
                }
            }
        }
    }
    Ok(())
}

/// Collections that only an earlier or later version knows are there for the store, too, in the shape that it knows.
pub async fn declare(core: &Core, manifest: &Manifest, row: &Row) -> Result<(), StoreError> {
    let store = &*core.ports.store;
    let is_unknown = |name: &&String| {
        let of = CollectionName::new(&manifest.name, name);
        !manifest.collections.contains_key(*name)
            && store.declaration(Realm::Tenants, &of).is_none()
    };
    let gone = row.to_undo(&manifest.migrations);
    let unknown: Vec<_> = gone
        .iter()
        .map(|undo| &undo.applied.migration.collection)
        .filter(is_unknown)
        .map(|name| (name.clone(), Collection::default()))
        .collect();
    shapes::declare(store, &manifest.name, &unknown).await
}

/// One batch; whether that was the last one.
async fn batch(core: &Core, manifest: &Manifest, tenant: &TenantId) -> Result<bool, Failed> {
    for attempt in 0..COMMIT_TRIES_MAX {
        let unit = core.ports.store.begin(tenant).await?;
        let before = Row::of(&*unit, &manifest.name).await?;
        let mut row = before.clone();
        let mut room = Room::default();
        let is_done = loop {
            if !row.aim(&manifest.migrations) {
                break true;
            }
            if room.is_full() {
                break false;
            }
            portion(&*unit, &manifest.name, &mut row, &mut room).await?;
        };
        if row == before {
            return Ok(is_done);
        }
        row.put(&*unit, &manifest.name).await?;
        crash::pass(CrashPoint::BeforeMigrated, &manifest.name);
        match unit.commit().await {
            Ok(()) => return Ok(is_done),
            Err(CommitError::Conflict) => {
                tokio::time::sleep(retry::pause(attempt, &*core.ports.random)).await;
            }
            Err(error) => return Err(Failed(error.to_string())),
        }
    }
    Err(Failed::busy())
}

/// What still fits into a batch.
#[derive(Default)]
struct Room {
    documents: u32,
    bytes: usize,
}

impl Room {
    const fn left(&self) -> u32 {
        BATCH_DOCUMENTS_MAX.saturating_sub(self.documents)
    }

    const fn is_full(&self) -> bool {
        self.left() == 0 || self.bytes >= BATCH_BYTES_MAX
    }

    const fn take(&mut self, bytes: usize) {
        self.documents = self.documents.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// As many documents as have room go the step that is under way.
async fn portion(
    unit: &dyn UnitOfWork,
    plugin: &str,
    row: &mut Row,
    room: &mut Room,
) -> Result<(), Failed> {
    let Some(under_way) = &mut row.under_way else {
        return Ok(());
    };
    let collection = CollectionName::new(plugin, &under_way.applied.migration.collection);
    let query = Query {
        filter: between(under_way.after.as_deref(), under_way.until.as_deref())?,
        limit: room.left(),
        ..Query::default()
    };
    let page = unit.query(&collection, &query).await?;
    let is_last = page.next_cursor.is_none();
    for document in &page.items {
        if room.is_full() {
            return Ok(());
        }
        room.take(document.body.len());
        let mut value = parsed(document)?;
        if go(under_way, document, &mut value)? {
            let id = &document.id;
            let put = unit.put(&collection, id, None, value, Expiry::Kept).await;
            put.map_err(|error| about(&under_way.applied.migration, &error))?;
        }
        under_way.after = Some(document.id.to_string());
    }
    if is_last {
        row.arrive();
    }
    Ok(())
}

/// Whether the document is another one now.
fn go(
    under_way: &mut UnderWay,
    document: &Document,
    value: &mut serde_json::Value,
) -> Result<bool, Failed> {
    let applied = &mut under_way.applied;
    match under_way.way {
        Way::Up => {
            let done = go_up(&applied.migration, document, value)?;
            applied.removed = applied.removed.saturating_add(u64::from(done.has_lost));
            Ok(done.is_changed)
        }
        Way::Down => Ok(applied.migration.go_down(value).0),
    }
}

fn go_up(
    step: &Migration,
    document: &Document,
    value: &mut serde_json::Value,
) -> Result<stoa_wit::Done, Failed> {
    step.go_up(value).map_err(|error| {
        tracing::warn!(step = step.step, collection = step.collection, id = &*document.id, %error, "a document can't be migrated");
        about(step, &error)
    })
}

fn about(step: &Migration, error: &dyn std::fmt::Display) -> Failed {
    Failed(format!(
        "step {} of {}: {error}",
        step.step, step.collection
    ))
}

/// The document's body.
pub fn parsed(document: &Document) -> Result<serde_json::Value, Failed> {
    serde_json::from_str(&document.body).map_err(|error| Failed(error.to_string()))
}

/// Documents with ids after the one and up to the other.
fn between(after: Option<&str>, until: Option<&str>) -> Result<Option<Filter>, Failed> {
    let id = || Path::parse("id").map_err(|error| Failed(error.to_string()));
    let mut all = Vec::new();
    if let Some(after) = after {
        all.push(Filter::Gt(id()?, after.into()));
    }
    if let Some(until) = until {
        all.push(Filter::Le(id()?, until.into()));
    }
    Ok((!all.is_empty()).then_some(Filter::And(all)))
}

/// All documents of a collection as they are committed, a page at a time.
pub struct Pages {
    collection: CollectionName,
    after: Option<String>,
    is_over: bool,
}

impl Pages {
    /// Of this collection.
    pub fn of(plugin: &str, collection: &str) -> Self {
        Self {
            collection: CollectionName::new(plugin, collection),
            after: None,
            is_over: false,
        }
    }

    /// The next page; none when there is no more.
    pub async fn next(
        &mut self,
        core: &Core,
        tenant: &TenantId,
    ) -> Result<Option<Vec<Document>>, Failed> {
        if self.is_over {
            return Ok(None);
        }
        let query = Query {
            filter: between(self.after.as_deref(), None)?,
            limit: PAGE_LIMIT_MAX,
            ..Query::default()
        };
        let unit = core.ports.store.begin(tenant).await?;
        let page = unit.query(&self.collection, &query).await?;
        self.is_over = page.next_cursor.is_none();
        let page = page.items;
        self.after = page.last().map(|document| document.id.to_string());
        Ok(Some(page))
    }
}
