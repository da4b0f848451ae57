//! Money that goes back.

use serde_json::Value;

use super::books::{Books, Refunding};
use super::fault::Fault;
use super::fields::Fields;
use super::objects::{Object as _, Refund};
use crate::id;

/// The reasons that may be given.
const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

impl Books {
    pub fn create_refund(&mut self, fields: &Fields) -> Result<Value, Fault> {
        fields.only(&["payment_intent", "charge", "amount", "reason", "metadata"])?;
        let charge = self.charge_to_refund(fields)?;
        let (now_s, refunding) = (self.now_s, self.refunding);
        if let Some(reason) = fields.text("reason")
            && !REASONS.contains(&reason)
        {
            return Err(Fault::invalid("Invalid reason").with("param", "reason"));
        }
        let amount = fields.integer("amount")?;
        let Some(charge) = self.charges.get_mut(&charge) else {
            return Err(Fault::missing("charge", &charge, "charge"));
        };
        let left = charge.amount_captured - charge.amount_refunded;
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(Fault::invalid(message).with("code", "charge_already_refunded"));
        }
        let amount = amount.unwrap_or(left);
        if !(1..=left).contains(&amount) {
            let message = format!(
                "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            );
            return Err(Fault::invalid(message).with("param", "amount"));
        }
        let refund = Refund {
            id: id::fresh("re", 24),
            object: "refund",
            amount,
            charge: charge.id.clone(),
            created: now_s,
            currency: charge.currency.clone(),
            failure_reason: None,
            metadata: fields.map("metadata"),
            payment_intent: charge.payment_intent.clone(),
            reason: fields.owned("reason"),
            status: match refunding {
                Refunding::AtOnce => "succeeded",
                Refunding::Pending | Refunding::Failing => "pending",
            },
        };
        charge.amount_refunded += amount;
        charge.refunded = charge.amount_refunded == charge.amount_captured;
        let (told, charge) = (refund.json(), charge.json());
        let id = refund.id.clone();
        self.refunds.add(refund);
        self.happened("refund.created", &told);
        self.happened("charge.refunded", &charge);
        if refunding == Refunding::Failing {
            return self.settle_refund(&id, false);
        }
        Ok(told)
    }

    fn charge_to_refund(&self, fields: &Fields) -> Result<String, Fault> {
        if let Some(charge) = fields.text("charge") {
            return Ok(charge.to_owned());
        }
        let Some(id) = fields.text("payment_intent") else {
            return Err(Fault::invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        };
        let intent = self
            .intents
            .get(id)
            .ok_or_else(|| Fault::missing("payment_intent", id, "payment_intent"))?;
        match (&intent.latest_charge, intent.status) {
            (Some(charge), "succeeded") => Ok(charge.clone()),
            _ => Err(Fault::invalid(format!(
                "This PaymentIntent ({id}) does not have a successful charge to refund."
            ))),
        }
    }

    /// The bank has decided about a refund.
    pub fn settle_refund(&mut self, id: &str, is_good: bool) -> Result<Value, Fault> {
        let Some(refund) = self.refunds.get_mut(id) else {
            return Err(Fault::missing("refund", id, "id"));
        };
        if refund.status != "pending" {
            return Err(Fault::invalid(format!("The refund is {}.", refund.status)));
        }
        let kind = if is_good {
            refund.status = "succeeded";
            "refund.updated"
        } else {
            refund.status = "failed";
            refund.failure_reason = Some("insufficient_funds");
            "refund.failed"
        };
        let (amount, charge, told) = (refund.amount, refund.charge.clone(), refund.json());
        if !is_good && let Some(charge) = self.charges.get_mut(&charge) {
            charge.amount_refunded -= amount;
            charge.refunded = false;
        }
        self.happened(kind, &told);
        Ok(told)
    }
}
