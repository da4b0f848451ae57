//! Carts of three products become orders, on all sides with the same goods, shoppers and bodies, in turns.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::host::Host;
use super::load::{Load, Measure};
use super::peer::Peer;
use super::report::{Peers, Row};
use super::turns::{self, Side, TURNS};
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
/// Carts that warm caches and compilers up before each turn, uncounted.
const WARM_UP_CARTS: usize = 200;
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

/// A host that sells the goods, with these plugins.
pub fn host(stoa: &Path, folder: &Path, plugins: &Path) -> Result<Host> {
    let demo = folder.join("demo");
    write_demo(&demo)?;
    let demo = demo.to_str().context("a folder without a name")?;
    Host::start(stoa, folder, plugins, &[("STOA_DEV__DEMO", demo)])
}

/// A peer that sells the same.
pub fn peer(folder: &Path, which: Peers, cores: usize) -> Result<Peer> {
    Peer::start(folder, &goods(), which, cores)
}

/// Orders at these hosts, each a row of its name, and at these peers, who belong to the row of [`NAME`].
pub fn run(
    load: &Load,
    hosts: &[(&'static str, Host)],
    peers: &[(Peers, Peer)],
) -> Result<Vec<Row>> {
    let hosts_sides = hosts
        .iter()
        .map(|(_, host)| (host.address(), host.processes()));
    let peers_sides = peers
        .iter()
        .map(|(_, peer)| (peer.address(), peer.processes()));
    let sides = hosts_sides.chain(peers_sides);
    let mut sides = sides
        .map(|(address, processes)| Carts::filled(load, address, processes))
        .collect::<Result<Vec<_>>>()?;
    let mut measured = turns::run(load, &mut sides)?.into_iter();
    let mut rows = Vec::new();
    for ((name, _), measure) in hosts.iter().zip(measured.by_ref()) {
        Row::set(&mut rows, name, PATH, |row| row.stoa = Some(measure));
    }
    for ((which, _), measure) in peers.iter().zip(measured) {
        Row::set(&mut rows, NAME, PATH, |row| {
            row.peers.insert(*which, measure);
        });
    }
    Ok(rows)
}

/// Carts that wait to be ordered at one side.
struct Carts {
    address: SocketAddr,
    processes: Vec<u32>,
    orders: Vec<Shot>,
    /// How many of them are ordered.
    ordered: usize,
}

impl Carts {
    /// Enough of them for the load.
    fn filled(load: &Load, address: SocketAddr, processes: Vec<u32>) -> Result<Self> {
        let carts =
            TURNS as usize * WARM_UP_CARTS + usize::try_from(load.seconds * CARTS_PER_SECOND)?;
        println!("{carts} carts to be ordered at http://{address}{PATH}");
        let send = |shots: &[Shot]| volley::send(address, load.connections, shots, NO_HURRY);
        let tokens = tokens(&send(&sign_ins(carts))?, carts)?;
        for line in 0..LINES {
            let item = |(cart, token): (usize, &String)| Shot {
                path: CART_ITEMS.into(),
                token: Some(token.clone()),
                body: Some(
                    json!({"productId": id(product(cart, line)), "quantity": quantity(line)}),
                ),
            };
            let shots: Vec<Shot> = tokens.iter().enumerate().map(item).collect();
            all_good(&send(&shots)?)?;
        }
        let order = |token: &String| Shot {
            path: PATH.into(),
            token: Some(token.clone()),
            body: Some(body()),
        };
        Ok(Self {
            address,
            processes,
            orders: tokens.iter().map(order).collect(),
            ordered: 0,
        })
    }

    /// Orders the next ones, so many at most, and looks at each answer.
    fn order(&mut self, load: &Load, carts_max: usize, at_most: Duration) -> Result<Volley> {
        let left = self.orders.get(self.ordered..).unwrap_or_default();
        let next = left.get(..carts_max).unwrap_or(left);
        let volley = volley::send(self.address, load.connections, next, at_most)?;
        for (at, answer) in &volley.answers {
            check(self.ordered + at, answer)?;
        }
        self.ordered += usize::try_from(volley.measure.requests)?;
        Ok(volley)
    }
}

impl Side for Carts {
    fn processes(&self) -> &[u32] {
        &self.processes
    }

    fn warm_up(&mut self, turn: &Load) -> Result<()> {
        all_good(&self.order(turn, WARM_UP_CARTS, NO_HURRY)?)
    }

    fn ask(&mut self, turn: &Load) -> Result<Measure> {
        let volley = self.order(turn, usize::MAX, Duration::from_secs(turn.seconds.into()))?;
        if let Some(refusal) = &volley.refusal {
            println!("an order was refused: {refusal}");
        }
        Ok(volley.measure)
    }
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
