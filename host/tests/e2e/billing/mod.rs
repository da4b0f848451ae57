//! What organisations pay for: plans, subscriptions at the provider, and the limits that follow from them.

mod plans;
mod storage;
mod subscriptions;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::Query;
use stoa_kernel::store::Store as _;
use stoa_runtime::Dispatcher;
use stoa_testkit::{Actor, Answer, TestHost, TestHostBuilder};

use crate::events::until;
use crate::payments::bank::Bank;
use crate::people::PASSWORD;
use crate::shop;

const CHECKOUT: &str = "/api/billing/checkout";
const WEBHOOKS: &str = "/api/billing/webhook";

/// A house whose organisations pay by the provider next door; two of its three plans are for sale.
struct House {
    host: Arc<TestHost>,
    bank: Bank,
    _dispatcher: Arc<Dispatcher>,
}

/// An organisation, by its administrator.
struct Organization {
    id: &'static str,
    boss: Actor,
}

impl House {
    async fn open() -> Self {
        let price = |name: &str, minor: u32| json!({ "price": name, "amountMinor": minor, "currency": "USD", "interval": "month" });
        let prices = json!({
            "team": price("price_team", 2_900), "enterprise": price("price_enterprise", 9_950),
        });
        Self::open_with(|builder| {
            builder
                .setting("billing", "prices", json!(prices.to_string()))
                .setting("billing", "success_url", json!("https://app.example/paid"))
        })
        .await
    }

    async fn open_with(decide: impl FnOnce(TestHostBuilder) -> TestHostBuilder) -> Self {
        let bank = Bank::open().await;
        let builder = bank.next_to(TestHost::builder().plugin("billing").plugin("catalog"));
        let host = Arc::new(decide(builder).start().await);
        let dispatcher = host.dispatch().await;
        Self {
            host,
            bank,
            _dispatcher: dispatcher,
        }
    }

    async fn found(&self, id: &'static str) -> Organization {
        let account = json!({
            "email": format!("boss@{id}.example"), "password": PASSWORD, "name": "Boss", "organizationName": id,
        });
        let anybody = self.host.anonymous();
        let signed = anybody.post("/api/auth/signup", &account).await;
        let signed = signed.json_of(201);
        let boss = self.host.bearer(signed["accessToken"].as_str().unwrap());
        Organization { id, boss }
    }

    /// Lets the provider tell an organisation's address all that ever happened; the outcomes.
    async fn told(&self, organization: &Organization) -> Vec<String> {
        let mut outcomes = Vec::new();
        for event in self.bank.told() {
            let signature = self.bank.seal(&self.host, &event);
            let answer = self.hear(organization.id, &signature, &event.body).await;
            let outcome = answer.json_of(200)["outcome"].clone();
            outcomes.push(outcome.as_str().unwrap().to_owned());
        }
        outcomes
    }

    async fn hear(&self, tenant: &str, signature: &str, body: &str) -> Answer {
        let provider = self.host.anonymous().header("x-tenant", tenant);
        let provider = provider.header("stripe-signature", signature);
        provider.send(Method::POST, WEBHOOKS, body.to_owned()).await
    }

    /// An organisation that has just paid, and its subscription.
    async fn subscribed(&self, id: &'static str) -> (Organization, String) {
        let organization = self.found(id).await;
        let page = organization.check_out("team").await;
        let session = self.bank.subscribe(page["sessionId"].as_str().unwrap());
        let _ = self.told(&organization).await;
        organization.until_plan("team").await;
        let subscription = session["subscription"].as_str().unwrap();
        (organization, subscription.to_owned())
    }

    /// Waits until a review has asked after the organisation's subscriptions.
    async fn until_reviewed(&self, organization: &Organization) {
        let tenant = TenantId::parse(organization.id).unwrap();
        let subscriptions = CollectionName::new("billing", "subscriptions");
        let query = Query {
            limit: 10,
            ..Query::default()
        };
        until("a review has asked", async || {
            let unit = self.host.store.begin(&tenant).await.unwrap();
            let page = unit.query(&subscriptions, &query).await.unwrap();
            let now = stoa_kernel::clock::Clock::now(&*self.host.clock);
            let heard = |body: &str| serde_json::from_str::<Value>(body).unwrap()["heardAt"] == now;
            page.items
                .iter()
                .all(|found| heard(&found.body))
                .then_some(())
        })
        .await;
    }
}

impl Organization {
    async fn check_out(&self, plan: &str) -> Value {
        let wish = json!({ "plan": plan });
        self.boss.post(CHECKOUT, &wish).await.json_of(200)
    }

    async fn seen(&self) -> Value {
        self.boss.get("/api/organization").await.json_of(200)
    }

    async fn plan(&self) -> String {
        self.seen().await["plan"].as_str().unwrap().to_owned()
    }

    async fn until_plan(&self, plan: &str) {
        until(&format!("the plan is {plan}"), async || {
            (self.plan().await == plan).then_some(())
        })
        .await;
    }

    async fn make_product(&self) -> Answer {
        let product = shop::product(json!({}));
        self.boss.post("/products", &product).await
    }

    async fn invite(&self, name: &str) -> Answer {
        let email = format!("{name}@{}.example", self.id);
        let invitation = json!({ "email": email, "role": "viewer" });
        self.boss.post("/api/invitations", &invitation).await
    }
}
