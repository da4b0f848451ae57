//! What organisations pay for: plans, subscriptions at the provider, and the limits that follow from them.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::Query;
use stoa_kernel::store::Store as _;
use stoa_runtime::Dispatcher;
use stoa_testkit::{Actor, Answer, TestHost, TestHostBuilder};

use crate::events::until;
use crate::payments::bank::{Bank, WEBHOOK};
use crate::people::PASSWORD;
use crate::shop;

const CHECKOUT: &str = "/api/billing/checkout";
const WEBHOOKS: &str = "/api/billing/webhook";

const DAY_MS: u64 = 86_400_000;
/// The rhythm of the plugin's review, and a moment.
const REVIEW_MS: u64 = 301_000;

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

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_plans_and_what_they_cost() {
    let house = House::open().await;
    let seen = house.host.anonymous().get("/api/billing/plans").await;
    let seen = seen.json_of(200);
    let told: Vec<Value> = seen["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| {
            json!([
                plan["id"],
                plan["price"],
                plan["isForSale"],
                plan["limits"]["products"]
            ])
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["free", 0, false, 100],
            ["team", 29, true, 1_000],
            ["enterprise", 99.5, true, 100_000],
        ])
    );
    assert_eq!(seen["plans"][1]["interval"], "month");
}

/// From the free plan to a paid one and back: each limit rises and falls with what is paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_raises_the_limits_and_its_end_lowers_them() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    for _ in 0..100 {
        let _ = acme.make_product().await.expect(201);
    }
    let _ = acme.make_product().await.problem(403, "plan-limit");
    for name in ["a", "b", "c", "d"] {
        let _ = acme.invite(name).await.expect(201);
    }
    let _ = acme.invite("e").await.problem(403, "plan-limit");

    let page = acme.check_out("team").await;
    assert_eq!(page["kind"], "checkout");
    assert_eq!(
        acme.check_out("team").await,
        page,
        "nobody pays on two pages"
    );
    let session = page["sessionId"].as_str().unwrap();
    let subscription = house.bank.subscribe(session)["subscription"].clone();
    let subscription = subscription.as_str().unwrap();
    let outcomes = house.told(&acme).await;
    assert!(outcomes.contains(&"applied".to_owned()), "{outcomes:?}");
    acme.until_plan("team").await;
    let again = house.told(&acme).await;
    assert!(again.iter().all(|told| told == "duplicate"), "{again:?}");
    let limits = acme.seen().await["limits"].clone();
    assert_eq!(
        (&limits["members"], &limits["products"]),
        (&json!(25), &json!(1_000))
    );
    let _ = acme.make_product().await.expect(201);
    let _ = acme.invite("e").await.expect(201);
    // Who pays already changes it where it is paid.
    assert_eq!(acme.check_out("enterprise").await["kind"], "portal");

    let _ = house.bank.unsubscribe(subscription);
    let _ = house.told(&acme).await;
    acme.until_plan("free").await;
    let _ = acme.make_product().await.problem(403, "plan-limit");
    let _ = acme.invite("f").await.problem(403, "plan-limit");
    let list = acme.boss.get("/products?status=all&limit=1").await;
    assert_eq!(list.json_of(200)["total"], 101, "what there is stays");
    // And it may begin anew.
    let anew = acme.check_out("enterprise").await;
    let _ = house.bank.subscribe(anew["sessionId"].as_str().unwrap());
    let _ = house.told(&acme).await;
    acme.until_plan("enterprise").await;
}

/// The provider knows one address of the house, which is another tenant's. A review finds out.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_told_is_found_out() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    let page = acme.check_out("team").await;
    let session = house.bank.subscribe(page["sessionId"].as_str().unwrap());
    let main = Organization {
        id: "main",
        boss: house.host.admin(),
    };
    let elsewhere = house.told(&main).await;
    assert!(
        elsewhere.iter().all(|told| told == "ignored"),
        "{elsewhere:?}"
    );
    assert_eq!(acme.plan().await, "free");
    house.bank.later(&house.host, REVIEW_MS);
    acme.until_plan("team").await;
    let _ = house
        .bank
        .unsubscribe(session["subscription"].as_str().unwrap());
    house.bank.later(&house.host, DAY_MS);
    acme.until_plan("free").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_costs_the_plan_when_its_grace_is_over() {
    let house = House::open().await;
    let (acme, subscription) = house.subscribed("acme").await;
    house.bank.later(&house.host, DAY_MS);
    let _ = house.bank.renew(&subscription, false);
    let _ = house.told(&acme).await;
    house.bank.later(&house.host, 6 * DAY_MS);
    house.until_reviewed(&acme).await;
    assert_eq!(acme.plan().await, "team");
    house.bank.later(&house.host, DAY_MS);
    acme.until_plan("free").await;
    let _ = house.bank.renew(&subscription, true);
    let _ = house.told(&acme).await;
    acme.until_plan("team").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_believed_by_its_signature_alone() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    let page = acme.check_out("team").await;
    let _ = house.bank.subscribe(page["sessionId"].as_str().unwrap());
    let told = house.bank.told();
    let event = told
        .iter()
        .find(|event| event.kind == "checkout.session.completed");
    let event = event.unwrap();
    let good = house.bank.seal(&house.host, event);
    let now_s = stoa_kernel::clock::Clock::now(&*house.host.clock) / 1_000;
    let by = |secret, at_s| stoa_standins::signature::stripe(secret, at_s, &event.body);
    for (signature, body) in [
        (by("whsec_other", now_s), event.body.clone()),
        (by(WEBHOOK, now_s - 301), event.body.clone()),
        (good.clone(), event.body.replace("team", "enterprise")),
        ("t=0,v1=00".into(), event.body.clone()),
        (String::new(), event.body.clone()),
    ] {
        let refused = house.hear("acme", &signature, &body).await;
        assert_eq!(refused.status, 400, "{signature}");
    }
    let unsigned = house.host.anonymous().header("x-tenant", "acme");
    let unsigned = unsigned.send(Method::POST, WEBHOOKS, event.body.clone());
    assert_eq!(unsigned.await.status, 400);
    assert_eq!(acme.plan().await, "free");
    let heard = house.hear("acme", &good, &event.body).await;
    assert_eq!(heard.json_of(200)["outcome"], "applied");
    acme.until_plan("team").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_pays_for_itself_alone() {
    let house = House::open().await;
    let rival = house.found("rival").await;
    let _ = rival.check_out("enterprise").await;
    let (acme, _) = house.subscribed("acme").await;
    let outcomes = house.told(&rival).await;
    assert!(
        outcomes.iter().all(|told| told == "ignored"),
        "{outcomes:?}"
    );
    assert_eq!(
        (acme.plan().await, rival.plan().await),
        ("team".into(), "free".into())
    );
    // Its administrator alone spends its money.
    let wish = json!({ "plan": "team" });
    let nobody = house.host.anonymous().post(CHECKOUT, &wish).await;
    let _ = nobody.problem(401, "unauthenticated");
    for role in ["developer", "viewer", "user", "vendor"] {
        let role = serde_json::from_value(json!(role)).unwrap();
        let member = house.host.account_in("rival", "member", role);
        let _ = member.post(CHECKOUT, &wish).await.problem(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_sale_is_not_sold() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    for (plan, status, code) in [
        ("galactic", 422, "unprocessable"),
        ("free", 409, "not-for-sale"),
    ] {
        let refused = acme.boss.post(CHECKOUT, &json!({ "plan": plan })).await;
        let _ = refused.problem(status, code);
    }
    let refused = acme.boss.post(CHECKOUT, &json!({})).await;
    shop::assert_refused(refused, Some("plan"), "{}");
    // An operator who has not said where buyers come back to.
    let prices =
        r#"{"team":{"price":"price_team","amountMinor":1,"currency":"USD","interval":"year"}}"#;
    let poor = House::open_with(|builder| builder.setting("billing", "prices", json!(prices)));
    let poor = poor.await;
    let refused = poor.found("acme").await.boss;
    let refused = refused.post(CHECKOUT, &json!({ "plan": "team" })).await;
    let _ = refused.problem(503, "not-configured");
}
