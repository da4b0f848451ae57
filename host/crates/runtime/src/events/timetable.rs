//! When which turn is due, in memory: each schedule of the live set in each tenant that there is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use tokio::task::Id;

use crate::registry::Live;
use crate::sets::Sets;

/// A plugin's schedule in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Whose data.
    pub tenant: TenantId,
    /// The plugin.
    pub plugin: Arc<str>,
    /// The schedule, by the name of its handler.
    pub handler: String,
}

impl Slot {
    /// The id of its document. A plugin's name has no dot.
    pub fn id(&self) -> String {
        format!("{}.{}", self.plugin, self.handler)
    }
}

/// Every schedule of a set of plugins, by plugin and handler, with its rhythm.
type Rhythms = HashMap<(Arc<str>, String), Millis>;

/// When which turn is due.
#[derive(Default)]
pub struct Timetable {
    tenants: BTreeSet<TenantId>,
    /// Of the set that serves whoever has none of its own.
    schedules: Rhythms,
    /// Of the sets of tenants that have one.
    own: HashMap<TenantId, Rhythms>,
    due: BTreeSet<(Millis, Slot)>,
    due_at: HashMap<Slot, Millis>,
    /// Turns under way, by their tasks.
    pub running: HashMap<Id, Slot>,
}

impl Timetable {
    /// Takes note of a tenant.
    pub fn add_tenant(&mut self, tenant: TenantId, now: Millis) {
        if tenant.is_platform() || !self.tenants.insert(tenant.clone()) {
            return;
        }
        let schedules: Vec<_> = self.of(&tenant).keys().cloned().collect();
        for (plugin, handler) in schedules {
            let slot = Slot {
                tenant: tenant.clone(),
                plugin,
                handler,
            };
            // When it is due, the first look at its document tells.
            self.put(slot, now);
        }
    }

    fn of(&self, tenant: &TenantId) -> &Rhythms {
        self.own.get(tenant).unwrap_or(&self.schedules)
    }

    /// Takes note of the schedules of the sets that are live.
    pub fn set_schedules(&mut self, sets: &Sets, now: Millis) {
        let schedules = std::mem::replace(&mut self.schedules, rhythms(&sets.base().0));
        let own = sets.own().iter();
        let own = own.map(|(tenant, held)| (tenant.clone(), rhythms(&held.0)));
        let own = std::mem::replace(&mut self.own, own.collect());
        let before = |tenant: &TenantId| own.get(tenant).unwrap_or(&schedules);
        let (known, known_own) = (&self.schedules, &self.own);
        let of = |tenant: &TenantId| known_own.get(tenant).unwrap_or(known);
        let is_same = |slot: &Slot| {
            let key = (Arc::clone(&slot.plugin), slot.handler.clone());
            let every = of(&slot.tenant).get(&key);
            every.is_some() && every == before(&slot.tenant).get(&key)
        };
        self.due.retain(|(_, slot)| is_same(slot));
        self.due_at.retain(|slot, _| is_same(slot));
        let of_most = fresh(&self.schedules, &schedules);
        for tenant in self.tenants.clone() {
            let of_tenant = match (self.own.get(&tenant), own.get(&tenant)) {
                (None, None) => None,
                _ => Some(fresh(self.of(&tenant), before(&tenant))),
            };
            for (plugin, handler) in of_tenant.as_ref().unwrap_or(&of_most) {
                let slot = Slot {
                    tenant: tenant.clone(),
                    plugin: Arc::clone(plugin),
                    handler: handler.clone(),
                };
                self.put(slot, now);
            }
        }
    }

    /// Has everything looked at again: the clock was set back, and it may be long until what it says is due.
    pub fn look_again(&mut self, now: Millis) {
        let slots: Vec<Slot> = self.due_at.keys().cloned().collect();
        for slot in slots {
            self.put(slot, now);
        }
    }

    /// Each slot is there once.
    fn put(&mut self, slot: Slot, at: Millis) {
        if let Some(before) = self.due_at.insert(slot.clone(), at) {
            self.due.remove(&(before, slot.clone()));
        }
        self.due.insert((at, slot));
    }

    /// When the next turn is due.
    pub fn next_at(&self) -> Option<Millis> {
        self.due.first().map(|(at, _)| *at)
    }

    fn every_ms(&self, slot: &Slot) -> Option<Millis> {
        let key = (Arc::clone(&slot.plugin), slot.handler.clone());
        self.of(&slot.tenant).get(&key).copied()
    }

    /// One that is due and does not run yet.
    pub fn take_due(&mut self, now: Millis) -> Option<(Slot, Millis)> {
        while let Some((at, slot)) = self.due.first().cloned()
            && at <= now
        {
            self.due.pop_first();
            self.due_at.remove(&slot);
            let runs = self.running.values().any(|running| *running == slot);
            if let (Some(every_ms), false) = (self.every_ms(&slot), runs) {
                return Some((slot, every_ms));
            }
        }
        None
    }

    /// A turn is over; the next one is due at a time.
    pub fn again(&mut self, slot: Slot, at: Millis) {
        // A rhythm that has changed meanwhile has had it looked at again already.
        if self.every_ms(&slot).is_some() && !self.due_at.contains_key(&slot) {
            self.put(slot, at);
        }
    }
}

fn rhythms(live: &Live) -> Rhythms {
    let mut rhythms = Rhythms::new();
    for (plugin, revision) in live.plugins() {
        for schedule in &revision.package.manifest.schedules {
            let every_ms = Millis::from(schedule.every_s) * 1_000;
            rhythms.insert((Arc::clone(plugin), schedule.handler.clone()), every_ms);
        }
    }
    rhythms
}

/// Those that are new or have another rhythm than before.
fn fresh(now: &Rhythms, before: &Rhythms) -> Vec<(Arc<str>, String)> {
    let changed = now
        .iter()
        .filter(|(key, every)| before.get(*key) != Some(*every));
    changed.map(|(key, _)| key.clone()).collect()
}
