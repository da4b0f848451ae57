//! Who subscribes to what: the plugins that are live, those that were so lately, and parts of the host.
//!
//! A plugin that is away keeps its claim on events for a while, whatever the reason: its file is being replaced, its
//! newest version is refused, the host was restarted with a broken one. The claims are in the platform's
//! database, so that they outlast the process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, EventStream, HostSubscriber};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::query::Query;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};

use super::{SUBSCRIBERS, collection};
use crate::revision::Revision;
use crate::sets::Sets;

/// How long a plugin that is away keeps its claim: time to notice that it is, and to bring it back.
pub const CLAIM_KEPT_MS: Millis = 86_400_000;

/// Before the names of subscribers that are parts of the host: no plugin's name has a colon.
const HOST_PREFIX: &str = "host:";

/// Events that a stream takes at once.
const STREAM_BATCH_MAX: usize = 64;

/// What a subscriber takes in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unity {
    /// Events of one key.
    Key,
    /// Events of one tenant, in the platform's outbox.
    Tenant,
    /// All events.
    Whole,
}

/// How a subscriber is reached.
#[derive(Clone)]
pub enum Reach {
    /// A plugin of the live set.
    Plugin,
    /// A plugin that is away.
    Absent,
    /// A part of the host.
    Host(Arc<dyn HostSubscriber>),
    /// Another outbox.
    HandOver,
    /// Consumers outside.
    Stream(Arc<dyn EventStream>),
}

/// A subscriber.
#[derive(Clone)]
pub struct Target {
    /// By this name its marks are known.
    pub name: Arc<str>,
    /// How it is reached.
    pub reach: Reach,
    /// What it takes in order.
    pub unity: Unity,
    /// How many events it takes at once.
    pub batch_max: usize,
}

impl Target {
    /// A subscriber that takes one event at a time, in order per key.
    pub fn one(name: &str, reach: Reach) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            reach,
            unity: Unity::Key,
            batch_max: 1,
        })
    }

    /// Whether it can be reached now.
    pub fn is_here(&self) -> bool {
        !matches!(self.reach, Reach::Absent)
    }
}

/// What a plugin has a claim on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    events: BTreeSet<String>,
    /// Since when it is away.
    gone_at: Option<Millis>,
}

/// The claims of all plugins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// On what happens in tenants without a version of their own.
    base: BTreeMap<String, Claim>,
    /// Of tenants' own versions, in the places of the deployment's.
    own: BTreeMap<(TenantId, String), Claim>,
}

/// Between the name of a plugin and the tenant whose own version it is, in the id of a claim.
const OF_TENANT: char = '@';

impl Claims {
    /// Reads them.
    pub async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let unit = store.begin(&TenantId::platform()).await?;
        let mut claims = Self::default();
        let mut cursor = None;
        loop {
            let query = Query {
                limit: PAGE_LIMIT_MAX,
                cursor,
                ..Query::default()
            };
            let page = unit.query(&collection(SUBSCRIBERS), &query).await?;
            for document in page.items {
                if let Ok(claim) = serde_json::from_str(&document.body) {
                    claims.note(&document.id, claim);
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(claims);
            }
        }
    }

    fn note(&mut self, id: &str, claim: Claim) {
        match id.split_once(OF_TENANT) {
            None => {
                self.base.insert(id.to_owned(), claim);
            }
            Some((plugin, tenant)) => {
                if let Ok(tenant) = TenantId::parse(tenant) {
                    self.own.insert((tenant, plugin.to_owned()), claim);
                }
            }
        }
    }

    /// All of them by their ids.
    fn by_id(&self) -> BTreeMap<String, &Claim> {
        let own = self.own.iter();
        let own =
            own.map(|((tenant, plugin), claim)| (format!("{plugin}{OF_TENANT}{tenant}"), claim));
        let base = self.base.iter();
        base.map(|(plugin, claim)| (plugin.clone(), claim))
            .chain(own)
            .collect()
    }

    /// What they become with these sets.
    #[must_use]
    pub fn with(&self, sets: &Sets, now: Millis) -> Self {
        let Self { mut base, mut own } = self.clone();
        for claim in base.values_mut().chain(own.values_mut()) {
            claim.gone_at.get_or_insert(now);
        }
        let live = sets.base().0.plugins();
        for (name, revision) in live {
            let claim = Claim::of(revision);
            if claim.events.is_empty() {
                base.remove(&**name);
            } else {
                base.insert(name.to_string(), claim);
            }
        }
        // Who has a version for all serves the tenant again whose own version is gone.
        own.retain(|(_, plugin), _| !live.contains_key(&**plugin));
        for (tenant, held) in sets.own() {
            for (name, revision) in held.0.plugins() {
                let is_base = live
                    .get(name)
                    .is_some_and(|base| Arc::ptr_eq(base, revision));
                if !is_base {
                    // Also one that hears nothing: it stands where another one would hear.
                    own.insert((tenant.clone(), name.to_string()), Claim::of(revision));
                }
            }
        }
        let is_kept = |claim: &Claim| {
            let kept = |at: Millis| now < at.saturating_add(CLAIM_KEPT_MS);
            claim.gone_at.is_none_or(kept)
        };
        base.retain(|_, claim| is_kept(claim));
        own.retain(|_, claim| is_kept(claim));
        Self { base, own }
    }

    /// Those that count in a tenant with versions of its own.
    fn of_tenant(&self, tenant: &TenantId) -> BTreeMap<&str, &Claim> {
        let base = self.base.iter();
        let mut claims: BTreeMap<&str, &Claim> = base
            .map(|(plugin, claim)| (plugin.as_str(), claim))
            .collect();
        let own = self.own.iter().filter(|((of, _), _)| of == tenant);
        claims.extend(own.map(|((_, plugin), claim)| (plugin.as_str(), claim)));
        claims
    }

    fn tenants(&self) -> BTreeSet<&TenantId> {
        self.own.keys().map(|(tenant, _)| tenant).collect()
    }

    /// Writes what is different from `before`.
    pub async fn write(&self, before: &Self, store: &dyn Store) -> Result<(), String> {
        if self == before {
            return Ok(());
        }
        let unit = store
            .begin(&TenantId::platform())
            .await
            .map_err(|error| error.to_string())?;
        let claims: CollectionName = collection(SUBSCRIBERS);
        let (now, before) = (self.by_id(), before.by_id());
        for (name, claim) in &now {
            if before.get(name) != Some(claim) {
                let body = serde_json::to_value(claim).map_err(|error| error.to_string())?;
                unit.put(&claims, name, None, body, Expiry::Never)
                    .await
                    .map_err(|error| error.to_string())?;
            }
        }
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            unit.delete(&claims, name)
                .await
                .map_err(|error| error.to_string())?;
        }
        unit.commit()
            .await
            .map_err(|error: CommitError| error.to_string())
    }
}

/// Who is to have which event.
type ByEvent = HashMap<String, Vec<Arc<Target>>>;

impl Claim {
    fn of(revision: &Revision) -> Self {
        let subscriptions = revision.package.manifest.subscriptions.iter();
        let granted = subscriptions.filter(|each| revision.grants.hears(&each.event));
        Self {
            events: granted.map(|each| each.event.clone()).collect(),
            gone_at: None,
        }
    }
}

/// Who is to have which event of a tenant: plugins, parts of the host, and the stream after them.
fn by_event<'a>(
    claims: impl Iterator<Item = (&'a str, &'a Claim)>,
    hosts: &ByEvent,
    stream: &[Arc<Target>],
) -> ByEvent {
    let mut by_event = ByEvent::new();
    for (name, claim) in claims {
        let reach = match claim.gone_at {
            None => Reach::Plugin,
            Some(_) => Reach::Absent,
        };
        let target = Target::one(name, reach);
        for event in &claim.events {
            let targets = by_event.entry(event.clone()).or_default();
            targets.push(Arc::clone(&target));
        }
    }
    for (event, targets) in hosts {
        let all = by_event.entry(event.clone()).or_default();
        all.extend(targets.iter().cloned());
    }
    for targets in by_event.values_mut() {
        targets.extend(stream.iter().cloned());
    }
    by_event
}

/// Who subscribes, as of one set of plugins.
#[derive(Default, Clone)]
pub struct Table {
    /// Grows with each table.
    pub version: u64,
    /// The number of the set of plugins that it knows.
    pub set: u64,
    by_event: ByEvent,
    /// Of tenants with versions of their own.
    of_tenant: HashMap<TenantId, ByEvent>,
    of_platform: ByEvent,
    hand_over: Vec<Arc<Target>>,
    /// For events that nobody but the stream subscribes to.
    stream: Vec<Arc<Target>>,
}

impl Table {
    /// Of these claims and parts of the host.
    pub fn new(
        (version, set): (u64, u64),
        claims: &Claims,
        hosts: &[Arc<dyn HostSubscriber>],
        stream: Option<&Arc<dyn EventStream>>,
    ) -> Self {
        let mut of_platform = ByEvent::new();
        for host in hosts {
            let name = format!("{HOST_PREFIX}{}", host.name());
            let target = Target::one(&name, Reach::Host(Arc::clone(host)));
            for event in host.events() {
                let targets = of_platform.entry((*event).to_owned()).or_default();
                targets.push(Arc::clone(&target));
            }
        }
        let stream: Vec<Arc<Target>> = stream
            .map(|stream| {
                Arc::new(Target {
                    name: format!("{HOST_PREFIX}stream").into(),
                    reach: Reach::Stream(Arc::clone(stream)),
                    unity: Unity::Whole,
                    batch_max: STREAM_BATCH_MAX,
                })
            })
            .into_iter()
            .collect();
        let all = claims.base.iter();
        let all = all.map(|(plugin, claim)| (plugin.as_str(), claim));
        let all = by_event(all, &of_platform, &stream);
        let of_tenant = claims.tenants().into_iter().map(|tenant| {
            let own = claims.of_tenant(tenant).into_iter();
            (tenant.clone(), by_event(own, &of_platform, &stream))
        });
        let of_tenant = of_tenant.collect();
        let hand_over = vec![Arc::new(Target {
            name: format!("{HOST_PREFIX}hand-over").into(),
            reach: Reach::HandOver,
            unity: Unity::Tenant,
            batch_max: 1,
        })];
        Self {
            version,
            set,
            by_event: all,
            of_tenant,
            of_platform,
            hand_over,
            stream,
        }
    }

    /// The same for another set of plugins.
    #[must_use]
    pub fn of_set(&self, set: u64) -> Self {
        Self {
            set,
            ..self.clone()
        }
    }

    /// Who is to have an event that waits in this outbox.
    pub fn targets(&self, tenant: &TenantId, event: &Event) -> &[Arc<Target>] {
        if !tenant.is_platform() {
            let by_event = self.of_tenant.get(tenant).unwrap_or(&self.by_event);
            return by_event.get(&event.name).unwrap_or(&self.stream);
        }
        match event.tenant {
            Some(_) => &self.hand_over,
            None => self
                .of_platform
                .get(&event.name)
                .map_or(&[][..], Vec::as_slice),
        }
    }

    /// A subscriber that is to have the event and can be reached.
    pub fn find(&self, tenant: &TenantId, event: &Event, name: &str) -> Option<&Arc<Target>> {
        let mut targets = self.targets(tenant, event).iter();
        targets.find(|target| &*target.name == name && target.is_here())
    }
}
