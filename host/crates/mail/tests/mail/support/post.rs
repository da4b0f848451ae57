//! A mailer over a store in memory, with a clock that tests set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::TenantId;
use stoa_kernel::mail::{Letter, Post as _};
use stoa_kernel::random::Random;
use stoa_kernel::store::Store as _;
use stoa_mail::{Mailer, Ports, Sender, Transport};

use super::store::FakeStore;

/// The secret of [`code_letter`].
pub const CODE: &str = "012345";

/// A letter with something secret in it.
pub fn code_letter(to: &str) -> Letter {
    Letter {
        to: to.into(),
        template: "one-time-code".into(),
        values: json!({"code": CODE, "minutes": 10}),
    }
}

/// The clock.
pub struct FakeClock(AtomicU64);

impl Clock for FakeClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// Numbers that differ: SplitMix64.
pub struct Numbers(AtomicU64);

impl Random for Numbers {
    fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(8) {
            let n = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk
                .iter_mut()
                .zip((n ^ (n >> 31)).to_le_bytes())
                .for_each(|(to, from)| *to = from);
        }
    }
}

/// Everything that a host has to do with mail.
pub struct Office {
    pub store: FakeStore,
    pub mailer: Arc<Mailer>,
    clock: Arc<FakeClock>,
    random: Arc<Numbers>,
}

impl Office {
    /// 2026-01-01T00:00:00Z.
    pub const START: Millis = 1_767_225_600_000;

    /// With this way out.
    pub async fn open(transport: impl Transport) -> Self {
        let store = FakeStore::default();
        let clock = Arc::new(FakeClock(AtomicU64::new(Self::START)));
        let random = Arc::new(Numbers(AtomicU64::new(1)));
        Self::over(store, clock, random, Arc::new(transport)).await
    }

    /// Another host on the same database.
    pub async fn second(&self, transport: Arc<dyn Transport>) -> Self {
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        Self::over(store, clock, Arc::clone(&self.random), transport).await
    }

    async fn over(
        store: FakeStore,
        clock: Arc<FakeClock>,
        random: Arc<Numbers>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let ports = Ports {
            store: Arc::new(store.clone()),
            clock: clock.clone(),
            random: random.clone(),
        };
        let sender = Sender::parse("The Shop <no-reply@shop.example>").unwrap();
        Self {
            store,
            mailer: Mailer::open(ports, transport, sender).await.unwrap(),
            clock,
            random,
        }
    }

    /// Puts a letter into the queue in a unit of work of its own.
    pub async fn post(&self, letter: &Letter) {
        let unit = self.store.begin(&TenantId::platform()).await.unwrap();
        self.mailer.enqueue(&*unit, letter).await.unwrap();
        unit.commit().await.unwrap();
    }

    /// Puts one into the queue and lets it be tried once.
    pub async fn post_and_try(&self, letter: &Letter) {
        self.post(letter).await;
        assert_eq!(self.mailer.tick().await, 1);
    }

    /// Moves the clock on.
    pub fn advance(&self, by_ms: Millis) {
        self.clock.0.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Moves the clock to the only letter's next try, tries it, and answers for how long it had to wait.
    pub async fn advance_and_try(&self) -> Millis {
        let due_at = self.store.only("letters")["dueAt"].as_u64().unwrap();
        let pause = due_at - self.clock.now();
        self.advance(pause - 1);
        assert_eq!(self.mailer.tick().await, 0, "too early");
        self.advance(1);
        assert_eq!(self.mailer.tick().await, 1);
        pause
    }

    /// The reason why the only letter is dead; nothing waits any more.
    pub fn reason_of_death(&self) -> String {
        assert!(self.store.all("letters").is_empty());
        let dead = self.store.only("dead");
        dead["reason"].as_str().unwrap().to_owned()
    }

    /// The reason why the only letter waits for another try.
    pub fn reason_to_wait(&self) -> String {
        assert!(self.store.all("dead").is_empty());
        let waiting = self.store.only("letters");
        waiting["lastError"].as_str().unwrap().to_owned()
    }

    /// Whether there is nothing left to do and nothing failed.
    pub fn is_done(&self) -> bool {
        self.store.all("letters").is_empty() && self.store.all("dead").is_empty()
    }
}
