//! What buyers and banks do, past the API that shops use.

use serde::Deserialize;
use serde_json::{Value, json};

use super::books::{Books, Refunding};
use super::cards::{self, Outcome};
use super::fault::Fault;
use super::fields::Fields;
use super::objects::Object as _;

/// What somebody does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// The buyer pays an intent on the shop's page, by a card.
    Pay { intent: String, card: String },
    /// The buyer has proved who they are, or has failed to.
    Prove { intent: String, good: bool },
    /// The buyer pays on Stripe's page.
    Complete { session: String },
    /// The next charge is declined, whatever the card.
    DeclineNext,
    /// What becomes of refunds from now on.
    Refunding(Refunding),
    /// The bank has decided about a refund.
    Settle { refund: String, good: bool },
    /// The shop's owner gives some of an intent's money back on Stripe's own pages, past the shop.
    Refund { intent: String, units: i64 },
    /// The next month of a subscription is due.
    Renew { subscription: String, paid: bool },
    /// A customer ends a subscription on Stripe's page.
    Unsubscribe { subscription: String },
}

impl Books {
    pub fn act(&mut self, act: &Act) -> Result<Value, Fault> {
        match act {
            Act::Pay { intent, card } => self.pay(intent, card),
            Act::Prove { intent, good } => self.prove(intent, *good),
            Act::Complete { session } => self.complete_session(session),
            Act::DeclineNext => {
                self.decline_next = Some(cards::GENERIC);
                Ok(json!({}))
            }
            Act::Refunding(refunding) => {
                self.refunding = *refunding;
                Ok(json!({}))
            }
            Act::Settle { refund, good } => self.settle_refund(refund, *good),
            Act::Refund { intent, units } => {
                let form = format!("payment_intent={intent}&amount={units}");
                self.create_refund(&Fields::parse(form.as_bytes()))
            }
            Act::Renew { subscription, paid } => self.renew(subscription, *paid),
            Act::Unsubscribe { subscription } => self.cancel_subscription(subscription),
        }
    }

    fn pay(&mut self, id: &str, card: &str) -> Result<Value, Fault> {
        let outcome = cards::outcome(card)
            .ok_or_else(|| Fault::missing("PaymentMethod", card, "payment_method"))?;
        if !self.intent(id)?.is_open() {
            return Err(Fault::state("The intent is not open."));
        }
        self.charged(id, card, outcome)
    }

    fn prove(&mut self, id: &str, is_good: bool) -> Result<Value, Fault> {
        let intent = self.intent(id)?;
        if intent.status != "requires_action" {
            return Err(Fault::state("The intent asks for no proof."));
        }
        let card = intent.payment_method.clone().unwrap_or_default();
        let outcome = match is_good {
            true => Outcome::Approved,
            false => Outcome::Declined(cards::UNPROVED),
        };
        self.charged(id, &card, outcome)
    }

    /// The intent after a charge, whether or not it was declined.
    fn charged(&mut self, id: &str, card: &str, outcome: Outcome) -> Result<Value, Fault> {
        match self.charge(id, card.to_owned(), outcome) {
            Err(fault) if fault.status != 402 => Err(fault),
            _ => Ok(self.intent(id)?.json()),
        }
    }
}
