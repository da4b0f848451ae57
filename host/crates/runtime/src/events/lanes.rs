//! What of a tenant's outbox is in memory, and what may go next: order per key, and nothing waits for another key.
//!
//! A lane is one subscriber and one key. Its events go one after the other; while the first of them fails,
//! the lane is held, and what follows stays in the database alone. When the hold ends, reading begins again
//! at that event, so memory is bounded by what can go, not by what waits.

mod job;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, Pending};

use super::subscribers::Target;
pub use job::{Job, LaneKey, Line, Tries};

/// Events of one tenant in memory: enough that reading never makes deliveries wait.
const WINDOW_MAX: usize = 1_000;

/// Bytes of them.
const WINDOW_BYTES_MAX: usize = 4 << 20;

/// Held lanes of one subscriber and tenant. One that fails for so many keys is broken as a whole: its other
/// events stay in the database until some of them succeed.
const HELD_MAX: usize = 256;

struct Hold {
    events: Vec<Arc<Event>>,
    until: Millis,
    tries: Tries,
}

#[derive(Default)]
struct Lane {
    queue: BTreeSet<String>,
    running: bool,
    is_ready: bool,
    hold: Option<Hold>,
    batch_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    /// It is in its lane.
    Open,
    /// It is handled.
    Done,
    /// It stays in the database for later.
    Left,
}

struct Entry {
    event: Arc<Event>,
    shares: Vec<(Arc<str>, Share)>,
}

impl Entry {
    fn share(&mut self, target: &Arc<str>, share: Share) {
        match self.shares.iter_mut().find(|(name, _)| name == target) {
            Some((_, known)) => *known = share,
            None => self.shares.push((Arc::clone(target), share)),
        }
    }

    fn of(&self, target: &str) -> Option<Share> {
        let mut shares = self.shares.iter();
        let found = shares.find(|(name, _)| &**name == target);
        found.map(|(_, share)| *share)
    }
}

/// A tenant's lanes.
#[derive(Default)]
pub struct Lanes {
    entries: BTreeMap<String, Entry>,
    bytes: usize,
    lanes: HashMap<LaneKey, Lane>,
    ready: VecDeque<LaneKey>,
    holds: BTreeSet<(Millis, LaneKey)>,
    held: HashMap<Arc<str>, usize>,
    saturated: HashSet<Arc<str>>,
    failures: HashMap<(String, String), u32>,
    settling: HashSet<String>,
    settled: Vec<Pending>,
    again_from: Option<String>,
    misses_somebody: bool,
    letters: usize,
}

impl Lanes {
    /// Remembers that a delivery has failed before.
    pub fn failed_before(&mut self, event: &str, target: &str, failed: u32) {
        self.failures.insert((event.into(), target.into()), failed);
    }

    /// Takes note of an event that waits, for those who are to have it.
    pub fn offer(&mut self, pending: Pending, targets: &[Arc<Target>]) {
        let id = pending.event.id.clone();
        if self.settling.contains(&id) {
            return;
        }
        let mut entry = self.take(&id).unwrap_or_else(|| Entry {
            event: Arc::new(pending.event),
            shares: Vec::new(),
        });
        // Who is no subscriber any more, and has not handled it, holds nothing up.
        entry.shares.retain(|(name, share)| {
            *share != Share::Left || targets.iter().any(|target| target.name == *name)
        });
        for handled in pending.handled {
            if entry.of(&handled) != Some(Share::Open) {
                entry.share(&handled.into(), Share::Done);
            }
        }
        for target in targets {
            if !matches!(entry.of(&target.name), Some(Share::Open | Share::Done)) {
                let share = self.open(&entry.event, target);
                entry.share(&target.name, share);
            }
        }
        self.keep(entry);
    }

    fn open(&mut self, event: &Event, target: &Target) -> Share {
        if !target.is_here() {
            self.misses_somebody = true;
            return Share::Left;
        }
        if self.saturated.contains(&target.name) {
            return Share::Left;
        }
        let key = LaneKey::of(target, event);
        let lane = self.lanes.entry(key.clone()).or_default();
        if lane.hold.is_some() {
            return Share::Left;
        }
        lane.batch_max = target.batch_max;
        lane.queue.insert(event.id.clone());
        if !lane.running && !lane.is_ready {
            lane.is_ready = true;
            self.ready.push_back(key);
        }
        Share::Open
    }

    /// Takes note of a dead letter that is to be delivered once more.
    pub fn offer_letter(&mut self, id: &str, target: &Arc<str>, event: Event, now: Millis) {
        let key = LaneKey {
            target: Arc::clone(target),
            line: Line::Letter(id.into()),
        };
        let lane = self.lanes.entry(key.clone()).or_default();
        if lane.hold.is_none() {
            self.letters += 1;
            self.holds.insert((now, key));
            lane.hold = Some(Hold {
                events: vec![Arc::new(event)],
                until: now,
                tries: Tries::default(),
            });
        }
    }

    /// Something that may go now.
    pub fn next(&mut self) -> Option<Job> {
        while let Some(key) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&key) else {
                continue;
            };
            lane.is_ready = false;
            let (events, mut tries) = match &lane.hold {
                Some(hold) => (hold.events.clone(), hold.tries),
                None => {
                    let mut events = Vec::new();
                    while events.len() < lane.batch_max.max(1)
                        && let Some(id) = lane.queue.pop_first()
                    {
                        let entry = self.entries.get(&id);
                        events.extend(entry.map(|entry| Arc::clone(&entry.event)));
                    }
                    (events, Tries::default())
                }
            };
            let Some(first) = events.first() else {
                self.lanes.remove(&key);
                continue;
            };
            lane.running = true;
            let known = (first.id.clone(), key.target.to_string());
            if let Some(failed) = self.failures.get(&known) {
                tries.failed = tries.failed.max(*failed);
            }
            return Some(Job {
                lane: key,
                events,
                tries,
            });
        }
        None
    }

    /// The subscriber has handled it, or it is nobody's business any more.
    pub fn done(&mut self, job: &Job) {
        for event in &job.events {
            self.failures
                .remove(&(event.id.clone(), job.lane.target.to_string()));
            self.shared(&event.id, &job.lane.target, Share::Done);
        }
        self.free(job);
    }

    /// Its subscriber is gone.
    pub fn withdraw(&mut self, job: &Job) {
        for event in &job.events {
            self.shared(&event.id, &job.lane.target, Share::Left);
        }
        if let Some(lane) = self.lanes.get_mut(&job.lane) {
            for id in std::mem::take(&mut lane.queue) {
                self.shared(&id, &job.lane.target, Share::Left);
            }
        }
        self.free(job);
        if !matches!(job.lane.line, Line::Letter(_)) {
            self.again(job.events.first().map_or("", |event| &event.id));
        }
    }

    /// It is to be tried again at a time; until then nothing of its lane goes.
    pub fn later(&mut self, job: Job, until: Millis, tries: Tries) {
        let Some(lane) = self.lanes.get_mut(&job.lane) else {
            return;
        };
        lane.running = false;
        let is_new = lane.hold.is_none();
        lane.hold = Some(Hold {
            events: job.events.clone(),
            until,
            tries,
        });
        let queue = std::mem::take(&mut lane.queue);
        self.holds.insert((until, job.lane.clone()));
        let target = &job.lane.target;
        let left = job.events.iter().map(|event| event.id.clone()).chain(queue);
        for id in left.collect::<Vec<String>>() {
            self.shared(&id, target, Share::Left);
        }
        if is_new {
            let held = self.held.entry(Arc::clone(target)).or_default();
            *held += 1;
            if *held >= HELD_MAX {
                self.saturated.insert(Arc::clone(target));
            }
        }
    }

    /// Ends the holds whose time has come.
    pub fn release(&mut self, now: Millis) {
        while let Some((until, key)) = self.holds.first().cloned()
            && until <= now
        {
            self.holds.pop_first();
            if let Some(lane) = self.lanes.get_mut(&key)
                && !lane.running
                && !lane.is_ready
            {
                lane.is_ready = true;
                self.ready.push_back(key);
            }
        }
    }

    /// When the next hold ends.
    pub fn next_release_at(&self) -> Option<Millis> {
        self.holds.first().map(|(until, _)| *until)
    }

    /// How many events everybody has handled.
    pub const fn settled_waiting(&self) -> usize {
        self.settled.len()
    }

    /// Events that everybody has handled.
    pub fn settled(&mut self) -> Vec<Pending> {
        std::mem::take(&mut self.settled)
    }

    /// These are out of the database, or could not be taken out and are to be read again.
    pub fn forget(&mut self, settled: &[Pending], are_gone: bool) {
        for pending in settled {
            self.settling.remove(&pending.event.id);
            if !are_gone {
                self.again(&pending.event.id);
            }
        }
    }

    /// The id from which the outbox has to be read again, if any.
    pub fn take_again_from(&mut self) -> Option<String> {
        self.again_from.take()
    }

    /// Whether something was left for a subscriber that is absent, since the last question.
    pub fn take_misses_somebody(&mut self) -> bool {
        std::mem::take(&mut self.misses_somebody)
    }

    /// Dead letters that are under way or wait.
    pub fn letters(&self) -> usize {
        self.letters
    }

    /// Whether nothing more should be read for now.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= WINDOW_MAX || self.bytes >= WINDOW_BYTES_MAX
    }

    /// Whether there is nothing to wait for.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty() && self.settling.is_empty() && self.again_from.is_none()
    }

    /// Events that are under way or held.
    pub fn waiting(&self) -> usize {
        self.entries.len() + self.held.values().sum::<usize>()
    }

    /// Lanes that are held.
    pub fn held(&self) -> usize {
        self.held.values().sum()
    }

    /// When the oldest of them was to be delivered.
    pub fn oldest_at(&self) -> Option<Millis> {
        let due = |event: &Arc<Event>| event.due_at.unwrap_or(event.raised_at);
        let open = self.entries.values().map(|entry| due(&entry.event));
        let held = self.lanes.values().filter_map(|lane| lane.hold.as_ref());
        let held = held.flat_map(|hold| hold.events.iter().map(due));
        open.chain(held).min()
    }

    /// Ends a lane's turn, and with it its hold.
    fn free(&mut self, job: &Job) {
        let Some(lane) = self.lanes.get_mut(&job.lane) else {
            return;
        };
        lane.running = false;
        let hold = lane.hold.take();
        if lane.queue.is_empty() {
            self.lanes.remove(&job.lane);
        } else if !lane.is_ready {
            lane.is_ready = true;
            self.ready.push_back(job.lane.clone());
        }
        let Some(hold) = hold else { return };
        self.holds.remove(&(hold.until, job.lane.clone()));
        if matches!(job.lane.line, Line::Letter(_)) {
            self.letters = self.letters.saturating_sub(1);
            return;
        }
        let target = &job.lane.target;
        if let Some(held) = self.held.get_mut(target) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(target);
            }
        }
        let from = match self.saturated.remove(target) {
            true => String::new(),
            false => job
                .events
                .first()
                .map_or_else(String::new, |event| event.id.clone()),
        };
        self.again(&from);
    }

    fn again(&mut self, from: &str) {
        let is_earlier = |known: &String| from < known.as_str();
        if self.again_from.as_ref().is_none_or(is_earlier) {
            self.again_from = Some(from.to_owned());
        }
    }

    fn shared(&mut self, id: &str, target: &Arc<str>, share: Share) {
        if let Some(mut entry) = self.take(id) {
            entry.share(target, share);
            self.keep(entry);
        }
    }

    fn take(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.bytes -= bytes(&entry.event);
        Some(entry)
    }

    /// Keeps an event while somebody is to have it; lets it go when everybody has.
    fn keep(&mut self, entry: Entry) {
        let has = |wanted| entry.shares.iter().any(|(_, share)| *share == wanted);
        if has(Share::Open) {
            self.bytes += bytes(&entry.event);
            self.entries.insert(entry.event.id.clone(), entry);
        } else if !has(Share::Left) {
            self.settling.insert(entry.event.id.clone());
            self.settled.push(Pending {
                event: Arc::unwrap_or_clone(entry.event),
                handled: entry
                    .shares
                    .into_iter()
                    .map(|(name, _)| name.to_string())
                    .collect(),
            });
        }
    }
}

fn bytes(event: &Event) -> usize {
    event.payload.len() + event.key.len() + event.name.len() + size_of::<Event>()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
mod tests;
