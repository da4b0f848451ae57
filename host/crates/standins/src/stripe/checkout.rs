//! Stripe's own pages: for paying, and for changing what is paid for.

use serde_json::{Value, json};

use super::books::{Books, PRICE_UNITS};
use super::cards::Outcome;
use super::fault::Fault;
use super::fields::Fields;
use super::objects::{Object as _, Session};
use super::subscriptions::known_price;
use crate::id;

/// How long a page is open when nothing is said.
const OPEN_S: u64 = 86_400;

impl Books {
    pub fn create_session(&mut self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&[
            "mode",
            "line_items",
            "success_url",
            "cancel_url",
            "client_reference_id",
            "customer",
            "customer_email",
            "metadata",
            "subscription_data",
            "payment_intent_data",
            "expires_at",
        ])?;
        let mode = fields.needed("mode")?.to_owned();
        let inner = match mode.as_str() {
            "subscription" => "subscription_data[metadata]",
            "payment" => "payment_intent_data[metadata]",
            _ => {
                let message = "Invalid mode: must be one of payment or subscription";
                return Err(Fault::invalid(message).with("param", "mode"));
            }
        };
        fields.needed("success_url")?;
        let price = known_price(
            fields.needed("line_items[0][price]")?,
            "line_items[0][price]",
        )?;
        let quantity = fields.integer("line_items[0][quantity]")?.unwrap_or(1);
        if let Some(customer) = fields.text("customer")
            && self.customers.get(customer).is_none()
        {
            return Err(Fault::missing("customer", customer, "customer"));
        }
        let expires_at = fields.integer("expires_at")?;
        let expires_at = expires_at.and_then(|at_s| u64::try_from(at_s).ok());
        let id = id::fresh("cs_test", 24);
        let session = Session {
            url: Some(format!("https://checkout.stripe.com/c/pay/{id}")),
            id,
            object: "checkout.session",
            amount_total: PRICE_UNITS.saturating_mul(quantity),
            cancel_url: fields.owned("cancel_url"),
            client_reference_id: fields.owned("client_reference_id"),
            created: self.now_s,
            currency: "usd".into(),
            customer: fields.owned("customer"),
            customer_email: fields.owned("customer_email"),
            expires_at: expires_at.unwrap_or(self.now_s + OPEN_S),
            livemode: false,
            metadata: fields.map("metadata"),
            mode,
            payment_intent: None,
            payment_status: "unpaid",
            status: "open",
            subscription: None,
            success_url: fields.owned("success_url"),
            price,
            inner_metadata: fields.map(inner),
        };
        Ok(self.sessions.add(session).json())
    }

    pub fn expire_session(&mut self, id: &str) -> Result<Value, Fault> {
        let session = self.session_mut(id)?;
        if session.status != "open" {
            return Err(Fault::invalid(format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status \
                 of \"{}\".",
                session.status
            )));
        }
        session.status = "expired";
        session.url = None;
        let told = session.json();
        self.happened("checkout.session.expired", &told);
        Ok(told)
    }

    /// Somebody pays on the page.
    pub fn complete_session(&mut self, id: &str) -> Result<Value, Fault> {
        let session = self.session_mut(id)?;
        if session.status != "open" {
            return Err(Fault::invalid(format!(
                "The session is {}.",
                session.status
            )));
        }
        let session = session.clone();
        let customer = match &session.customer {
            Some(customer) => customer.clone(),
            None => {
                let email = session.customer_email.clone().unwrap_or_default();
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("email", &email)
                    .finish();
                let customer = self.create_customer(&Fields::parse(form.as_bytes()))?;
                customer["id"].as_str().unwrap_or_default().to_owned()
            }
        };
        let (mut subscription, mut intent) = (None, None);
        if session.mode == "subscription" {
            let metadata = session.inner_metadata.clone();
            subscription = Some(self.subscribe(customer.clone(), &session.price, metadata));
        } else {
            intent = Some(self.pay_session(&session, &customer)?);
        }
        let session = self.session_mut(id)?;
        session.customer = Some(customer);
        session.subscription = subscription;
        session.payment_intent = intent;
        session.payment_status = "paid";
        session.status = "complete";
        session.url = None;
        let told = session.json();
        self.happened("checkout.session.completed", &told);
        Ok(told)
    }

    fn pay_session(&mut self, session: &Session, customer: &str) -> Result<String, Fault> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("amount", &session.amount_total.to_string())
            .append_pair("currency", &session.currency)
            .append_pair("customer", customer);
        for (name, value) in &session.inner_metadata {
            form.append_pair(&format!("metadata[{name}]"), value);
        }
        let intent = self.create_intent(&Fields::parse(form.finish().as_bytes()))?;
        let intent = intent["id"].as_str().unwrap_or_default().to_owned();
        self.charge(&intent, "pm_card_visa".into(), Outcome::Approved)?;
        Ok(intent)
    }

    pub fn create_portal(&self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["customer", "return_url"])?;
        let customer = fields.needed("customer")?;
        if self.customers.get(customer).is_none() {
            return Err(Fault::missing("customer", customer, "customer"));
        }
        let id = id::fresh("bps", 24);
        Ok(json!({
            "id": id, "object": "billing_portal.session", "created": self.now_s, "customer": customer,
            "livemode": false, "return_url": fields.text("return_url"),
            "url": format!("https://billing.stripe.com/p/session/{id}"),
        }))
    }

    fn session_mut(&mut self, id: &str) -> Result<&mut Session, Fault> {
        self.sessions
            .get_mut(id)
            .ok_or_else(|| Fault::missing("checkout.session", id, "session"))
    }
}
