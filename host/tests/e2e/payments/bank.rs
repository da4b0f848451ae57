//! The provider of these stories: the only file here that names the stand-ins.

use serde_json::{Value, json};
use stoa_kernel::outbound::Destination;
use stoa_kernel::secret::Secret;
use stoa_runtime::Policy;
use stoa_standins::{Mishap, Stripe, signature};
use stoa_testkit::{TestHost, TestHostBuilder};

/// The operator's secrets, as both sides know them.
const KEY: &str = "sk_test_stand_in";
const WEBHOOK: &str = "whsec_stand_in";

/// Stripe's stand-in.
pub struct Bank(Stripe);

impl Bank {
    pub async fn open() -> Self {
        Self(Stripe::start(KEY).await)
    }

    /// A host whose operator has configured it.
    pub fn next_to(&self, builder: TestHostBuilder) -> TestHostBuilder {
        let stripe = Destination {
            url: self.0.url(),
            allow_private: true,
        };
        let secret = |name: &str, value: &str| (name.to_owned(), vec![Secret::new(value)]);
        let secrets = [
            secret("stripe_secret_key", KEY),
            secret("stripe_webhook_secret", WEBHOOK),
        ];
        builder.policy(Policy {
            outbound: [("payments".into(), [("stripe".into(), stripe)].into())].into(),
            secrets: [("payments".into(), secrets.into())].into(),
            ..Policy::default()
        })
    }

    /// The buyer pays on the provider's page; answers the intent as it is then.
    pub async fn pay(&self, intent: &str) -> Value {
        self.0.pay(intent).await
    }

    /// What is asked for next is done, and its answer is lost.
    pub fn lose_the_next_answer(&self) {
        self.0.mishap(Mishap::Lost);
    }

    /// How often money was taken for an intent.
    pub async fn charges(&self, intent: &str) -> u32 {
        self.0.charges(intent).await
    }

    /// How often money was given back.
    pub async fn refunds(&self, intent: &str) -> u32 {
        self.0.refunds(intent).await
    }

    /// An event about an object, signed now by the host's clock: its header and its body.
    pub fn event(&self, host: &TestHost, id: &str, kind: &str, object: &Value) -> (String, String) {
        let body = json!({
            "id": id, "object": "event", "type": kind, "created": host.clock.now_ms() / 1_000,
            "data": { "object": object },
        });
        let body = body.to_string();
        let header = signature::stripe(WEBHOOK, host.clock.now_ms() / 1_000, &body);
        (header, body)
    }
}
