//! The plans on offer and what they cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::prelude::*;

/// What a plan costs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Stripe's name for it, `price_…`.
    pub price: String,
    pub amount_minor: i64,
    pub currency: String,
    pub interval: Interval,
}

/// How often it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    Month,
    Year,
}

/// A plan.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub id: String,
    pub name: String,
    /// 0 for a plan that costs nothing.
    pub price: Number,
    pub currency: String,
    /// Absent of a plan that costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Whether it can be paid for here.
    pub is_for_sale: bool,
    /// What each limit allows, by its name; null for no bound.
    pub limits: BTreeMap<String, Option<u64>>,
}

/// The plans on offer.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PlanList {
    pub plans: Vec<Plan>,
}

pub fn list_plans() -> Result<Json<PlanList>> {
    let prices = prices()?;
    let shown = |plan: plans::Plan| {
        let price = prices.get(&plan.id);
        let money = price.map_or_else(
            || Money::new(0, "USD"),
            |price| Money::new(price.amount_minor, price.currency.clone()),
        );
        Plan {
            id: plan.id,
            name: plan.name,
            price: money.to_major_json(),
            currency: money.currency,
            interval: price.map(|price| price.interval),
            is_for_sale: price.is_some(),
            limits: plan.limits.into_iter().collect(),
        }
    };
    let plans = plans::list().into_iter().map(shown).collect();
    Ok(Json(PlanList { plans }))
}

/// What plans cost, by their ids.
pub fn prices() -> Result<BTreeMap<String, Price>> {
    let text: String = settings::get("prices").unwrap_or_else(|| "{}".into());
    serde_json::from_str(&text)
        .map_err(|error| Problem::internal(format!("the setting prices: {error}")))
}
