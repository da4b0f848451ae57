//! What people have subscribed to: products and vendors that they want to hear of.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

use crate::{moderation, sources, vendors};

/// All subscriptions.
pub const SUBSCRIPTIONS: Collection<Subscription> = Collection::new("subscriptions");

/// What is known of who has subscribed, by account.
pub const SUBSCRIBERS: Collection<Subscriber> = Collection::new("subscribers");

/// Subscriptions that somebody may have, which is also as many as one page holds.
const SUBSCRIPTIONS_MAX: u32 = 200;

/// Bytes of what somebody subscribes to.
const TARGET_BYTES_MAX: usize = 128;

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    user_id: String,
    kind: Kind,
    target: String,
    created_at: u64,
}

/// A bound of how many subscriptions somebody has. It only grows here, as they are made; what has ended since is found
/// out when it says that there are too many. Of two that are made at once, one meets a conflict here, runs again, and
/// counts the other.
#[derive(Debug, Serialize, Deserialize)]
pub struct Subscriber {
    subscriptions_at_most: u64,
}

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A product, by its id.
    Product,
    /// A vendor, by its id.
    Vendor,
    /// The shop's letters.
    Newsletter,
}

/// Something to subscribe to.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSubscription {
    #[serde(rename = "type")]
    kind: Kind,
    /// The product's or vendor's id; nothing for the newsletter.
    #[serde(default)]
    target_id: String,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    id: String,
    #[serde(rename = "type")]
    kind: Kind,
    target_id: String,
    status: String,
    created_at: String,
}

/// Subscriptions, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionList {
    subscriptions: Vec<SubscriptionView>,
    /// The same, under the name that all lists have.
    items: Vec<SubscriptionView>,
    total: u64,
}

impl SubscriptionView {
    /// A subscription, for who has it.
    pub fn of(id: String, subscription: Subscription) -> Self {
        Self {
            id,
            kind: subscription.kind,
            target_id: subscription.target,
            status: "active".into(),
            created_at: clock::rfc3339(subscription.created_at),
        }
    }
}

pub fn list_subscriptions(caller: Caller) -> Result<Json<SubscriptionList>> {
    let own = SUBSCRIPTIONS.query().filter(eq("user_id", caller.user()?));
    let page = own.sort_desc("created_at").limit(SUBSCRIPTIONS_MAX);
    let page = page.with_total().run()?;
    let subscriptions = page.items.into_iter();
    let subscriptions: Vec<SubscriptionView> = subscriptions
        .map(|stored| SubscriptionView::of(stored.id, stored.value))
        .collect();
    Ok(Json(SubscriptionList {
        items: subscriptions.clone(),
        subscriptions,
        total: page.total.unwrap_or(0),
    }))
}

pub fn subscribe(
    caller: Caller,
    Json(new): Json<NewSubscription>,
) -> Result<Created<Json<SubscriptionView>>> {
    let user_id = caller.user()?.to_owned();
    admit(&user_id)?;
    let subscription = Subscription {
        user_id,
        kind: new.kind,
        target: checked(new.kind, new.target_id)?,
        created_at: clock::now_ms(),
    };
    let id = random::ulid();
    match SUBSCRIPTIONS.create(&id, &subscription) {
        Ok(_) => Ok(Created(Json(SubscriptionView::of(id, subscription)))),
        Err(StorageError::NotUnique(_)) => {
            let detail = "You have subscribed to it already.";
            Err(Problem::conflict("already-subscribed", detail))
        }
        Err(error) => Err(error.into()),
    }
}

/// Lets somebody have one more subscription, unless there are too many already.
fn admit(user_id: &str) -> Result<()> {
    let known = SUBSCRIBERS.get(user_id)?;
    let known = known.map(|known| known.subscriptions_at_most);
    let own = match known.filter(|known| *known < SUBSCRIPTIONS_MAX.into()) {
        Some(known) => known,
        None => {
            let own = SUBSCRIPTIONS.query().filter(eq("user_id", user_id));
            own.limit(1).with_total().run()?.total.unwrap_or(0)
        }
    };
    if own >= SUBSCRIPTIONS_MAX.into() {
        let detail = format!("Nobody has more than {SUBSCRIPTIONS_MAX} subscriptions.");
        return Err(Problem::new(422, "too-much", detail));
    }
    let subscriptions_at_most = own + 1;
    let subscriber = Subscriber {
        subscriptions_at_most,
    };
    SUBSCRIBERS.put(user_id, &subscriber)?;
    Ok(())
}

pub fn unsubscribe(caller: Caller, Path(id): Path<String>) -> Result<NoContent> {
    let user_id = caller.user()?;
    let found = SUBSCRIPTIONS.get(&id)?;
    let own = found.filter(|subscription| subscription.user_id == user_id);
    own.ok_or_else(|| Problem::not_found("subscription"))?;
    SUBSCRIPTIONS.delete(&id)?;
    Ok(NoContent)
}

fn checked(kind: Kind, target: String) -> Result<String> {
    let wrong = |detail: &str| Problem::invalid("targetId", detail);
    if target.len() > TARGET_BYTES_MAX {
        return Err(wrong("targetId is at most 128 bytes long."));
    }
    match (kind, target.is_empty()) {
        (Kind::Newsletter, true) => Ok(target),
        (Kind::Newsletter, false) => Err(wrong("A newsletter has no targetId.")),
        (_, true) => Err(wrong("Say which one.")),
        (Kind::Vendor, false) => match is_vendor(&target)? {
            true => Ok(target),
            false => Err(Problem::not_found("vendor")),
        },
        (Kind::Product, false) => {
            let found = sources::catalog::get_products(std::slice::from_ref(&target))
                .map_err(|error| Problem::internal(format!("the catalogue: {error:?}")))?;
            match found.is_empty() {
                true => Err(Problem::not_found("product")),
                false => Ok(target),
            }
        }
    }
}

/// Whether somebody sells or has asked to. An administrator may offer products in the name of who never registered.
fn is_vendor(id: &str) -> Result<bool> {
    match sources::vendors::get(id) {
        Ok(_) => return Ok(true),
        Err(vendors::Error::NotFound) => {}
        Err(error) => return Err(Problem::internal(format!("the vendors: {error:?}"))),
    }
    let on_sale = sources::moderation::list(&moderation::Choice {
        status: Some("active".into()),
        vendor_id: Some(id.into()),
        text: None,
        offset: 0,
        limit: 1,
    })
    .map_err(|error| Problem::internal(format!("the catalogue: {error:?}")))?;
    Ok(on_sale.total > 0)
}
