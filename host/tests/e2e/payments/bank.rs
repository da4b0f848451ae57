//! The provider of these stories: the only file here that names the stand-ins.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::clock::Clock;
pub use stoa_standins::Mishap;
use stoa_standins::stripe::Act;
use stoa_standins::{Event, Stripe, signature};
use stoa_testkit::{FakeClock, TestHost, TestHostBuilder};

/// The operator's secrets, as both sides know them.
pub const KEY: &str = "sk_test_stand_in";
pub const WEBHOOK: &str = "whsec_stand_in";

/// Stripe's stand-in.
pub struct Bank {
    stripe: Stripe,
    clock: Option<Arc<FakeClock>>,
}

impl Bank {
    pub async fn open() -> Self {
        // It lives at the time at which the host of every test begins.
        let clock = Arc::new(FakeClock::default());
        let stripe = Stripe::start(KEY, clock.clone()).await.unwrap();
        let clock = Some(clock);
        Self { stripe, clock }
    }

    /// The same by another clock.
    pub async fn open_by(clock: Arc<dyn Clock>) -> Self {
        let stripe = Stripe::start(KEY, clock).await.unwrap();
        let clock = None;
        Self { stripe, clock }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.stripe.url()
    }

    /// Lets time pass, here and at the host.
    pub fn later(&self, host: &TestHost, by_ms: u64) {
        let own = self.clock.as_ref().expect("a clock of its own");
        own.advance(by_ms);
        host.clock.advance(by_ms);
    }

    /// A host whose operator has configured it for payments and for billing.
    pub fn next_to(&self, builder: TestHostBuilder) -> TestHostBuilder {
        let plugins = ["payments", "billing"].into_iter();
        plugins.fold(builder, |builder, plugin| {
            builder
                .outbound(plugin, "stripe", &self.stripe.url())
                .secret(plugin, "stripe_secret_key", &[KEY])
                .secret(plugin, "stripe_webhook_secret", &[WEBHOOK])
        })
    }

    /// Somebody pays for a subscription on the provider's page.
    pub fn subscribe(&self, session: &str) -> Value {
        let session = session.into();
        self.stripe.act(&Act::Complete { session }).unwrap()
    }

    /// The next month of a subscription is due.
    pub fn renew(&self, subscription: &str, paid: bool) -> Value {
        let subscription = subscription.into();
        self.stripe.act(&Act::Renew { subscription, paid }).unwrap()
    }

    /// Its customer ends a subscription on the provider's page.
    pub fn unsubscribe(&self, subscription: &str) -> Value {
        let subscription = subscription.into();
        self.stripe.act(&Act::Unsubscribe { subscription }).unwrap()
    }

    /// The buyer pays on the provider's page; answers the intent as it is then.
    pub fn pay(&self, intent: &str) -> Value {
        self.pay_by(intent, "pm_card_visa")
    }

    /// The same by any of the test cards.
    pub fn pay_by(&self, intent: &str, card: &str) -> Value {
        let act = Act::Pay {
            intent: intent.into(),
            card: card.into(),
        };
        self.stripe.act(&act).unwrap()
    }

    /// Money goes back past the shop; the provider's refusal if there is not so much.
    pub fn give_back(&self, intent: &str, units: i64) -> Result<Value, String> {
        self.stripe.act(&Act::Refund {
            intent: intent.into(),
            units,
        })
    }

    /// What is asked for next is done, and its answer is lost.
    pub fn lose_the_next_answer(&self) {
        self.stripe.mishap(Mishap::Lost);
    }

    /// What is asked for next is done, and never answered.
    pub fn say_nothing_to_the_next(&self) {
        self.stripe.mishap(Mishap::Silent);
    }

    /// What is asked for as the `nth` from now on goes wrong like this, be it a question or an order.
    pub fn fail(&self, nth: u32, mishap: Mishap) {
        self.stripe.mishap_later(nth, mishap);
    }

    /// Nothing goes wrong any more; whether that had happened.
    pub fn calm_down(&self) -> bool {
        self.stripe.forget_later()
    }

    /// How often money was taken for an intent.
    pub fn charges(&self, intent: &str) -> usize {
        self.stripe.charges(intent)
    }

    /// How often money was given back.
    pub fn refunds(&self, intent: &str) -> usize {
        self.stripe.refunds(intent)
    }

    /// Any object of the provider's, as it is now.
    pub fn object(&self, id: &str) -> Value {
        self.stripe.object(id).unwrap()
    }

    /// All that the provider has to tell, in order.
    pub fn told(&self) -> Vec<Event> {
        self.stripe.post().told()
    }

    /// An event of the provider's own, signed now by the host's clock.
    pub fn seal(&self, host: &TestHost, event: &Event) -> String {
        signature::stripe(WEBHOOK, host.clock.now() / 1_000, &event.body)
    }

    /// The same, signed now by the provider's own clock.
    pub fn sealed(&self, event: &Event) -> Vec<(&'static str, String)> {
        self.stripe.post().seal(event, WEBHOOK)
    }

    /// An event about an object, signed now by the host's clock: its header and its body.
    pub fn event(&self, host: &TestHost, id: &str, kind: &str, object: &Value) -> (String, String) {
        let now_s = host.clock.now() / 1_000;
        let body = json!({
            "id": id, "object": "event", "type": kind, "created": now_s,
            "data": { "object": object },
        });
        let body = body.to_string();
        let header = signature::stripe(WEBHOOK, now_s, &body);
        (header, body)
    }
}
