//! The marketplace as its people live in it: real accounts, a provider of payments, the post, and every event handled.
//! A module for each plugin; what events.tsv says that one consumes is shown there.

mod admin;
mod analytics;
mod downloads;
mod money;
mod notifications;
mod payouts;
mod profiles;
mod refunds;
mod texts;
mod vendors;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_identity::organizations::Selling;
use stoa_kernel::event::{HostSubscriber, Outbox as _};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::store::Store as _;
use stoa_runtime::Dispatcher;
use stoa_testkit::{Actor, TestHost, TestHostBuilder};

use crate::events::{until, until_settled};
use crate::payments::bank::Bank;
use crate::people::PASSWORD;
use crate::people::letters::{Office, office};
use crate::{files, shop};

/// All of the marketplace.
const PLUGINS: [&str; 10] = [
    "catalog",
    "cart",
    "orders",
    "payments",
    "vendors",
    "downloads",
    "profiles",
    "notifications",
    "analytics",
    "admin",
];

/// What buyers of a tool download.
const TOOL: &str = "One tool, in plain words.";

struct Market {
    host: Arc<TestHost>,
    bank: Bank,
    office: Office,
    _dispatcher: Arc<Dispatcher>,
}

/// Somebody with an account.
struct Person {
    id: String,
    email: String,
    actor: Actor,
}

impl Market {
    async fn open() -> Self {
        Self::open_with(|builder| builder).await
    }

    /// The same, and what else its operator has decided.
    async fn open_with(decide: impl FnOnce(TestHostBuilder) -> TestHostBuilder) -> Self {
        let bank = Bank::open().await;
        let plugins = PLUGINS.into_iter();
        let builder = plugins.fold(TestHost::builder(), TestHostBuilder::plugin);
        let host = Arc::new(decide(bank.next_to(builder)).start().await);
        let office = office(&host).await;
        let main = TenantId::parse("main").unwrap();
        let subscribers: Vec<Arc<dyn HostSubscriber>> = vec![
            Arc::new(Selling::new(host.platform.clone(), main)),
            office.letters.clone(),
        ];
        let dispatcher = host.dispatch_to(subscribers, None).await;
        Self {
            host,
            bank,
            office,
            _dispatcher: dispatcher,
        }
    }

    /// Waits until everybody has handled all that was told, and every letter has left.
    async fn settled(&self) {
        // What the host tells of people passes through its own outbox first.
        let platform = TenantId::platform();
        until("the tenants have been told", async || {
            let waiting = self.host.store.pending(&platform, "", 1).await.unwrap();
            waiting.is_empty().then_some(())
        })
        .await;
        until_settled(&self.host, "main").await;
        while self.office.mailer.tick().await > 0 {}
    }

    async fn join(&self, name: &str) -> Person {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let account = json!({ "email": email, "password": PASSWORD, "name": name });
        let anybody = self.host.anonymous();
        let signed = anybody.post("/api/auth/register", &account).await;
        self.person(&signed.json_of(201), email)
    }

    /// The same person with a new token: roles come with it.
    async fn again(&self, person: &Person) -> Person {
        let account = json!({ "email": person.email, "password": PASSWORD });
        let anybody = self.host.anonymous();
        let signed = anybody.post("/api/auth/login", &account).await.json_of(200);
        self.person(&signed, person.email.clone())
    }

    fn person(&self, signed: &Value, email: String) -> Person {
        Person {
            id: shop::id(&signed["user"]),
            email,
            actor: self.host.bearer(signed["accessToken"].as_str().unwrap()),
        }
    }

    /// An account of another tenant. Its rooms are made first, which takes longer than a request may on a busy machine.
    async fn rival(&self, id: &str, role: Role) -> Actor {
        let rival = TenantId::parse("rival").unwrap();
        drop(self.host.store.begin(&rival).await.unwrap());
        self.host.account_in(rival.as_str(), id, role)
    }

    /// Somebody who has registered to sell.
    async fn applicant(&self, name: &str) -> Person {
        let person = self.join(name).await;
        let new = json!({ "name": format!("{name} & Co") });
        let made = person.actor.post("/api/vendors/register", &new).await;
        assert_eq!(made.json_of(201)["status"], "pending");
        person
    }

    /// Somebody who sells.
    async fn vendor(&self, name: &str) -> Person {
        let person = self.applicant(name).await;
        self.approve("vendors", &person.id).await;
        self.settled().await;
        self.again(&person).await
    }

    async fn approve(&self, what: &str, id: &str) {
        let path = format!("/api/admin/{what}/{id}/approve");
        let _ = self.host.admin().post(&path, &json!({})).await.expect(200);
    }

    /// A vendor's product that is on sale; its name is its id's beginning.
    async fn sell(&self, vendor: &Person, members: Value) -> String {
        let id = self.offer(vendor, members).await;
        self.approve("products", &id).await;
        id
    }

    /// A vendor's product that waits for an administrator.
    async fn offer(&self, vendor: &Person, members: Value) -> String {
        let product = shop::product(members);
        let made = vendor.actor.post("/api/vendors/products", &product).await;
        shop::id(&made.json_of(201))
    }

    /// A tool for 19.99 that is downloaded, with more members.
    async fn sell_tool(&self, vendor: &Person, members: Value) -> String {
        let file = files::upload(&vendor.actor, "tool.txt", "text/plain", TOOL).await;
        let file = format!("blob:{}", shop::id(&file.json_of(201)));
        let mut tool = json!({ "name": "Tool", "price": 19.99, "files": { "downloadUrl": file } });
        tool.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        self.sell(vendor, tool).await
    }

    async fn order(&self, buyer: &Person, products: &[(&str, u32)]) -> String {
        let item = |(id, quantity): &(&str, u32)| json!({ "productId": id, "quantity": quantity });
        let items: Vec<Value> = products.iter().map(item).collect();
        let order = json!({ "items": items });
        shop::id(&buyer.actor.post("/api/orders", &order).await.json_of(201))
    }

    /// Begins to pay; answers the provider's intent.
    async fn begin(&self, buyer: &Person, order: &str) -> String {
        let path = format!("/api/orders/{order}/payment");
        let with = json!({ "provider": "stripe" });
        let payment = buyer.actor.post(&path, &with).await.json_of(201);
        payment["paymentIntentId"].as_str().unwrap().into()
    }

    /// Pays an order; the provider has told of it when this returns.
    async fn pay(&self, buyer: &Person, order: &str) -> Value {
        let intent = self.begin(buyer, order).await;
        let object = self.bank.pay(&intent);
        let event = format!("evt_{order}");
        let told = self.hear(&event, "payment_intent.succeeded", &object).await;
        assert_eq!(told, "applied");
        object
    }

    /// The provider calls back; answers what came of it.
    async fn hear(&self, event: &str, kind: &str, object: &Value) -> String {
        let (signature, body) = self.bank.event(&self.host, event, kind, object);
        let provider = self.host.anonymous();
        let provider = provider.header("stripe-signature", &signature);
        let path = "/api/payments/webhook/stripe";
        let heard = provider.send(Method::POST, path, body).await.json_of(200);
        heard["outcome"].as_str().unwrap().into()
    }

    /// Orders and pays.
    async fn buy(&self, buyer: &Person, products: &[(&str, u32)]) -> String {
        let order = self.order(buyer, products).await;
        let _ = self.pay(buyer, &order).await;
        order
    }

    async fn cancel(&self, buyer: &Person, order: &str) {
        let path = format!("/api/orders/{order}/cancel");
        let _ = buyer.actor.post(&path, &json!({})).await.expect(200);
    }

    /// Waits until the money of an order is back.
    async fn until_refunded(&self, buyer: &Person, order: &str) {
        let path = format!("/api/orders/{order}");
        until("the money is back", async || {
            let order = buyer.actor.get(&path).await.json_of(200);
            (order["paymentStatus"] == "refunded").then_some(())
        })
        .await;
        self.settled().await;
    }

    /// Subjects of the letters to somebody, in no order. Those about the account itself are the host's.
    async fn letters(&self, person: &Person) -> Vec<String> {
        let mut left = self.office.left().await;
        left.retain(|(to, _)| *to == person.email);
        left.into_iter().map(|(_, subject)| subject).collect()
    }
}

impl Person {
    async fn get(&self, path: &str) -> Value {
        self.actor.get(path).await.json_of(200)
    }
}
