//! Payment intents and the charges made for them.

use serde_json::{Value, json};

use super::books::Books;
use super::cards::{self, Decline, Outcome};
use super::fault::Fault;
use super::fields::Fields;
use super::objects::{Charge, Intent, Object as _};
use crate::id;

/// The least and the most that is charged, in the currency's smallest unit.
const AMOUNT_MIN: i64 = 50;
const AMOUNT_MAX: i64 = 99_999_999;

impl Books {
    pub fn create_intent(&mut self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&[
            "amount",
            "currency",
            "automatic_payment_methods",
            "capture_method",
            "customer",
            "description",
            "metadata",
            "receipt_email",
            "payment_method",
            "payment_method_data",
            "payment_method_types",
            "confirm",
            "return_url",
        ])?;
        let intent = self.new_intent(fields)?;
        self.happened("payment_intent.created", &intent.json());
        let id = intent.id.clone();
        self.intents.add(intent);
        if fields.is_true("confirm") {
            return self.confirm(&id, fields);
        }
        Ok(self.intent(&id)?.json())
    }

    fn new_intent(&self, fields: &Fields) -> Result<Intent, Fault> {
        let currency = fields.needed("currency")?.to_ascii_lowercase();
        let amount = amount(fields)?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let message = format!("Invalid currency: {currency}.");
            return Err(Fault::invalid(message).with("param", "currency"));
        }
        let customer = fields.owned("customer");
        if let Some(customer) = &customer
            && self.customers.get(customer).is_none()
        {
            return Err(Fault::missing("customer", customer, "customer"));
        }
        let id = id::fresh("pi", 24);
        let payment_method = method(fields)?.map(|(name, _)| name);
        let automatic = fields
            .is_true("automatic_payment_methods[enabled]")
            .then(|| {
                let redirects = fields.text("automatic_payment_methods[allow_redirects]");
                json!({"enabled": true, "allow_redirects": redirects.unwrap_or("always")})
            });
        Ok(Intent {
            client_secret: id::fresh(&format!("{id}_secret"), 24),
            id,
            object: "payment_intent",
            amount,
            amount_capturable: 0,
            amount_received: 0,
            automatic_payment_methods: automatic.unwrap_or_default(),
            canceled_at: None,
            cancellation_reason: None,
            capture_method: fields.text("capture_method").unwrap_or("automatic").into(),
            confirmation_method: "automatic",
            created: self.now_s,
            currency,
            customer,
            description: fields.owned("description"),
            last_payment_error: Value::Null,
            latest_charge: None,
            livemode: false,
            metadata: fields.map("metadata"),
            next_action: Value::Null,
            status: match payment_method {
                Some(_) => "requires_confirmation",
                None => "requires_payment_method",
            },
            payment_method,
            payment_method_types: ["card"],
            receipt_email: fields.owned("receipt_email"),
        })
    }

    pub fn confirm_intent(&mut self, id: &str, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&[
            "payment_method",
            "payment_method_data",
            "return_url",
            "receipt_email",
        ])?;
        self.confirm(id, fields)
    }

    fn confirm(&mut self, id: &str, fields: &Fields) -> Result<Value, Fault> {
        let intent = self.intent(id)?;
        if !intent.is_open() {
            let status = intent.status;
            let message = format!(
                "You cannot confirm this PaymentIntent because it has a status of {status}."
            );
            return Err(Fault::state(message).with("payment_intent", intent.json()));
        }
        let given = method(fields)?;
        let kept = intent.payment_method.clone();
        let kept = kept.and_then(|name| Some((name.clone(), cards::outcome(&name)?)));
        let Some((name, outcome)) = given.or(kept) else {
            return Err(Fault::state(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
            ));
        };
        if intent.may_redirect() && fields.text("return_url").is_none() {
            return Err(Fault::invalid(
                "This PaymentIntent is configured to accept payment methods that might redirect your customer: you \
                 must provide a `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`.",
            ));
        }
        self.charge(id, name, outcome)
    }

    /// Charges a card for an intent.
    pub fn charge(&mut self, id: &str, method: String, outcome: Outcome) -> Result<Value, Fault> {
        let outcome = match (self.decline_next.take(), outcome) {
            (Some(decline), _) => Outcome::Declined(decline),
            (None, outcome) => outcome,
        };
        match outcome {
            Outcome::Approved => self.approve(id, method),
            Outcome::Declined(decline) => self.decline(id, method, decline),
            Outcome::Proof => {
                let intent = self.intent_mut(id)?;
                intent.status = "requires_action";
                intent.payment_method = Some(method);
                intent.next_action = json!({"type": "use_stripe_sdk", "use_stripe_sdk": {}});
                let told = intent.json();
                self.happened("payment_intent.requires_action", &told);
                Ok(told)
            }
        }
    }

    fn approve(&mut self, id: &str, method: String) -> Result<Value, Fault> {
        let now_s = self.now_s;
        let intent = self.intent_mut(id)?;
        let is_captured = intent.capture_method != "manual";
        let charge = Charge {
            amount_captured: if is_captured { intent.amount } else { 0 },
            captured: is_captured,
            paid: true,
            status: "succeeded",
            ..charge_for(intent, method.clone(), now_s)
        };
        intent.payment_method = Some(method);
        intent.latest_charge = Some(charge.id.clone());
        intent.last_payment_error = Value::Null;
        intent.next_action = Value::Null;
        let kind = if is_captured {
            intent.status = "succeeded";
            intent.amount_received = intent.amount;
            "payment_intent.succeeded"
        } else {
            intent.status = "requires_capture";
            intent.amount_capturable = intent.amount;
            "payment_intent.amount_capturable_updated"
        };
        let told = intent.json();
        self.happened("charge.succeeded", &charge.json());
        self.happened(kind, &told);
        self.charges.add(charge);
        Ok(told)
    }

    fn decline(&mut self, id: &str, method: String, decline: Decline) -> Result<Value, Fault> {
        let now_s = self.now_s;
        let intent = self.intent_mut(id)?;
        let charge = Charge {
            failure_code: Some(decline.code),
            failure_message: Some(decline.message),
            status: "failed",
            ..charge_for(intent, method, now_s)
        };
        let mut error = json!({
            "type": "card_error", "code": decline.code, "message": decline.message, "charge": charge.id,
        });
        if let Some(decline_code) = decline.decline_code {
            error["decline_code"] = decline_code.into();
        }
        intent.status = "requires_payment_method";
        intent.payment_method = None;
        intent.next_action = Value::Null;
        intent.latest_charge = Some(charge.id.clone());
        intent.last_payment_error = error;
        let told = intent.json();
        self.happened("charge.failed", &charge.json());
        self.happened("payment_intent.payment_failed", &told);
        let mut fault = Fault::new(402, "card_error", decline.message)
            .with("code", decline.code)
            .with("charge", charge.id.clone())
            .with("payment_intent", told);
        if let Some(decline_code) = decline.decline_code {
            fault = fault.with("decline_code", decline_code);
        }
        self.charges.add(charge);
        Err(fault)
    }

    pub fn capture_intent(&mut self, id: &str, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["amount_to_capture"])?;
        let amount = fields.integer("amount_to_capture")?;
        let intent = self.intent_mut(id)?;
        if intent.status != "requires_capture" {
            let status = intent.status;
            let message = format!(
                "This PaymentIntent could not be captured because it has a status of {status}."
            );
            return Err(Fault::state(message).with("payment_intent", intent.json()));
        }
        let amount = amount.unwrap_or(intent.amount);
        if !(1..=intent.amount).contains(&amount) {
            return Err(Fault::invalid("The amount to capture is out of range.")
                .with("param", "amount_to_capture"));
        }
        intent.status = "succeeded";
        intent.amount_capturable = 0;
        intent.amount_received = amount;
        let charge = intent.latest_charge.clone().unwrap_or_default();
        let told = intent.json();
        if let Some(charge) = self.charges.get_mut(&charge) {
            charge.captured = true;
            charge.amount_captured = amount;
            let charge = charge.json();
            self.happened("charge.captured", &charge);
        }
        self.happened("payment_intent.succeeded", &told);
        Ok(told)
    }

    pub fn cancel_intent(&mut self, id: &str, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["cancellation_reason"])?;
        let now_s = self.now_s;
        let intent = self.intent_mut(id)?;
        if !intent.status.starts_with("requires_") {
            let status = intent.status;
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {status}."
            );
            return Err(Fault::state(message).with("payment_intent", intent.json()));
        }
        intent.status = "canceled";
        intent.amount_capturable = 0;
        intent.canceled_at = Some(now_s);
        intent.cancellation_reason = fields.owned("cancellation_reason");
        let told = intent.json();
        self.happened("payment_intent.canceled", &told);
        Ok(told)
    }
}

fn amount(fields: &Fields) -> Result<i64, Fault> {
    fields.needed("amount")?;
    let amount = fields.integer("amount")?.unwrap_or(0);
    let refused = |code: &str, message: String| {
        Err(Fault::invalid(message)
            .with("code", code)
            .with("param", "amount"))
    };
    match amount {
        ..AMOUNT_MIN => refused(
            "amount_too_small",
            "Amount must convert to at least 50 cents.".into(),
        ),
        AMOUNT_MIN..=AMOUNT_MAX => Ok(amount),
        _ => refused(
            "amount_too_large",
            format!("Amount must be no more than {AMOUNT_MAX}."),
        ),
    }
}

/// The payment method that is named, or whose card is.
fn method(fields: &Fields) -> Result<Option<(String, Outcome)>, Fault> {
    let number = fields.text("payment_method_data[card][number]");
    let Some(card) = fields.text("payment_method").or(number) else {
        return Ok(None);
    };
    let outcome = cards::outcome(card)
        .ok_or_else(|| Fault::missing("PaymentMethod", card, "payment_method"))?;
    let name = match number {
        Some(_) => id::fresh("pm", 24),
        None => card.to_owned(),
    };
    Ok(Some((name, outcome)))
}

fn charge_for(intent: &Intent, payment_method: String, created: u64) -> Charge {
    Charge {
        id: id::fresh("ch", 24),
        object: "charge",
        amount: intent.amount,
        amount_captured: 0,
        amount_refunded: 0,
        captured: false,
        created,
        currency: intent.currency.clone(),
        customer: intent.customer.clone(),
        description: intent.description.clone(),
        failure_code: None,
        failure_message: None,
        livemode: false,
        metadata: intent.metadata.clone(),
        paid: false,
        payment_intent: intent.id.clone(),
        payment_method,
        refunded: false,
        status: "pending",
    }
}
