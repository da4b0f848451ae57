//! A batch of payouts: the host dies in the middle of it, and the administrator begins it anew.

use serde_json::json;

use super::house::{House, VENDOR, died, text, token};
use super::rounds;
use super::sale::{Gone, Sale, administrator, post};
use crate::process::Stoa;

/// Payouts of one batch.
const BATCH: usize = 6;
/// What is paid out each time: the smallest payout is 10.00, and a sale brings the vendor 44.99.
const AMOUNT: f64 = 10.0;
/// What the vendor has of a sale, rounded down.
const EARNED: f64 = 44.0;

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_batch_of_payouts() {
    let house = House::open().await;
    let host = house.start().await;
    let mut sold = Vec::new();
    // Sales that pay for all rounds.
    let sales = (AMOUNT * (BATCH * rounds()) as f64 / EARNED).ceil() as usize;
    for number in 0..sales {
        sold.push(
            Sale::new(&house, format!("buyer-{number}"))
                .finish(&host)
                .await,
        );
    }
    host.kill();
    for round in 0..rounds() {
        let host = house.start().await;
        let vendor = token(&host, VENDOR, "vendor").await;
        let mut batch = Vec::new();
        for number in 0..BATCH {
            let body = json!({ "amount": AMOUNT });
            let key = format!("ask-{round}-{number}");
            let asked = post(&host, "/api/vendors/payouts", &vendor, &key, &body).await;
            batch.push(text(&asked.unwrap().of(201), "id").to_owned());
        }
        host.kill();
        // Half of them are paid; of the next one nobody knows. Both sides of its commit.
        let place = ["before-commit", "after-commit"][round % 2];
        let place = format!("{place}:vendors:{}", BATCH / 2 + 1);
        let host = house.start_dying(&place).await;
        let paid = pay(&host, &batch).await;
        let _ = died(host).await;
        assert!(paid.is_err(), "the batch came to its end");

        let books = house.books().await;
        books.assert_settled();
        let count = |status: &str| {
            let own = batch.iter().map(|id| &books.payouts[id]);
            own.filter(|payout| payout["status"] == status).count()
        };
        assert_eq!(
            (count("paid"), count("pending")),
            (BATCH / 2 + round % 2, BATCH / 2 - round % 2)
        );

        let host = house.start().await;
        pay(&host, &batch).await.expect("the host lives");
        host.kill();
        let books = house.books().await;
        books.assert_settled();
        let paid = (AMOUNT * 100.0) as usize * BATCH * (round + 1);
        assert_eq!(books.balances[&format!("{VENDOR}:USD")]["paid_out"], paid);
    }
    house.assert_whole(&sold).await;
}

async fn pay(host: &Stoa, batch: &[String]) -> Result<(), Gone> {
    let admin = administrator(host).await;
    for id in batch {
        let path = format!("/api/vendors/payouts/{id}/decision");
        let decision = json!({ "paid": true, "note": "transfer" });
        let decided = post(host, &path, &admin, &format!("pay-{id}"), &decision).await?;
        assert_eq!(decided.of(200)["status"], "paid");
    }
    Ok(())
}
