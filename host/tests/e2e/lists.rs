//! What every list of products does, whichever path it has: filters, orders, pages, cursors, totals.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};

use crate::shop;

type Matches = fn(&Value) -> bool;

/// Queries, and what a product is like that they are for.
const FILTERS: &[(&str, Matches)] = &[
    ("", |_| true),
    ("status=active", |_| true),
    ("category=dive", |p| p["category"] == "dive"),
    ("category=nothing", |_| false),
    ("brand=Kaito", |p| p["brand"] == "Kaito"),
    ("category=dive&brand=Kaito", |p| {
        p["category"] == "dive" && p["brand"] == "Kaito"
    }),
    ("type=agent", |p| p["type"] == "agent"),
    ("tag=Steel", |p| tagged(p, "steel")),
    ("tags=steel,blue", |p| {
        tagged(p, "steel") && tagged(p, "blue")
    }),
    ("minPrice=120", |p| priced(p, 120.0, f64::MAX)),
    ("maxPrice=120.5", |p| priced(p, 0.0, 120.5)),
    ("minPrice=110&maxPrice=150", |p| priced(p, 110.0, 150.0)),
    ("currency=EUR", |p| p["currency"] == "EUR"),
    ("currency=EUR&minPrice=1", |p| p["currency"] == "EUR"),
    ("vendorId=v2", |p| p["vendorId"] == "v2"),
    ("vendor=v2&category=gmt", |p| {
        p["vendorId"] == "v2" && p["category"] == "gmt"
    }),
    ("featured=true", |p| p["isFeatured"] == true),
    ("featured=false&popular=true", |p| {
        p["isFeatured"] == false && p["isPopular"] == true
    }),
    ("search=number+1", |p| {
        p["name"]
            .as_str()
            .is_some_and(|name| name.to_lowercase().contains('1'))
    }),
    ("q=KAITO%20dive", |p| {
        p["brand"] == "Kaito" && p["category"] == "dive"
    }),
    ("search=+", |_| true),
];

/// What a page is sorted by.
type Key = fn(&Value) -> String;

/// Orders, and the value by which each sorts; true for largest first.
const ORDERS: &[(&str, Key, bool)] = &[
    ("newest", |p| text(p, "createdAt"), true),
    ("oldest", |p| text(p, "createdAt"), false),
    ("price_asc", |p| number(p, "price"), false),
    ("price_desc", |p| number(p, "price"), true),
    (
        "rating",
        |p| number(p, "rating") + &number(p, "reviewCount"),
        true,
    ),
    (
        "popular",
        |p| number(p, "downloadCount") + &number(p, "reviewCount"),
        true,
    ),
    ("name", |p| text(p, "name"), false),
];

/// Queries that make no sense, and the parameter at fault.
const MISTAKES: &[(&str, &str)] = &[
    ("limit=0", "limit"),
    ("limit=-1", "limit"),
    ("limit=ten", "limit"),
    ("limit=1&limit=2", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("offset=-1", "offset"),
    ("offset=10001", "offset"),
    ("minPrice=-1", "minPrice"),
    ("minPrice=NaN", "minPrice"),
    ("minPrice=1e400", "minPrice"),
    ("maxPrice=1e300", "maxPrice"),
    ("minPrice=2&maxPrice=1", "minPrice"),
    ("minPrice=1&currency=usd", "currency"),
    ("type=robot", "type"),
    ("featured=perhaps", "featured"),
    ("status=sold", "status"),
    ("sort=random", "sort"),
    ("tags=a,b,c,d,e,f,g,h,i,j,k", "tags"),
    ("cursor=garbage", "cursor"),
    ("cursor=e30", "cursor"),
    (
        "cursor=eyJvZiI6MSwiYXQiOnsia2V5cyI6W10sImlkIjoieCJ9fQ",
        "cursor",
    ),
    ("cursor=garbage&offset=1", "cursor"),
];

/// Queries that must not become anything but a search for what they say.
const HARMLESS: &[&str] = &[
    "search=%00",
    "category=%00",
    "brand=%F0%9F%98%80",
    "q=%27%3B%20REMOVE%20TABLE%20c_catalog_products%3B",
    "search=%22%5C%60%24%7B%7D",
    "category=%FF%FE",
    "tag=%25",
    "vendorId=u%3Av1",
    "unheard=of",
];

fn text(product: &Value, member: &str) -> String {
    product[member].as_str().expect("a text").to_owned()
}

/// A number as text that sorts as the number does.
fn number(product: &Value, member: &str) -> String {
    format!("{:020.4}", product[member].as_f64().expect("a number"))
}

fn tagged(product: &Value, tag: &str) -> bool {
    product["tags"]
        .as_array()
        .is_some_and(|tags| tags.iter().any(|known| known == tag))
}

fn priced(product: &Value, least: f64, most: f64) -> bool {
    product["currency"] == "USD"
        && product["price"]
            .as_f64()
            .is_some_and(|price| (least..=most).contains(&price))
}

/// Two dozen products on sale, some made in the same millisecond, and four that nobody may see.
async fn stock(host: &TestHost) -> Vec<Value> {
    let mut ids = Vec::new();
    for number in 0..24_u32 {
        let category = ["dive", "dress", "gmt"][number as usize % 3];
        let members = json!({
            "name": format!("Number {number:02}"),
            "vendorId": if number % 3 == 0 { "v2" } else { "v1" },
            "brand": if number % 2 == 0 { "Kaito" } else { "Halvorsen" },
            "category": category,
            "type": if number % 4 == 0 { json!("agent") } else { Value::Null },
            "tags": if number % 5 == 0 { vec!["steel", "blue"] } else { vec!["steel"; (number % 2) as usize] },
            "price": 100.0 + f64::from(number / 2) * 4.25,
            "currency": if number == 7 { "EUR" } else { "USD" },
            "isFeatured": number % 6 == 0,
            "isPopular": number % 4 == 1,
        });
        ids.push(shop::id(&shop::sell(host, members).await));
        host.clock.advance(if number % 4 == 0 { 0 } else { 1_000 });
    }
    for status in ["draft", "pending", "rejected", "draft"] {
        let _ = shop::sell(host, json!({ "status": status, "vendorId": "v1" })).await;
    }
    for (user, position, rating) in [("u1", 3, 5), ("u2", 3, 4), ("u1", 8, 5), ("u1", 20, 1)] {
        let path = format!("/api/marketplace/products/{}/reviews", ids[position]);
        let _ = host
            .user(user)
            .post(&path, &json!({ "rating": rating }))
            .await
            .expect(201);
    }
    let mut shown = Vec::new();
    for id in ids {
        shown.push(
            host.admin()
                .get(&format!("/products/{id}"))
                .await
                .json_of(200),
        );
    }
    shown
}

/// Tells the whole story of a list of the products on sale.
pub async fn behaves(host: &TestHost, actor: &Actor, path: &str) {
    let shown = stock(host).await;
    filters(actor, path, &shown).await;
    orders_and_pages(actor, path, &shown).await;
    mistakes(actor, path).await;
    bounds(host, actor, path).await;
}

async fn filters(actor: &Actor, path: &str, shown: &[Value]) {
    for (query, matches) in FILTERS {
        let expected: BTreeSet<String> =
            shown.iter().filter(|p| matches(p)).map(shop::id).collect();
        let list = actor
            .get(&format!("{path}?limit=200&{query}"))
            .await
            .json_of(200);
        let found = shop::ids(&list);
        assert_eq!(
            found.iter().cloned().collect::<BTreeSet<_>>(),
            expected,
            "{path}?{query}"
        );
        assert_eq!(
            (found.len(), &list["total"]),
            (expected.len(), &json!(expected.len())),
            "{path}?{query}"
        );
    }
    for query in HARMLESS {
        let answer = actor.get(&format!("{path}?{query}")).await;
        assert!(
            answer.status.as_u16() < 500,
            "{path}?{query}: {}",
            answer.json()
        );
    }
}

async fn orders_and_pages(actor: &Actor, path: &str, shown: &[Value]) {
    for (order, key, descending) in ORDERS {
        let whole = actor
            .get(&format!("{path}?limit=200&sort={order}"))
            .await
            .json_of(200);
        let items = whole["items"].as_array().unwrap();
        assert!(
            whole["nextCursor"].is_null() && items.len() == shown.len(),
            "{order}"
        );
        let in_order = items.windows(2).all(|pair| {
            let (before, after) = (key(&pair[0]), key(&pair[1]));
            if *descending {
                before >= after
            } else {
                before <= after
            }
        });
        assert!(
            in_order,
            "{order}: {:?}",
            items.iter().map(key).collect::<Vec<_>>()
        );
        let all = shop::ids(&whole);
        for limit in [1, 5, 24] {
            assert_eq!(
                shop::walk(actor, &format!("{path}?sort={order}&limit={limit}")).await,
                all,
                "{order} by {limit}"
            );
        }
        let mut by_offset = Vec::new();
        for offset in (0..30).step_by(7) {
            let page = actor
                .get(&format!("{path}?sort={order}&limit=7&offset={offset}"))
                .await
                .json_of(200);
            assert_eq!(
                (&page["total"], &page["offset"], &page["limit"]),
                (&json!(24), &json!(offset), &json!(7))
            );
            by_offset.extend(shop::ids(&page));
        }
        assert_eq!(by_offset, all, "{order} by offset");
    }
    let filtered = actor
        .get(&format!("{path}?category=dive&limit=200"))
        .await
        .json_of(200);
    assert_eq!(
        shop::walk(actor, &format!("{path}?category=dive&limit=3")).await,
        shop::ids(&filtered)
    );
}

async fn mistakes(actor: &Actor, path: &str) {
    for (query, field) in MISTAKES {
        shop::assert_refused(
            actor.get(&format!("{path}?{query}")).await,
            Some(field),
            query,
        );
    }
    let long = format!("search={}", "x".repeat(201));
    shop::assert_refused(
        actor.get(&format!("{path}?{long}")).await,
        Some("search"),
        "a long search",
    );
    let endless = "x".repeat(9 << 10);
    let _ = actor
        .get(&format!("{path}?q={endless}"))
        .await
        .problem(414, "query-too-long");
    // A cursor belongs to the query that gave it.
    let page = actor
        .get(&format!("{path}?limit=1&sort=name"))
        .await
        .json_of(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    for other in ["sort=price_asc", "sort=name&category=dive", "sort=newest"] {
        let answer = actor
            .get(&format!("{path}?limit=1&{other}&cursor={cursor}"))
            .await;
        shop::assert_refused(answer, Some("cursor"), other);
    }
}

async fn bounds(host: &TestHost, actor: &Actor, path: &str) {
    let list = actor.get(path).await.json_of(200);
    assert_eq!(
        (&list["limit"], list["items"].as_array().unwrap().len()),
        (&json!(20), 20)
    );
    assert_eq!(
        actor.get(&format!("{path}?limit=5000")).await.json_of(200)["limit"],
        200
    );
    for status in ["all", "draft", "pending", "rejected"] {
        let _ = actor
            .get(&format!("{path}?status={status}"))
            .await
            .problem(403, "forbidden");
    }
    assert_eq!(
        host.admin()
            .get(&format!("{path}?status=all"))
            .await
            .json_of(200)["total"],
        28
    );
    assert_eq!(
        host.admin()
            .get(&format!("{path}?status=draft"))
            .await
            .json_of(200)["total"],
        2
    );
    let own = host
        .vendor("v1")
        .get(&format!("{path}?status=all&limit=200"))
        .await
        .json_of(200);
    assert!(
        own["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["vendorId"] == "v1")
            && own["total"] == 20,
        "{}",
        own["total"]
    );
    let _ = host
        .vendor("v1")
        .get(&format!("{path}?status=all&vendorId=v2"))
        .await
        .problem(403, "forbidden");
}
