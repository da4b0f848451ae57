//! Webhooks on their way out: in order, at once, unless somebody wants them otherwise.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;
use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Clock;
use tokio::sync::{mpsc, watch};

/// How often an event is sent that is not taken; the services go on for days.
const TRIES_MAX: u32 = 6;
/// The pause after the first try; each further one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// For one try. The services wait some five to twenty seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Events and deliveries that are remembered.
const KEPT_MAX: usize = 10_000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The same at every delivery.
    pub id: String,
    /// Such as `payment_intent.succeeded`.
    pub kind: String,
    /// What is sent, byte for byte.
    pub body: String,
}

/// Who is told, and by which secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub url: String,
    pub secret: String,
}

/// A try to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub event: String,
    pub kind: String,
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
}

/// In which order events go out that were held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As they happened.
    AsTold,
    /// The last first.
    Reversed,
    /// Mixed, the same way for the same number.
    Shuffled(u64),
}

/// The headers that prove an event, by secret and seconds since 1970.
pub type Seal = fn(&str, u64, &Event) -> Vec<(&'static str, String)>;

/// A service's way of calling back.
#[derive(Clone)]
pub struct Post {
    shared: Arc<Shared>,
    queue: mpsc::UnboundedSender<(Address, Event)>,
}

struct Shared {
    seal: Seal,
    clock: Arc<dyn Clock>,
    client: Client,
    plan: Mutex<Plan>,
    under_way: watch::Sender<usize>,
}

#[derive(Default)]
struct Plan {
    addresses: Vec<Address>,
    is_held: bool,
    held: Vec<Event>,
    drop_next: u32,
    copies: u32,
    told: VecDeque<Event>,
    deliveries: VecDeque<Delivery>,
}

impl Post {
    /// A post that knows nobody yet. Call it within a runtime.
    pub fn new(seal: Seal, clock: Arc<dyn Clock>) -> Self {
        let (queue, letters) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            seal,
            clock,
            client: Client::builder()
                .no_proxy()
                .timeout(TIMEOUT)
                .build()
                .unwrap_or_default(),
            plan: Mutex::new(Plan {
                copies: 1,
                ..Plan::default()
            }),
            under_way: watch::Sender::new(0),
        });
        tokio::spawn(work(Arc::clone(&shared), letters));
        Self { shared, queue }
    }

    /// From now on, events go there as well.
    pub fn listen(&self, address: Address) {
        self.shared.plan().addresses.push(address);
    }

    /// Tells of something that happened.
    pub fn tell(&self, event: Event) {
        let copies = {
            let mut plan = self.shared.plan();
            push(&mut plan.told, event.clone());
            if plan.addresses.is_empty() {
                return;
            }
            if plan.drop_next > 0 {
                plan.drop_next -= 1;
                return;
            }
            if plan.is_held {
                plan.held.push(event);
                return;
            }
            plan.copies
        };
        self.send(&event, copies);
    }

    fn send(&self, event: &Event, copies: u32) {
        let addresses = self.shared.plan().addresses.clone();
        let letters = addresses.iter().cycle();
        for address in letters.take(addresses.len() * copies as usize) {
            let letter = (address.clone(), event.clone());
            self.shared.under_way.send_modify(|count| *count += 1);
            if self.queue.send(letter).is_err() {
                self.shared.under_way.send_modify(|count| *count -= 1);
            }
        }
    }

    /// From now on, events wait.
    pub fn hold(&self) {
        self.shared.plan().is_held = true;
    }

    /// Sends what waits, and holds nothing any more.
    pub fn release(&self, order: Order) {
        let (mut events, copies) = {
            let mut plan = self.shared.plan();
            plan.is_held = false;
            (std::mem::take(&mut plan.held), plan.copies)
        };
        match order {
            Order::AsTold => {}
            Order::Reversed => events.reverse(),
            Order::Shuffled(seed) => shuffle(&mut events, seed),
        }
        for event in &events {
            self.send(event, copies);
        }
    }

    /// So many of the next events are never sent.
    pub fn drop_next(&self, count: u32) {
        self.shared.plan().drop_next = count;
    }

    /// From now on, each event is sent so many times.
    pub fn copies(&self, count: u32) {
        self.shared.plan().copies = count;
    }

    /// Sends an event again, also one that was dropped.
    pub fn again(&self, id: &str) {
        let told = self.told();
        if let Some(event) = told.iter().find(|event| event.id == id) {
            self.send(event, 1);
        }
    }

    /// All that happened, also what was not sent.
    #[must_use]
    pub fn told(&self) -> Vec<Event> {
        self.shared.plan().told.iter().cloned().collect()
    }

    /// All tries to deliver.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.plan().deliveries.iter().cloned().collect()
    }

    /// The headers with which an event would be sent now, under this secret.
    #[must_use]
    pub fn seal(&self, event: &Event, secret: &str) -> Vec<(&'static str, String)> {
        (self.shared.seal)(secret, self.shared.clock.now() / 1_000, event)
    }

    /// Waits until everything that is to be sent has been taken or given up.
    pub async fn settled(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        // The sender lives as long as `self`.
        let _ = under_way.wait_for(|count| *count == 0).await;
    }
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an event once; whether it was taken.
    async fn try_once(&self, address: &Address, event: &Event) -> bool {
        let mut request = self
            .client
            .post(&address.url)
            .header("content-type", "application/json")
            .body(event.body.clone());
        let now_s = self.clock.now() / 1_000;
        for (name, value) in (self.seal)(&address.secret, now_s, event) {
            request = request.header(name, value);
        }
        let status = request.send().await.ok().map(|answer| answer.status());
        push(
            &mut self.plan().deliveries,
            Delivery {
                event: event.id.clone(),
                kind: event.kind.clone(),
                status: status.map(|status| status.as_u16()),
            },
        );
        status.is_some_and(|status| status.is_success())
    }

    async fn try_again(&self, address: &Address, event: &Event) {
        let mut pause = PAUSE_MIN;
        for _ in 1..TRIES_MAX {
            tokio::time::sleep(pause).await;
            if self.try_once(address, event).await {
                return;
            }
            pause *= 2;
        }
    }
}

/// One after another; what is not taken is tried again beside the others.
async fn work(shared: Arc<Shared>, mut letters: mpsc::UnboundedReceiver<(Address, Event)>) {
    while let Some((address, event)) = letters.recv().await {
        if shared.try_once(&address, &event).await {
            shared.under_way.send_modify(|count| *count -= 1);
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            shared.try_again(&address, &event).await;
            shared.under_way.send_modify(|count| *count -= 1);
        });
    }
}

fn push<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= KEPT_MAX {
        kept.pop_front();
    }
    kept.push_back(new);
}

/// Fisher and Yates, by the numbers of SplitMix64.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = last as u64 + 1;
        items.swap(last, usize::try_from(mixed % bound).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_loses_nothing_and_differs_by_its_seed() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..20).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        let mut sorted = shuffled(1);
        assert_ne!(sorted, (0..20).collect::<Vec<_>>());
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }
}
