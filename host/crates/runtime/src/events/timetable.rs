//! When which turn is due, in memory: each schedule of the live set in each tenant that there is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use tokio::task::Id;

use crate::registry::Live;

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

/// When which turn is due.
#[derive(Default)]
pub struct Timetable {
    tenants: BTreeSet<TenantId>,
    /// Every schedule of the live set, with its rhythm.
    schedules: HashMap<(Arc<str>, String), Millis>,
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
        let schedules: Vec<_> = self.schedules.keys().cloned().collect();
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

    /// Takes note of the schedules of a set of plugins.
    pub fn set_schedules(&mut self, live: &Live, now: Millis) {
        let mut schedules = HashMap::new();
        for (plugin, revision) in live.plugins() {
            for schedule in &revision.package.manifest.schedules {
                let every_ms = Millis::from(schedule.every_s) * 1_000;
                schedules.insert((Arc::clone(plugin), schedule.handler.clone()), every_ms);
            }
        }
        let before = std::mem::replace(&mut self.schedules, schedules);
        let known = &self.schedules;
        let is_same = |slot: &Slot| {
            let key = (Arc::clone(&slot.plugin), slot.handler.clone());
            known
                .get(&key)
                .is_some_and(|every| before.get(&key) == Some(every))
        };
        self.due.retain(|(_, slot)| is_same(slot));
        self.due_at.retain(|slot, _| is_same(slot));
        let fresh: Vec<_> = known
            .iter()
            .filter(|(key, every)| before.get(*key) != Some(*every))
            .map(|(key, _)| key.clone())
            .collect();
        for tenant in self.tenants.clone() {
            for (plugin, handler) in &fresh {
                let slot = Slot {
                    tenant: tenant.clone(),
                    plugin: Arc::clone(plugin),
                    handler: handler.clone(),
                };
                self.put(slot, now);
            }
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
        self.schedules.get(&key).copied()
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
