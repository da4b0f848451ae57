//! kill -9 after each step of a sale, and at moments that nobody has chosen.

use std::time::{Duration, Instant};

use super::house::House;
use super::sale::{Sale, Step};

/// Moments that nobody has chosen.
const MOMENTS: u32 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_steps_of_a_sale_leaves_nothing_half_done() {
    let house = House::open().await;
    let mut sold = Vec::new();
    for taken in 1..Step::ALL.len() {
        let host = house.start().await;
        let mut sale = Sale::new(&house, format!("buyer-{taken}"));
        let walked = sale.walk(&host, &Step::ALL[..taken]).await;
        walked.expect("the host lives");
        host.kill();
        let host = house.start().await;
        sold.push(sale.finish(&host).await);
        host.kill();
        house.assert_whole(&sold).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_moment_of_a_sale_leaves_nothing_half_done() {
    let house = House::open().await;
    let host = house.start().await;
    let begun = Instant::now();
    let mut sold = vec![Sale::new(&house, "first".into()).finish(&host).await];
    let whole = begun.elapsed();
    host.kill();
    for moment in 0..MOMENTS {
        let host = house.start().await;
        let mut sale = Sale::new(&house, format!("buyer-{moment}"));
        // Spread over a whole sale, a little differently on every machine.
        let after: Duration = whole * (2 * moment + 1) / (2 * MOMENTS);
        tokio::select! {
            walked = sale.walk(&host, &Step::ALL) => walked.expect("the host lives"),
            () = tokio::time::sleep(after) => {}
        }
        host.kill();
        let host = house.start().await;
        sold.push(sale.finish(&host).await);
        host.kill();
        house.assert_whole(&sold).await;
    }
}
