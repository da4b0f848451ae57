//! `cargo xtask demo`: walks through a running host as its people do, and prints each step. A vendor signs up and
//! offers a tool, a buyer orders and pays it, the stand-in of Stripe tells the host, the buyer downloads, the vendor
//! is paid, the people of the demo data buy from its vendors, and an administrator sees all of it.
#![expect(
    clippy::indexing_slicing,
    reason = "answers are read by members, and what is missing reads as null"
)]

mod market;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::client;

/// How long what happens in the background may take: an event is handled within milliseconds, as a rule.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often we look whether it has happened.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub struct Args {
    /// Where the host is: `cargo xtask serve` has started it.
    #[arg(long, default_value = "127.0.0.1:8080")]
    host: SocketAddr,
    /// Where the stand-in of Stripe is: `cargo xtask standins` has started it.
    #[arg(long, default_value = "127.0.0.1:12111")]
    stripe: SocketAddr,
}

pub fn run(args: &Args) -> Result<()> {
    let walk = Walk::begin(args)?;
    let vendor = walk.vendor_registers()?;
    let product = walk.vendor_offers_a_tool(&vendor)?;
    let buyer = walk.sign_up("buyer")?;
    let order = walk.buyer_orders(&buyer, &product)?;
    walk.buyer_pays(&buyer, &order)?;
    walk.buyer_downloads(&buyer, &product)?;
    walk.vendor_is_paid(&vendor)?;
    walk.market_sells()?;
    walk.admin_sees_it()
}

/// The walk's host, and what makes its people's addresses its own.
struct Walk {
    host: SocketAddr,
    stripe: SocketAddr,
    /// Two walks through one host are of different people.
    number: u128,
    admin: String,
}

/// Somebody who is signed in.
struct Person {
    id: String,
    email: String,
    token: String,
}

impl Walk {
    fn begin(args: &Args) -> Result<Self> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let told =
            json!({ "userId": "demo-admin", "email": "admin@demo.example", "role": "admin" });
        let token = client::post(args.host, "/auth/token", None, &told);
        let token = token.context("no host answers; start one with `cargo xtask serve`")?;
        let admin = text(&token.json()?, "token")?;
        Ok(Self {
            host: args.host,
            stripe: args.stripe,
            number: since.as_millis(),
            admin,
        })
    }

    fn vendor_registers(&self) -> Result<Person> {
        let vendor = self.sign_up("vendor")?;
        let shop = json!({ "name": "Aurora Tools", "description": "Small tools, well made." });
        let seen = self.post("/api/vendors/register", &vendor.token, &shop)?;
        say("registers as a vendor", &seen, &["name", "status"]);
        let path = format!("/api/admin/vendors/{}/approve", vendor.id);
        let seen = self.post(&path, &self.admin, &json!({}))?;
        say("an administrator approves", &seen, &["name", "status"]);
        // The role comes with the next token, as soon as the host has handled the event.
        self.until("sells", || {
            let vendor = self.sign_in(&vendor)?;
            Ok(self
                .get("/api/vendors/profile", &vendor.token)
                .ok()
                .map(|_| vendor))
        })
    }

    fn vendor_offers_a_tool(&self, vendor: &Person) -> Result<String> {
        let file = Some(("text/plain", "One tool, in plain words.\n".to_owned()));
        let blob =
            client::send(self.host, "POST", "/api/blobs", Some(&vendor.token), file)?.json()?;
        say("uploads the tool's file", &blob, &["contentType", "size"]);
        let tool = json!({
            "name": format!("Tool {}", self.number), "type": "tool", "category": "Productivity",
            "price": 19.99, "currency": "USD", "description": "Does one thing.",
            "files": { "downloadUrl": format!("blob:{}", text(&blob, "id")?), "size": blob["size"] },
        });
        let seen = self.post("/api/vendors/products", &vendor.token, &tool)?;
        say("offers the tool", &seen, &["name", "status"]);
        let id = text(&seen, "id")?;
        let path = format!("/api/admin/products/{id}/approve");
        let seen = self.post(&path, &self.admin, &json!({}))?;
        say("an administrator approves", &seen, &["name", "status"]);
        Ok(id)
    }

    fn buyer_orders(&self, buyer: &Person, product: &str) -> Result<Value> {
        let item = json!({ "productId": product, "quantity": 1 });
        let cart = self.post("/api/cart/items", &buyer.token, &item)?;
        say("puts it into the cart", &cart, &["total", "currency"]);
        let order = self.post("/api/orders", &buyer.token, &json!({}))?;
        say(
            "orders",
            &order,
            &["orderNumber", "total", "currency", "status"],
        );
        Ok(order)
    }

    fn buyer_pays(&self, buyer: &Person, order: &Value) -> Result<()> {
        let path = format!("/api/orders/{}/payment", text(order, "id")?);
        let payment = self.post(&path, &buyer.token, &json!({ "provider": "stripe" }))?;
        say("begins to pay", &payment, &["paymentIntentId", "status"]);
        let intent = text(&payment, "paymentIntentId")?;
        let pay = json!({ "pay": { "intent": intent, "card": "pm_card_visa" } });
        let paid = client::post(self.stripe, "/_standin/act", None, &pay);
        let paid = paid
            .context("no stand-in of Stripe answers; start it with `cargo xtask standins`")?
            .json()?;
        say("pays on Stripe's page", &paid, &["id", "status"]);
        let path = format!("/api/orders/{}", text(order, "id")?);
        let seen = self.until("the webhook arrives", || {
            let order = self.get(&path, &buyer.token)?;
            Ok((order["paymentStatus"] == "paid").then_some(order))
        })?;
        say(
            "the webhook has arrived",
            &seen,
            &["orderNumber", "status", "paymentStatus"],
        );
        Ok(())
    }

    fn buyer_downloads(&self, buyer: &Person, product: &str) -> Result<()> {
        let at = |what: &str| format!("/api/downloads/{product}/{what}");
        let licence = self.get(&at("license"), &buyer.token)?;
        say("has a licence", &licence, &["productName", "licenseKey"]);
        let link = self.get(&at("download"), &buyer.token)?;
        say("gets a link", &link, &["fileName", "expiresAt"]);
        let bytes = client::get(self.host, &text(&link, "downloadUrl")?)?;
        if bytes.status != 200 {
            bail!("the link answers {}", bytes.status);
        }
        println!("  {:<26} {} bytes", "downloads", bytes.body.len());
        let _ = self.post(&at("track"), &buyer.token, &json!({}))?;
        Ok(())
    }

    fn vendor_is_paid(&self, vendor: &Person) -> Result<()> {
        let balance = self.until("the sale is in the ledger", || {
            let earnings = self.get("/api/vendors/earnings", &vendor.token)?;
            Ok(earnings["balances"].get(0).cloned())
        })?;
        say(
            "has earned",
            &balance,
            &["gross", "fees", "available", "currency"],
        );
        let ask = json!({ "amount": balance["available"], "currency": balance["currency"] });
        let payout = self.post("/api/vendors/payouts", &vendor.token, &ask)?;
        say(
            "asks for a payout",
            &payout,
            &["amount", "currency", "status"],
        );
        let path = format!("/api/vendors/payouts/{}/decision", text(&payout, "id")?);
        let decision = json!({ "paid": true, "note": "Transfer 1" });
        let payout = self.post(&path, &self.admin, &decision)?;
        say(
            "an administrator pays",
            &payout,
            &["amount", "currency", "status"],
        );
        Ok(())
    }

    fn admin_sees_it(&self) -> Result<()> {
        let seen = self.get("/api/admin/dashboard", &self.admin)?;
        say(
            "the dashboard",
            &seen,
            &[
                "totalOrders",
                "totalRevenue",
                "totalVendors",
                "totalProducts",
            ],
        );
        Ok(())
    }

    fn sign_up(&self, who: &str) -> Result<Person> {
        let email = format!("{who}-{}@demo.example", self.number);
        let account = json!({ "email": email, "password": PASSWORD, "name": who });
        let seen = client::post(self.host, "/api/auth/register", None, &account)?.json()?;
        println!("\n{who}: {email}");
        Self::person(&seen, email)
    }

    fn sign_in(&self, person: &Person) -> Result<Person> {
        let account = json!({ "email": person.email, "password": PASSWORD });
        let seen = client::post(self.host, "/api/auth/login", None, &account)?.json()?;
        Self::person(&seen, person.email.clone())
    }

    fn person(seen: &Value, email: String) -> Result<Person> {
        let token = seen.get("accessToken").or_else(|| seen.get("token"));
        let token = token.and_then(Value::as_str).context("no token")?;
        Ok(Person {
            id: text(&seen["user"], "id")?,
            email,
            token: token.into(),
        })
    }

    fn get(&self, path: &str, token: &str) -> Result<Value> {
        let answer = client::send(self.host, "GET", path, Some(token), None)?;
        answer.json().with_context(|| format!("GET {path}"))
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value> {
        let answer = client::post(self.host, path, Some(token), body)?;
        answer.json().with_context(|| format!("POST {path}"))
    }

    /// What comes of looking again and again.
    fn until<T>(&self, what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = look()? {
                return Ok(found);
            }
            thread::sleep(PAUSE);
        }
        bail!("{what}: not within {} seconds", PATIENCE.as_secs())
    }
}

/// The password of everybody in the demonstration.
const PASSWORD: &str = "correct horse battery";

fn text(value: &Value, member: &str) -> Result<String> {
    let found = value[member].as_str();
    let found = found.with_context(|| format!("{member} is missing in {value}"))?;
    Ok(found.to_owned())
}

/// One step, with what of the answer tells most.
fn say(step: &str, answer: &Value, members: &[&str]) {
    let shown: Vec<String> = members
        .iter()
        .filter_map(|member| Some((member, answer.get(member)?)))
        .map(|(member, value)| match value {
            Value::String(text) => format!("{member}={text}"),
            value => format!("{member}={value}"),
        })
        .collect();
    println!("  {step:<26} {}", shown.join("  "));
}
