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
use crate::registry::Live;

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
pub struct Claims(BTreeMap<String, Claim>);

impl Claims {
    /// Reads them.
    pub async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let unit = store.begin(&TenantId::platform()).await?;
        let mut claims = BTreeMap::new();
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
                    claims.insert(document.id.to_string(), claim);
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(Self(claims));
            }
        }
    }

    /// What they become with this set.
    #[must_use]
    pub fn with(&self, live: &Live, now: Millis) -> Self {
        let mut claims = self.0.clone();
        for claim in claims.values_mut() {
            claim.gone_at.get_or_insert(now);
        }
        for (name, revision) in live.plugins() {
            let subscriptions = &revision.package.manifest.subscriptions;
            let events: BTreeSet<String> = subscriptions
                .iter()
                .map(|subscription| subscription.event.clone())
                .collect();
            if events.is_empty() {
                claims.remove(&**name);
            } else {
                let claim = Claim {
                    events,
                    gone_at: None,
                };
                claims.insert(name.to_string(), claim);
            }
        }
        claims.retain(|_, claim| {
            let kept = |at: Millis| now < at.saturating_add(CLAIM_KEPT_MS);
            claim.gone_at.is_none_or(kept)
        });
        Self(claims)
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
        for (name, claim) in &self.0 {
            if before.0.get(name) != Some(claim) {
                let body = serde_json::to_value(claim).map_err(|error| error.to_string())?;
                unit.put(&claims, name, None, body, Expiry::Never)
                    .await
                    .map_err(|error| error.to_string())?;
            }
        }
        for name in before.0.keys().filter(|name| !self.0.contains_key(*name)) {
            unit.delete(&claims, name)
                .await
                .map_err(|error| error.to_string())?;
        }
        unit.commit()
            .await
            .map_err(|error: CommitError| error.to_string())
    }
}

/// Who subscribes, as of one set of plugins.
#[derive(Default, Clone)]
pub struct Table {
    /// Grows with each table.
    pub version: u64,
    /// The number of the set of plugins that it knows.
    pub set: u64,
    by_event: HashMap<String, Vec<Arc<Target>>>,
    of_platform: HashMap<String, Vec<Arc<Target>>>,
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
        let mut by_event: HashMap<String, Vec<Arc<Target>>> = HashMap::new();
        for (name, claim) in &claims.0 {
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
        let mut of_platform: HashMap<String, Vec<Arc<Target>>> = HashMap::new();
        for host in hosts {
            let name = format!("{HOST_PREFIX}{}", host.name());
            let target = Target::one(&name, Reach::Host(Arc::clone(host)));
            for event in host.events() {
                for table in [&mut by_event, &mut of_platform] {
                    let targets = table.entry((*event).to_owned()).or_default();
                    targets.push(Arc::clone(&target));
                }
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
        for targets in by_event.values_mut() {
            targets.extend(stream.iter().cloned());
        }
        let hand_over = vec![Arc::new(Target {
            name: format!("{HOST_PREFIX}hand-over").into(),
            reach: Reach::HandOver,
            unity: Unity::Tenant,
            batch_max: 1,
        })];
        Self {
            version,
            set,
            by_event,
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
            return self.by_event.get(&event.name).unwrap_or(&self.stream);
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
