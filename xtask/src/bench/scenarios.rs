//! What is asked of both sides.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::client;

/// The plugins of plugins/examples whose only work is to say hello.
pub const HELLO_FRESH: &str = "/bench/hello/fresh";
const HELLO_REUSED: &str = "/bench/hello/reused";
/// The same without a plugin.
const HELLO_NATIVE: &str = "/bench/native";
const HELLO_PEER: &str = "/hello";
const PRODUCTS: &str = "/api/marketplace/products";
const CART_ITEMS: &str = "/api/cart/items";
const TOKENS: &str = "/auth/token";

/// Shoppers that fill carts at the same time.
const SHOPPERS: u32 = 256;
/// Products that they put into their carts: few, as in a real cart.
const PRODUCTS_IN_CART: usize = 5;
/// A cart that takes this many of a product at once takes one many times over.
const PROBE_QUANTITY: u32 = 900;
/// Products per page of our own reading.
const PAGE: usize = 200;
/// Products of the invented shop.
const INVENTED: usize = 60;

/// What a host remembers of its work: for honesty, some reads are also measured without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remembered {
    /// Answers, as every host does.
    Answers,
    /// Results of queries: each request runs its handler.
    Results,
    /// Neither: each query runs, too.
    Nothing,
}

impl Remembered {
    /// What is measured beside the usual.
    pub const LESS: [Self; 2] = [Self::Results, Self::Nothing];

    /// What its host has to be told.
    pub const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Answers => &[],
            Self::Results => &[("STOA_PLUGINS__ANSWER_BYTES_MAX", "0")],
            Self::Nothing => &[
                ("STOA_PLUGINS__ANSWER_BYTES_MAX", "0"),
                ("STOA_STORE__QUERY_CACHE_ENTRIES_MAX", "0"),
            ],
        }
    }
}

/// One kind of request.
pub struct Scenario {
    /// What the report calls it.
    pub name: &'static str,
    /// By which host of Stoa it is answered.
    pub remembered: Remembered,
    pub method: &'static str,
    /// Where Stoa answers.
    pub stoa_path: String,
    /// Where the peer answers.
    pub peer_path: String,
    /// One of these at random.
    pub bodies: Vec<Value>,
    /// As how many different shoppers; 0 as nobody.
    pub shoppers: u32,
}

impl Scenario {
    fn get(name: &'static str, stoa_path: impl Into<String>, peer_path: impl Into<String>) -> Self {
        Self {
            name,
            remembered: Remembered::Answers,
            method: "GET",
            stoa_path: stoa_path.into(),
            peer_path: peer_path.into(),
            bodies: Vec::new(),
            shoppers: 0,
        }
    }
}

/// What both sides sell.
pub struct Shop {
    pub products: Vec<Value>,
    /// The product that is asked for.
    id: String,
    /// The filter of the page.
    query: String,
    /// How many products the filter finds; none when nobody knows.
    total: Option<u64>,
    /// Products for the cart.
    in_cart: Vec<String>,
}

impl Shop {
    /// Where one of its products is.
    pub fn product_path(&self) -> String {
        format!("{PRODUCTS}/{}", self.id)
    }

    /// What Stoa sells.
    pub fn of(address: SocketAddr) -> Result<Self> {
        let mut products: Vec<Value> = Vec::new();
        loop {
            let path = format!("{PRODUCTS}?limit={PAGE}&offset={}", products.len());
            let mut page = client::get(address, &path)?.json()?;
            let items = page
                .get_mut("items")
                .and_then(Value::as_array_mut)
                .context("a page without items")?;
            if items.is_empty() {
                break;
            }
            products.append(items);
        }
        let mut shop = Self::selling(products)?;
        shop.total = Some(total(address, &shop.query)?);
        shop.in_cart = goods_without_stock(address, &shop.products)?;
        Ok(shop)
    }

    /// Something to sell, to try the peer alone.
    pub fn invented() -> Self {
        let product = |number: usize| {
            json!({
                "id": format!("product-{number}"), "name": format!("Product {number}"), "status": "active",
                "category": if number.is_multiple_of(3) { "Rare" } else { "Common" }, "price": number + 1, "currency": "USD",
                "createdAt": format!("2025-01-01T00:00:{:02}Z", number % 60),
                "description": "Something that somebody might want to have.", "tags": ["a", "b"],
            })
        };
        let products: Vec<Value> = (0..INVENTED).map(product).collect();
        let in_cart = (0..PRODUCTS_IN_CART)
            .map(|number| format!("product-{number}"))
            .collect();
        Self {
            products,
            id: "product-0".into(),
            query: "?category=Common&minPrice=1&limit=20".into(),
            total: None,
            in_cart,
        }
    }

    fn selling(products: Vec<Value>) -> Result<Self> {
        let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
        for product in &products {
            *categories.entry(text(product, "category")?).or_default() += 1;
        }
        let largest = categories.into_iter().max_by_key(|(_, count)| *count);
        let (category, _) = largest.context("the shop sells nothing; is there demo data?")?;
        let query = format!(
            "?category={}&minPrice=1&limit=20",
            category.replace('&', "%26").replace(' ', "%20")
        );
        let id = text(products.first().context("no product")?, "id")?.to_owned();
        Ok(Self {
            products,
            id,
            query,
            total: None,
            in_cart: Vec::new(),
        })
    }

    /// Fails if the other side answers the page otherwise: then the comparison would mean nothing.
    pub fn check_same_total(&self, address: SocketAddr) -> Result<()> {
        let other = total(address, &self.query)?;
        match self.total {
            Some(own) if own != other => bail!(
                "Stoa finds {own} products for {}, the peer {other}",
                self.query
            ),
            _ => Ok(()),
        }
    }
}

fn text<'a>(product: &'a Value, member: &str) -> Result<&'a str> {
    product
        .get(member)
        .and_then(Value::as_str)
        .with_context(|| format!("a product without {member}: {product}"))
}

fn total(address: SocketAddr, query: &str) -> Result<u64> {
    let page = client::get(address, &format!("{PRODUCTS}{query}"))?.json()?;
    page.get("total")
        .and_then(Value::as_u64)
        .context("a page without total")
}

/// Products of which a cart takes as many as the measurement will put into it.
fn goods_without_stock(address: SocketAddr, products: &[Value]) -> Result<Vec<String>> {
    let token = token(address, "bench-probe")?;
    let mut goods = Vec::new();
    for product in products {
        let id = text(product, "id")?;
        let body = json!({"productId": id, "quantity": PROBE_QUANTITY});
        if client::post(address, CART_ITEMS, Some(&token), &body)?.status < 300 {
            goods.push(id.to_owned());
        }
        if goods.len() == PRODUCTS_IN_CART {
            return Ok(goods);
        }
    }
    bail!(
        "only {} products can be put into carts without end",
        goods.len()
    )
}

/// A token for a shopper.
pub fn token(address: SocketAddr, shopper: &str) -> Result<String> {
    let body = json!({"userId": shopper, "email": format!("{shopper}@bench.example")});
    let answer = client::post(address, TOKENS, None, &body)?.json()?;
    Ok(answer
        .get("token")
        .and_then(Value::as_str)
        .context("an answer without token")?
        .to_owned())
}

/// What is measured. Neighbours that ask the peer for the same belong together.
pub fn all(shop: &Shop) -> Vec<Scenario> {
    let product = |name| Scenario::get(name, shop.product_path(), shop.product_path());
    let page_path = format!("{PRODUCTS}{}", shop.query);
    let page = |name| Scenario::get(name, page_path.clone(), page_path.clone());
    let where_only = |remembered, scenario| Scenario {
        remembered,
        ..scenario
    };
    let bodies = shop
        .in_cart
        .iter()
        .map(|id| json!({"productId": id, "quantity": 1}));
    vec![
        Scenario::get("hello, native", HELLO_NATIVE, HELLO_PEER),
        Scenario::get("hello, fresh instance", HELLO_FRESH, HELLO_PEER),
        Scenario::get("hello, reused instance", HELLO_REUSED, HELLO_PEER),
        product("product by id"),
        where_only(Remembered::Results, product("product by id, handler runs")),
        page("product page"),
        where_only(Remembered::Results, page("product page, handler runs")),
        where_only(Remembered::Nothing, page("product page, query runs")),
        Scenario {
            method: "POST",
            bodies: bodies.collect(),
            shoppers: SHOPPERS,
            ..Scenario::get("add to cart", CART_ITEMS, CART_ITEMS)
        },
    ]
}
