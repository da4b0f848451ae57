//! One sale, step by step: each step may be repeated after a crash, as a client or a provider repeats it.

use std::time::Duration;

use serde_json::{Value, json};

use super::house::{AGENT, House, WATCH, text, token};
use crate::process::Stoa;

/// How often a step is repeated that the host has no room for, or whose news has not come through yet.
const TRIES_MAX: u32 = 3_000;

/// What a buyer does one after the other, and what a buyer then sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Orders under an idempotency key.
    Order,
    /// Begins the payment.
    Begin,
    /// Confirms it, which charges the card.
    Charge,
    /// The provider calls back until it is heard.
    Hear,
    /// The licence is there.
    Licence,
    /// Everything is told to the buyer.
    Notices,
}

impl Step {
    pub const ALL: [Self; 6] = [
        Self::Order,
        Self::Begin,
        Self::Charge,
        Self::Hear,
        Self::Licence,
        Self::Notices,
    ];
}

/// The host went away.
#[derive(Debug)]
pub struct Gone;

pub struct Sale<'h> {
    house: &'h House,
    buyer: String,
    order: Option<String>,
    payment: Option<String>,
    intent: Option<String>,
    /// The step that was begun last.
    pub at: Option<Step>,
}

impl<'h> Sale<'h> {
    /// Nothing has happened yet. Every sale has a buyer of its own.
    pub const fn new(house: &'h House, buyer: String) -> Self {
        Self {
            house,
            buyer,
            order: None,
            payment: None,
            intent: None,
            at: None,
        }
    }

    /// Takes these steps, from the first of the sale.
    pub async fn walk(&mut self, host: &Stoa, steps: &[Step]) -> Result<(), Gone> {
        let token = match token_of(host, &self.buyer).await {
            Some(token) => token,
            None => return Err(Gone),
        };
        for step in steps {
            self.at = Some(*step);
            match step {
                Step::Order => self.order(host, &token).await?,
                Step::Begin => self.begin(host, &token).await?,
                Step::Charge => self.charge(host, &token).await?,
                Step::Hear => self.hear(host).await?,
                Step::Licence => self.licence(host, &token).await?,
                Step::Notices => self.notices(host, &token).await?,
            }
        }
        Ok(())
    }

    /// All of it, with a host that lives; the order and the provider's name of its payment.
    pub async fn finish(mut self, host: &Stoa) -> (String, String) {
        self.walk(host, &Step::ALL).await.expect("the host lives");
        (self.order.unwrap(), self.intent.unwrap())
    }

    /// The provider's name of the payment that was begun.
    pub fn intent(&self) -> String {
        self.intent.clone().expect("it was begun")
    }

    async fn order(&mut self, host: &Stoa, token: &str) -> Result<(), Gone> {
        let body = json!({ "items": [{ "productId": WATCH.0 }, { "productId": AGENT.0 }] });
        let key = format!("order-{}", self.buyer);
        let placed = post(host, "/api/orders", token, &key, &body).await?;
        let id = text(&placed.of(201), "id").to_owned();
        // However often it is asked for, it is the same one.
        assert_eq!(*self.order.get_or_insert_with(|| id.clone()), id);
        Ok(())
    }

    async fn begin(&mut self, host: &Stoa, token: &str) -> Result<(), Gone> {
        let path = format!("/api/orders/{}/payment", self.order.as_ref().unwrap());
        let key = format!("begin-{}", self.buyer);
        let begun = post(host, &path, token, &key, &json!({ "provider": "stripe" })).await?;
        if begun.status == 409 {
            // Begun and paid before the host went away.
            assert!(self.intent.is_some(), "{}", begun.body);
            return Ok(());
        }
        assert!(matches!(begun.status, 200 | 201), "{}", begun.body);
        let intent = text(&begun.body, "paymentIntentId").to_owned();
        assert_eq!(*self.intent.get_or_insert_with(|| intent.clone()), intent);
        self.payment = Some(text(&begun.body, "paymentId").to_owned());
        Ok(())
    }

    async fn charge(&mut self, host: &Stoa, token: &str) -> Result<(), Gone> {
        let body = json!({
            "paymentId": self.payment, "paymentMethodId": "pm_card_visa",
            "returnUrl": "https://shop.example/back",
        });
        let key = format!("charge-{}", self.buyer);
        let charged = post(host, "/api/payments/confirm", token, &key, &body).await?;
        assert!(matches!(charged.status, 200 | 202), "{}", charged.body);
        Ok(())
    }

    /// Every event of this payment, each until it is taken.
    async fn hear(&mut self, host: &Stoa) -> Result<(), Gone> {
        let intent = self.intent.as_ref().unwrap();
        let told = self.house.bank.told();
        for event in told.iter().filter(|event| event.body.contains(intent)) {
            let line = "POST /api/payments/webhook/stripe";
            let sealed = self.house.bank.sealed(event);
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(sealed.iter().map(|(name, value)| (*name, value.as_str())));
            let heard = insist(host, line, &headers, &event.body).await?;
            assert_eq!(heard.status, 200, "{}", heard.body);
        }
        Ok(())
    }

    async fn licence(&self, host: &Stoa, token: &str) -> Result<(), Gone> {
        let path = format!("/api/downloads/{}/license", AGENT.0);
        for _ in 0..TRIES_MAX {
            let seen = get(host, &path, token).await?;
            if seen.status == 200 {
                assert_eq!(seen.body["orderId"], **self.order.as_ref().unwrap());
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} paid and gets no licence", self.buyer);
    }

    /// Waits until all of it was told, and the vendor has the money; each once, as anything more would be seen as well.
    async fn notices(&self, host: &Stoa, token: &str) -> Result<(), Gone> {
        let expected = ["licence-issued", "order-placed", "receipt"];
        let order = self.order.as_ref().unwrap();
        let Some(vendor) = token_as(host, super::house::VENDOR, "vendor").await else {
            return Err(Gone);
        };
        let mut seen = Vec::new();
        for _ in 0..TRIES_MAX {
            let list = get(host, "/api/notifications?limit=200", token)
                .await?
                .of(200);
            let notices = list["notifications"].as_array().unwrap().iter();
            seen = notices
                .map(|notice| text(notice, "kind").to_owned())
                .collect();
            seen.sort();
            assert!(
                seen.is_sorted_by(|one, next| one < next),
                "told twice: {list}"
            );
            let earned = get(host, "/api/vendors/earnings?limit=200", &vendor).await?;
            let earned = earned.of(200);
            let entries = earned["entries"].as_array().unwrap().iter();
            let sales = entries
                .filter(|entry| entry["reference"] == **order)
                .count();
            assert!(sales <= 1, "sold twice: {earned}");
            if seen == expected && sales == 1 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} was told only {seen:?}", self.buyer);
    }
}

/// An answer.
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl Said {
    /// The body, if it is this answer.
    #[track_caller]
    pub fn of(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// An access token of a buyer; none if the host went away.
async fn token_of(host: &Stoa, id: &str) -> Option<String> {
    token_as(host, id, "user").await
}

async fn token_as(host: &Stoa, id: &str, role: &str) -> Option<String> {
    let body = json!({ "userId": id, "email": format!("{id}@example.com"), "role": role });
    let headers = [("content-type", "application/json")];
    let body = body.to_string();
    let (_, told) = host.ask("POST /auth/token", &headers, &body).await?;
    Some(text(&told, "token").to_owned())
}

/// A request under a key, until the host has room for it.
pub async fn post(
    host: &Stoa,
    path: &str,
    token: &str,
    key: &str,
    body: &Value,
) -> Result<Said, Gone> {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    insist(host, &format!("POST {path}"), &headers, &body.to_string()).await
}

pub async fn get(host: &Stoa, path: &str, token: &str) -> Result<Said, Gone> {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    insist(host, &format!("GET {path}"), &headers, "").await
}

async fn insist(
    host: &Stoa,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Said, Gone> {
    for _ in 0..TRIES_MAX {
        let (status, body) = host.ask(line, headers, body).await.ok_or(Gone)?;
        if status != 503 {
            return Ok(Said { status, body });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host never had room for {line}");
}

/// A token of somebody with a host that lives.
pub async fn administrator(host: &Stoa) -> String {
    token(host, "admin", "admin").await
}
