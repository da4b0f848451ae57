//! Redis goes away before each step of a checkout, or stands still: nothing about money is in it, so nothing is lost and
//! nobody has to wait for it.

use std::time::{Duration, Instant};

use crate::health::until_whole;
use crate::invariants::crash::house::House;
use crate::invariants::crash::sale::{Sale, Step};
use crate::redis::Server;

/// What of the host goes through Redis, as `/health` calls it.
const PARTS: [&str; 2] = ["redis", "live-bus"];

/// Every request waits a little for a Redis that stands still before it is counted here, and no longer.
const SALE_MAX: Duration = Duration::from_secs(60);

/// A sale that Redis leaves before each of its steps, and another one when it is back.
async fn goes_on_without(leave: impl Fn(&mut Server), come_back: impl Fn(&mut Server)) {
    let (house, mut redis) = (House::open().await, Server::start());
    let url = redis.url();
    let environment = [
        ("STOA_REDIS__URL", &*url),
        ("STOA_LIMITS__ENABLED", "true"),
        ("STOA_LIMITS__PER_MINUTE", "1000000"),
        ("STOA_LIMITS__SIGN_IN_PER_MINUTE", "1000000"),
        ("STOA_LIMITS__ORGANIZATION_PER_MINUTE", "1000000"),
    ];
    let host = house.start_with(&environment).await;
    let mut sold = Vec::new();
    for taken in 0..Step::ALL.len() {
        // What follows has something to lose.
        for part in PARTS {
            until_whole(part, true, async || host.get("/health", "").await.1).await;
        }
        let mut sale = Sale::new(&house, format!("without-{taken}"));
        let walked = sale.walk(&host, &Step::ALL[..taken]).await;
        walked.expect("the host lives");
        leave(&mut redis);
        let begun = Instant::now();
        sold.push(sale.finish(&host).await);
        assert!(begun.elapsed() < SALE_MAX, "the sale waits for Redis");
        come_back(&mut redis);
        let again = Sale::new(&house, format!("with-{taken}"));
        sold.push(again.finish(&host).await);
    }
    host.kill();
    house.assert_whole(&sold).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_goes_on_when_redis_dies() {
    goes_on_without(Server::kill, Server::revive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_goes_on_when_redis_stands_still() {
    goes_on_without(|redis| redis.freeze(), |redis| redis.thaw()).await;
}
