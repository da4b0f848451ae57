//! Carts of three products become orders, on both sides with the same goods, shoppers and bodies.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::host::Host;
use super::load::{Load, Measure};
use super::peer::Peer;
use super::report::Peers;
use super::volley::{self, Volley};
use super::wire::Shot;

/// Where both sides take orders.
pub const PATH: &str = "/api/orders";
/// The row of both sides.
pub const NAME: &str = "order of a cart of three";
/// The row of a host where others hear of orders and work on them.
pub const NAME_HEARD: &str = "the same, four plugins hear it";
/// What an order takes of the host.
pub const PLUGINS: &[&str] = &["cart", "catalog", "orders"];
/// With those who hear of orders, and what these need.
pub const PLUGINS_HEARING: &[&str] = &[
    "analytics",
    "cart",
    "catalog",
    "customers",
    "downloads",
    "notifications",
    "orders",
    "profiles",
];

const CART_ITEMS: &str = "/api/cart/items";
const TOKENS: &str = "/auth/token";
const PRODUCTS: &str = "/api/marketplace/products";

/// Goods on sale. Of 32 orders at a time with three products each, about every eighth meets another that wants one of
/// its products.
const GOODS: usize = 2_000;
/// Who sells them; most orders have lines of three of them.
const VENDORS: usize = 40;
/// Pieces of each: more than anybody orders here.
const STOCK: u32 = 100_000;
/// Products of a cart.
const LINES: usize = 3;
/// Carts that are filled for each second of measuring, which ends early when they are used up.
const CARTS_PER_SECOND: u32 = 1_500;
/// Carts that warm caches and compilers up, uncounted.
const WARM_UP_CARTS: usize = 1_000;
/// Longer than any filling takes.
const NO_HURRY: Duration = Duration::from_secs(600);

/// What is on sale, as clients know it.
fn goods() -> Vec<Value> {
    (0..GOODS).map(good).collect()
}

fn good(number: usize) -> Value {
    json!({
        "id": id(number), "vendorId": format!("vendor-{}", number % VENDORS), "name": format!("Good number {number}"),
        "category": "Goods", "price": price(number), "currency": "USD", "stock": STOCK, "status": "active",
        "createdAt": "2025-01-01T00:00:00Z", "description": "Something that somebody might want to have.",
    })
}

/// In major units.
const fn price(number: usize) -> usize {
    5 + number % 90
}

fn id(number: usize) -> String {
    format!("good-{number:04}")
}

/// Writes the goods into `folder` as the host's demo data.
fn write_demo(folder: &Path) -> Result<()> {
    let steps = goods().into_iter().map(|mut good| {
        if let Some(members) = good.as_object_mut() {
            members.retain(|name, _| name != "status" && name != "createdAt");
        }
        json!({
            "as": {"userId": "bench-admin", "email": "admin@bench.example", "role": "admin"},
            "method": "POST", "path": PRODUCTS, "body": good,
        })
    });
    fs::create_dir_all(folder)?;
    let steps: Vec<Value> = steps.collect();
    Ok(fs::write(
        folder.join("goods.json"),
        serde_json::to_vec(&steps)?,
    )?)
}

/// Orders on a host of its own, with these plugins.
pub fn of_stoa(load: &Load, stoa: &Path, folder: &Path, plugins: &Path) -> Result<Measure> {
    let demo = folder.join("demo");
    write_demo(&demo)?;
    let demo = demo.to_str().context("a folder without a name")?;
    let host = Host::start(stoa, folder, plugins, &[("STOA_DEV__DEMO", demo)])?;
    measure(load, host.address())
}

/// Orders at a peer of its own.
pub fn of_peer(load: &Load, folder: &Path, which: Peers, cores: usize) -> Result<Measure> {
    let peer = Peer::start(folder, &goods(), which, cores)?;
    measure(load, peer.address())
}

/// Fills carts, then orders them.
fn measure(load: &Load, address: SocketAddr) -> Result<Measure> {
    let carts = WARM_UP_CARTS + usize::try_from(load.seconds * CARTS_PER_SECOND)?;
    let send = |shots: &[Shot], at_most| volley::send(address, load.connections, shots, at_most);
    let tokens = tokens(&send(&sign_ins(carts), NO_HURRY)?, carts)?;
    for line in 0..LINES {
        let item = |(cart, token): (usize, &String)| Shot {
            path: CART_ITEMS.into(),
            token: Some(token.clone()),
            body: Some(json!({"productId": id(product(cart, line)), "quantity": quantity(line)})),
        };
        let shots: Vec<Shot> = tokens.iter().enumerate().map(item).collect();
        all_good(&send(&shots, NO_HURRY)?)?;
    }
    let order = |token: &String| Shot {
        path: PATH.into(),
        token: Some(token.clone()),
        body: Some(body()),
    };
    let shots: Vec<Shot> = tokens.iter().map(order).collect();
    println!("orders of {carts} carts http://{address}{PATH}");
    let (warm_up, counted) = shots
        .split_at_checked(WARM_UP_CARTS)
        .context("too few carts to warm up")?;
    all_good(&send(warm_up, NO_HURRY)?)?;
    let volley = send(counted, Duration::from_secs(load.seconds.into()))?;
    for (at, answer) in &volley.answers {
        check(WARM_UP_CARTS + at, answer)?;
    }
    if let Some(refusal) = &volley.refusal {
        println!("an order was refused: {refusal}");
    }
    Ok(volley.measure)
}

/// What is said of an order beside the cart.
fn body() -> Value {
    json!({
        "shippingAddress": {
            "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "SW1Y 4JH",
            "country": "GB",
        },
        "paymentMethod": "stripe",
        "notes": "Please ring twice.",
    })
}

/// The good in this line of this cart: by chance, so that carts meet over goods as people do, and no good twice in a cart.
const fn product(cart: usize, line: usize) -> usize {
    (mixed(cart) % GOODS + line * (GOODS / LINES)) % GOODS
}

/// The end of MurmurHash3 (64 bits): neighbours have nothing in common.
const fn mixed(number: usize) -> usize {
    let mut mixed = number as u64;
    mixed ^= mixed >> 33;
    mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^= mixed >> 33;
    mixed = mixed.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^= mixed >> 33;
    (mixed % (1 << 31)) as usize
}

const fn quantity(line: usize) -> usize {
    1 + line
}

/// What the cart costs, in major units.
fn total(cart: usize) -> usize {
    let line = |line| price(product(cart, line)) * quantity(line);
    (0..LINES).map(line).sum()
}

/// That the answer is an order of this cart, whole.
fn check(cart: usize, answer: &str) -> Result<()> {
    let order: Value = serde_json::from_str(answer)?;
    let lines = order.get("items").and_then(Value::as_array).map(Vec::len);
    let charged = order.get("total").and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred are exact")]
    let expected = total(cart) as f64;
    if lines != Some(LINES) || charged != Some(expected) {
        bail!("cart {cart} costs {expected}, but its order says {answer}");
    }
    Ok(())
}

fn sign_ins(shoppers: usize) -> Vec<Shot> {
    let sign_in = |shopper| Shot {
        path: TOKENS.into(),
        token: None,
        body: Some(json!({
            "userId": format!("shopper-{shopper}"), "email": format!("shopper-{shopper}@bench.example"),
        })),
    };
    (0..shoppers).map(sign_in).collect()
}

/// The shoppers' tokens in their order.
fn tokens(signed_in: &Volley, shoppers: usize) -> Result<Vec<String>> {
    all_good(signed_in)?;
    let mut tokens = vec![String::new(); shoppers];
    for (at, answer) in &signed_in.answers {
        let answer: Value = serde_json::from_str(answer)?;
        let token = answer.get("token").and_then(Value::as_str);
        let token = token.context("an answer without a token")?;
        token.clone_into(tokens.get_mut(*at).context("more answers than shoppers")?);
    }
    Ok(tokens)
}

fn all_good(volley: &Volley) -> Result<()> {
    match &volley.refusal {
        Some(refusal) => bail!("nothing can be measured: {refusal}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_has_three_products_and_every_product_is_in_some_cart() {
        let mut wanted = vec![0_usize; GOODS];
        for cart in 0..20 * GOODS {
            let products: Vec<usize> = (0..LINES).map(|line| product(cart, line)).collect();
            assert!(
                products
                    .iter()
                    .collect::<std::collections::BTreeSet<_>>()
                    .len()
                    == LINES,
                "{products:?}"
            );
            for product in products {
                if let Some(count) = wanted.get_mut(product) {
                    *count += 1;
                }
            }
        }
        // 60 on average: none is forgotten, none a favourite.
        assert!(
            wanted.iter().all(|count| (1..=600).contains(count)),
            "{wanted:?}"
        );
    }
}
