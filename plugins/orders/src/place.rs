//! Placing an order: what is wanted is priced and taken from stock, and the cart is emptied, in one transaction.

use serde::Deserialize;
use stoa_guest::FromRequest as _;
use stoa_guest::prelude::*;

use crate::address::Address;
use crate::basket::{self, Item};
use crate::catalog::Product;
use crate::order::{Line, Mover, Order, PaymentMethod, Step};
use crate::pricing::{self, Good, Terms};
use crate::rights::Eyes;
use crate::status::{PaymentStatus, Status};
use crate::view::OrderView;
use crate::{announce, free, number, shelf, text, unpaid};

/// Numbers that are drawn until one is free. With a thousand million a day, the second one is.
const DRAWS_MAX: u32 = 5;
/// Characters of a discount code.
const CODE_CHARS_MAX: usize = 64;
/// Characters of what a buyer has to say.
const NOTES_CHARS_MAX: usize = 1_000;
/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;
/// Minutes that an order may wait for its payment: within what events can be put off by.
const UNPAID_MINUTES_MAX: u64 = 400 * 24 * 60;

/// What somebody orders. Prices are the catalogue's; a body that names any is refused.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewOrder {
    /// What is wanted, at most 100 products; what is in the cart if absent.
    pub items: Option<Vec<Item>>,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Who pays, if somebody else.
    #[serde(alias = "billing")]
    pub billing_address: Option<Address>,
    /// At most 64 characters.
    #[serde(alias = "couponCode", alias = "code")]
    pub discount_code: Option<String>,
    /// Whom the buyer wants to pay through.
    pub payment_method: Option<PaymentMethod>,
    /// At most 1,000 characters.
    pub notes: Option<String>,
}

pub fn place_order(caller: Caller, request: Request) -> Result<Created<Json<OrderView>>> {
    let new = body(&request)?;
    let basket = match &new.items {
        Some(items) => basket::named(items.clone())?,
        None => basket::of(&caller)?,
    };
    if basket.is_empty() {
        let detail = "There is nothing to order.";
        return Err(Problem::conflict("empty-order", detail).with_field("items"));
    }
    let goods = goods(basket)?;
    let mut order = priced(&caller, &goods, &new)?;
    if !order.is_free() {
        unpaid::admit(caller.user()?)?;
    }
    for (at, (line, good)) in order.lines.iter_mut().zip(&goods).enumerate() {
        line.counted = shelf::take(&named(at), &good.product, good.quantity)?;
    }
    let id = kept(&mut order)?;
    if new.items.is_none() {
        basket::clear(&caller)?;
    }
    announce::created(&id, &order)?;
    free::settle(&id, &mut order)?;
    Ok(Created(Json(OrderView::of(id, order, &Eyes::All))))
}

/// The body; of the cart, nothing has to be said.
fn body(request: &Request) -> Result<NewOrder> {
    if request.body.is_empty() {
        return Ok(NewOrder::default());
    }
    Json::from_request(request).map(|Json(new)| new)
}

/// A line's name in refusals.
fn named(at: usize) -> String {
    format!("items.{at}")
}

/// What is wanted, as the catalogue sells it now.
fn goods(basket: Vec<Item>) -> Result<Vec<Good>> {
    let ids: Vec<String> = basket.iter().map(|item| item.product_id.clone()).collect();
    let mut offers = shelf::offers(&ids)?;
    let mut goods: Vec<Good> = Vec::with_capacity(basket.len());
    for (at, item) in basket.into_iter().enumerate() {
        let found = offers.iter().position(|offer| offer.id == item.product_id);
        let product = found.map(|found| offers.swap_remove(found));
        let product = product.ok_or_else(|| shelf::unavailable(&named(at), &item.product_id))?;
        check(&named(at), &product, item.quantity, goods.first())?;
        goods.push(Good {
            product,
            quantity: item.quantity,
        });
    }
    Ok(goods)
}

/// Whether so many pieces are for sale together with the first product.
fn check(at: &str, product: &Product, quantity: u32, first: Option<&Good>) -> Result<()> {
    if let Some(stock) = product.stock.filter(|stock| *stock < quantity) {
        return Err(shelf::scarce(at, &product.name, stock));
    }
    if !product.purchasable || product.price.minor < 0 {
        return Err(shelf::unavailable(at, &product.id));
    }
    let currency = &product.price.currency;
    match first.map(|first| &first.product.price.currency) {
        Some(other) if other != currency => {
            let detail = format!("An order has one currency, not {other} and {currency}.");
            Err(Problem::conflict("mixed-currencies", detail).with_field(format!("{at}.productId")))
        }
        _ => Ok(()),
    }
}

/// The order as it is placed, without a number; nothing is taken from stock yet.
fn priced(caller: &Caller, goods: &[Good], new: &NewOrder) -> Result<Order> {
    let address = |field, address: &Option<Address>| {
        let address = address.as_ref().map(|address| address.checked(field));
        address.transpose()
    };
    let shipping_address = address("shippingAddress", &new.shipping_address)?;
    let billing_address = address("billingAddress", &new.billing_address)?;
    let is_required = settings::get("address_required").unwrap_or(false);
    if is_required && shipping_address.is_none() && goods.iter().any(Good::is_tangible) {
        let detail = "Say where these goods shall go.";
        return Err(Problem::unprocessable("shippingAddress", detail));
    }
    let code = text::optional_line("discountCode", new.discount_code.as_deref(), CODE_CHARS_MAX)?;
    let currency = goods
        .first()
        .map(|good| good.product.price.currency.clone());
    let currency = currency.unwrap_or_default();
    let price = pricing::price(
        goods,
        &Terms {
            currency: &currency,
            buyer_id: caller.user()?,
            code: code.as_deref(),
            // Whoever has downloads only is taxed where they live.
            address: shipping_address.as_ref().or(billing_address.as_ref()),
        },
    )?;
    let lines = goods
        .iter()
        .zip(price.off)
        .map(|(good, off)| line(good, off));
    let lines: Vec<Line> = lines.collect();
    let mut vendor_ids: Vec<String> = lines.iter().map(|line| line.vendor_id.clone()).collect();
    vendor_ids.sort_unstable();
    vendor_ids.dedup();
    let now = clock::now_ms();
    let expires_at = unpaid_ms()?.map(|ms| now.saturating_add(ms));
    Ok(Order {
        number: String::new(),
        buyer_id: caller.user()?.to_owned(),
        buyer_email: caller.email.clone(),
        status: Status::Pending,
        payment_status: PaymentStatus::Pending,
        payment_id: None,
        payment_failure: None,
        payment_method: new.payment_method,
        currency,
        vendor_ids,
        product_ids: lines.iter().map(|line| line.product_id.clone()).collect(),
        lines,
        subtotal_minor: price.totals.subtotal,
        discount_minor: price.totals.discount,
        shipping_minor: price.totals.shipping,
        tax_minor: price.totals.tax,
        total_minor: price.totals.total,
        refunded_minor: 0,
        discount_code: code,
        discount_label: price.discount_label,
        shipping_label: price.shipping_label,
        shipping_address,
        billing_address,
        notes: text::optional_prose("notes", new.notes.as_deref(), NOTES_CHARS_MAX)?,
        tracking_number: None,
        reason: None,
        history: vec![Step {
            status: Status::Pending,
            by: Mover::Buyer,
            at: now,
        }],
        created_at: now,
        updated_at: now,
        expires_at: expires_at.filter(|_| price.totals.total > 0),
        is_erased: false,
    })
}

fn line(good: &Good, off: i64) -> Line {
    let product = &good.product;
    let line = Line {
        product_id: product.id.clone(),
        vendor_id: product.vendor_id.clone(),
        name: product.name.clone(),
        thumbnail: product.thumbnail.clone(),
        quantity: good.quantity,
        unit_price_minor: product.price.minor,
        net_minor: 0,
        counted: false,
        handed_over: false,
    };
    Line {
        net_minor: line.gross_minor() - off,
        ..line
    }
}

/// Keeps the order under an id and a number of its own.
fn kept(order: &mut Order) -> Result<String> {
    let id = random::ulid();
    for _ in 0..DRAWS_MAX {
        order.number = number::draw();
        match order.create(&id) {
            Ok(()) => return Ok(id),
            Err(StorageError::NotUnique(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::internal("no number is free"))
}

/// How long an order waits for its payment; none if for ever.
fn unpaid_ms() -> Result<Option<u64>> {
    let minutes: u64 = settings::get("unpaid_minutes").unwrap_or(0);
    if minutes > UNPAID_MINUTES_MAX {
        let detail = format!("the setting unpaid_minutes is more than {UNPAID_MINUTES_MAX}");
        return Err(Problem::internal(detail));
    }
    Ok((minutes > 0).then_some(minutes * MINUTE_MS))
}
