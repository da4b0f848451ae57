//! Lanes over a database of maps: whatever fails and however reading and handling interleave, each subscriber
//! gets each event once and those of a key in order.

use std::collections::BTreeMap;

use super::super::subscribers::Reach;
use super::*;

/// A generator of numbers, the same in every run (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn event(id: u64, key: u64) -> Event {
    Event {
        id: format!("{id:06}"),
        tenant: None,
        plugin: "shop".into(),
        name: "told".into(),
        key: format!("k{key}"),
        payload: "{}".into(),
        raised_at: id,
        due_at: None,
        trace: None,
    }
}

/// The database, and what was delivered.
#[derive(Default)]
struct World {
    rows: BTreeMap<String, Pending>,
    lanes: Lanes,
    read_from: Option<String>,
    now: Millis,
    delivered: HashMap<(String, String), Vec<String>>,
}

impl World {
    fn raise(&mut self, event: Event) {
        self.wake(&event.id.clone());
        let pending = Pending {
            event,
            handled: Vec::new(),
        };
        self.rows.insert(pending.event.id.clone(), pending);
    }

    fn wake(&mut self, from: &str) {
        let from = from.to_owned();
        self.read_from = Some(
            self.read_from
                .take()
                .map_or(from.clone(), |at| at.min(from)),
        );
    }

    fn read(&mut self, page: usize, targets: &[Arc<Target>]) {
        if let Some(from) = self.lanes.take_again_from() {
            self.wake(&from);
        }
        let Some(from) = self.read_from.take() else {
            return;
        };
        if self.lanes.is_full() {
            self.read_from = Some(from);
            return;
        }
        let rows: Vec<Pending> = self
            .rows
            .range(from..)
            .take(page + 1)
            .map(|(_, row)| row.clone())
            .collect();
        for row in rows.iter().take(page) {
            self.lanes.offer(row.clone(), targets);
        }
        if rows.len() > page
            && let Some(next) = rows.get(page)
        {
            self.wake(&next.event.id.clone());
        }
    }

    fn settle(&mut self) {
        let settled = self.lanes.settled();
        for pending in &settled {
            self.rows.remove(&pending.event.id);
        }
        self.lanes.forget(&settled, true);
    }

    /// The commit of a delivery: it happens once.
    fn handle(&mut self, job: &Job) {
        for event in &job.events {
            let Some(row) = self.rows.get_mut(&event.id) else {
                continue;
            };
            if row.handled.iter().all(|name| **name != *job.lane.target) {
                row.handled.push(job.lane.target.to_string());
                let place = (job.lane.target.to_string(), event.key.clone());
                self.delivered
                    .entry(place)
                    .or_default()
                    .push(event.id.clone());
            }
        }
    }
}

fn run(seed: u64, fails_in: u64) {
    let mut chance = Chance(seed);
    let targets: Vec<Arc<Target>> = ["a", "b", "c"]
        .iter()
        .map(|name| Target::one(name, Reach::Plugin))
        .collect();
    let (mut world, mut running) = (World::default(), Vec::new());
    let mut raised: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut next = 0;
    let mut rounds = 0;
    while next < 600 || !world.rows.is_empty() {
        rounds += 1;
        assert!(
            rounds < 200_000,
            "it never ends: {} rows are left",
            world.rows.len()
        );
        for _ in 0..chance.below(4) {
            if next < 600 {
                let event = event(next, chance.below(20));
                raised
                    .entry(event.key.clone())
                    .or_default()
                    .push(event.id.clone());
                world.raise(event);
                next += 1;
            }
        }
        world.now += 1;
        world.lanes.release(world.now);
        let page = 1 + usize::try_from(chance.below(50)).unwrap_or(0);
        world.read(page, &targets);
        while running.len() < 16
            && let Some(job) = world.lanes.next()
        {
            running.push(job);
        }
        if !running.is_empty() {
            let place = usize::try_from(chance.below(running.len() as u64)).unwrap_or(0);
            let job: Job = running.swap_remove(place);
            if chance.below(fails_in) == 0 {
                let tries = Tries {
                    failed: job.tries.failed + 1,
                    deferred: 0,
                };
                let until = world.now + 1 + chance.below(30);
                world.lanes.later(job, until, tries);
            } else {
                world.handle(&job);
                world.lanes.done(&job);
            }
        }
        if chance.below(3) == 0 {
            world.settle();
        }
    }
    for target in &targets {
        for (key, ids) in &raised {
            let place = (target.name.to_string(), key.clone());
            assert_eq!(
                world.delivered.get(&place),
                Some(ids),
                "{place:?} of seed {seed}"
            );
        }
    }
    assert!(running.is_empty());
    world.settle();
    assert!(world.lanes.is_empty() && world.lanes.waiting() == 0);
    assert_eq!((world.lanes.bytes, world.lanes.held()), (0, 0));
}

#[test]
fn each_subscriber_gets_each_event_once_and_keys_in_order() {
    for seed in 0..40 {
        run(seed, 2 + seed % 7);
    }
}

#[test]
fn one_that_always_fails_holds_up_its_own_key_alone() {
    let targets = [Target::one("a", Reach::Plugin)];
    let mut world = World::default();
    for (id, key) in [(1, 1), (2, 1), (3, 2)] {
        world.raise(event(id, key));
    }
    world.read(10, &targets);
    let first = world.lanes.next();
    let other = world.lanes.next();
    let ids = [&first, &other].map(|job| job.as_ref().map(|job| job.events[0].id.clone()));
    assert_eq!(ids, [Some("000001".to_owned()), Some("000003".to_owned())]);
    assert!(world.lanes.next().is_none(), "the second of a key waits");
    if let Some(job) = first {
        world.lanes.later(
            job,
            10,
            Tries {
                failed: 1,
                deferred: 0,
            },
        );
    }
    assert!(world.lanes.next().is_none());
    assert_eq!(
        world.lanes.waiting(),
        2,
        "what follows a failure is not in memory"
    );
    world.lanes.release(9);
    assert!(world.lanes.next().is_none());
    world.lanes.release(10);
    let again = world.lanes.next();
    assert_eq!(again.as_ref().map(|job| job.tries.failed), Some(1));
    if let Some(job) = again {
        world.handle(&job);
        world.lanes.done(&job);
    }
    world.read(10, &targets);
    let next = world.lanes.next();
    assert_eq!(
        next.map(|job| job.events[0].id.clone()).as_deref(),
        Some("000002")
    );
}

#[test]
fn a_subscriber_that_fails_for_many_keys_gets_no_more_until_some_succeed() {
    let targets = [
        Target::one("a", Reach::Plugin),
        Target::one("b", Reach::Plugin),
    ];
    let mut world = World::default();
    let many = HELD_MAX as u64 + 50;
    for id in 0..many {
        world.raise(event(id, id));
    }
    let mut others = 0;
    for _ in 0..20 {
        world.read(64, &targets);
        while let Some(job) = world.lanes.next() {
            if &*job.lane.target == "a" {
                world.lanes.later(
                    job,
                    5,
                    Tries {
                        failed: 1,
                        deferred: 0,
                    },
                );
            } else {
                world.handle(&job);
                world.lanes.done(&job);
                others += 1;
            }
        }
    }
    assert_eq!(others, many, "another subscriber goes on");
    assert!(world.lanes.held() < HELD_MAX + 64, "{}", world.lanes.held());
    world.lanes.release(5);
    for _ in 0..200 {
        while let Some(job) = world.lanes.next() {
            world.handle(&job);
            world.lanes.done(&job);
        }
        world.settle();
        world.read(64, &targets);
    }
    assert!(world.rows.is_empty(), "{} rows are left", world.rows.len());
}

#[test]
fn nobody_waits_for_an_absent_subscriber_and_its_events_stay() {
    let away = [
        Target::one("a", Reach::Absent),
        Target::one("b", Reach::Plugin),
    ];
    let mut world = World::default();
    world.raise(event(1, 1));
    world.read(10, &away);
    while let Some(job) = world.lanes.next() {
        assert_eq!(&*job.lane.target, "b");
        world.handle(&job);
        world.lanes.done(&job);
    }
    world.settle();
    assert!(world.lanes.take_misses_somebody());
    assert_eq!((world.rows.len(), world.lanes.waiting()), (1, 0));
    let back = [
        Target::one("a", Reach::Plugin),
        Target::one("b", Reach::Plugin),
    ];
    world.wake("");
    world.read(10, &back);
    while let Some(job) = world.lanes.next() {
        assert_eq!(&*job.lane.target, "a");
        world.handle(&job);
        world.lanes.done(&job);
    }
    world.settle();
    assert!(world.rows.is_empty());
}
