//! Customers, and what they subscribe to.

use serde_json::{Value, json};

use super::books::{Books, PRICE_UNITS};
use super::fault::Fault;
use super::fields::Fields;
use super::objects::{Customer, Metadata, Object as _, Subscription, items};
use crate::id;

/// A month, as this stand-in counts.
const PERIOD_S: u64 = 30 * 86_400;

impl Books {
    pub fn create_customer(&mut self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["email", "name", "description", "metadata"])?;
        let customer = Customer {
            id: id::fresh("cus", 14),
            object: "customer",
            created: self.now_s,
            description: fields.owned("description"),
            email: fields.owned("email"),
            livemode: false,
            metadata: fields.map("metadata"),
            name: fields.owned("name"),
        };
        let told = self.customers.add(customer).json();
        self.happened("customer.created", &told);
        Ok(told)
    }

    pub fn create_subscription(&mut self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["customer", "items", "metadata"])?;
        let customer = fields.needed("customer")?;
        if self.customers.get(customer).is_none() {
            return Err(Fault::missing("customer", customer, "customer"));
        }
        let price = known_price(fields.needed("items[0][price]")?, "items[0][price]")?;
        let metadata = fields.map("metadata");
        let id = self.subscribe(customer.to_owned(), &price, metadata);
        Ok(self.subscription(&id)?.json())
    }

    /// A customer pays for the first month.
    pub fn subscribe(&mut self, customer: String, price: &str, metadata: Metadata) -> String {
        let subscription = Subscription {
            id: id::fresh("sub", 24),
            object: "subscription",
            cancel_at_period_end: false,
            canceled_at: None,
            created: self.now_s,
            currency: "usd".into(),
            current_period_end: self.now_s + PERIOD_S,
            current_period_start: self.now_s,
            customer,
            ended_at: None,
            items: items(price),
            latest_invoice: Some(id::fresh("in", 24)),
            livemode: false,
            metadata,
            status: "active",
        };
        let id = subscription.id.clone();
        let told = self.subscriptions.add(subscription).json();
        self.happened("customer.subscription.created", &told);
        self.invoiced(&told, true);
        id
    }

    pub fn change_subscription(&mut self, id: &str, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["cancel_at_period_end", "items", "metadata"])?;
        let price = fields.text("items[0][price]");
        let price = price
            .map(|price| known_price(price, "items[0][price]"))
            .transpose()?;
        let subscription = self.subscription_mut(id)?;
        if fields.text("cancel_at_period_end").is_some() {
            subscription.cancel_at_period_end = fields.is_true("cancel_at_period_end");
        }
        if let Some(price) = price {
            subscription.items = items(&price);
        }
        subscription.metadata.extend(fields.map("metadata"));
        let told = subscription.json();
        self.happened("customer.subscription.updated", &told);
        Ok(told)
    }

    pub fn cancel_subscription(&mut self, id: &str) -> Result<Value, Fault> {
        let now_s = self.now_s;
        let subscription = self.subscription_mut(id)?;
        subscription.status = "canceled";
        subscription.canceled_at = Some(now_s);
        subscription.ended_at = Some(now_s);
        let told = subscription.json();
        self.happened("customer.subscription.deleted", &told);
        Ok(told)
    }

    /// The next month is due.
    pub fn renew(&mut self, id: &str, is_paid: bool) -> Result<Value, Fault> {
        let subscription = self.subscription_mut(id)?;
        if is_paid {
            subscription.status = "active";
            subscription.current_period_start = subscription.current_period_end;
            subscription.current_period_end += PERIOD_S;
        } else {
            subscription.status = "past_due";
        }
        subscription.latest_invoice = Some(id::fresh("in", 24));
        let told = subscription.json();
        self.invoiced(&told, is_paid);
        self.happened("customer.subscription.updated", &told);
        Ok(told)
    }

    /// Tells of a subscription's newest invoice.
    fn invoiced(&mut self, subscription: &Value, is_paid: bool) {
        let invoice = json!({
            "id": subscription["latest_invoice"], "object": "invoice", "customer": subscription["customer"],
            "subscription": subscription["id"], "amount_due": PRICE_UNITS, "currency": "usd",
            "amount_paid": if is_paid { PRICE_UNITS } else { 0 }, "paid": is_paid,
            "status": if is_paid { "paid" } else { "open" }, "created": self.now_s,
            "subscription_details": {"metadata": subscription["metadata"]},
        });
        let kind = if is_paid {
            "invoice.paid"
        } else {
            "invoice.payment_failed"
        };
        self.happened(kind, &invoice);
    }

    pub fn subscription(&self, id: &str) -> Result<&Subscription, Fault> {
        self.subscriptions
            .get(id)
            .ok_or_else(|| Fault::missing("subscription", id, "id"))
    }

    /// One that is not over.
    fn subscription_mut(&mut self, id: &str) -> Result<&mut Subscription, Fault> {
        let found = self.subscriptions.get_mut(id);
        found
            .filter(|subscription| subscription.status != "canceled")
            .ok_or_else(|| Fault::missing("subscription", id, "id"))
    }
}

/// A price, if there is one of this id.
pub fn known_price(price: &str, param: &str) -> Result<String, Fault> {
    match price.starts_with("price_") {
        true => Ok(price.to_owned()),
        false => Err(Fault::missing("price", price, param)),
    }
}
