//! Finding out what was not told.

use super::*;

#[test]
fn a_payment_that_was_told_to_nobody_here_is_found() {
    let office = Office::new();
    office.check_out("team");
    office.review_after(1);
    assert_eq!(office.plan(), None);
    office.pays("cs_1", "sub_1");
    office.review_after(1);
    assert_eq!(office.plan().as_deref(), Some("team"));
    // The page is done with, and the subscription was just heard of.
    let questions = office.host.sent().len();
    office.review_after(1);
    assert_eq!(office.host.sent().len(), questions);
}

#[test]
fn a_subscription_that_ended_in_silence_is_found() {
    let office = Office::on_team();
    let ended = subscription_of(&office.account(), "sub_1", "canceled", "price_team");
    office
        .books
        .borrow_mut()
        .subscriptions
        .insert("sub_1".into(), ended);
    office.review_after(5 * 3_600_000);
    assert_eq!(office.plan().as_deref(), Some("team"));
    office.review_after(3_600_000);
    assert_eq!(office.plan().as_deref(), Some("free"));
    // What is over is not asked after.
    let questions = office.host.sent().len();
    office.review_after(DAY_MS);
    assert_eq!(office.host.sent().len(), questions);
}

#[test]
fn a_subscription_that_stripe_does_not_know_is_over() {
    let office = Office::on_team();
    office.books.borrow_mut().subscriptions.clear();
    office.review_after(DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("free"));
}

#[test]
fn a_stripe_that_does_not_answer_takes_nothing_away() {
    let office = Office::on_team();
    office.books.borrow_mut().is_away = true;
    office.review_after(30 * DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("team"));
    office.books.borrow_mut().is_away = false;
    office.review_after(1);
    assert_eq!(office.plan().as_deref(), Some("team"));
}

#[test]
fn an_organisation_that_never_paid_is_not_asked_after() {
    let office = Office::new();
    office.review_after(DAY_MS);
    assert!(office.host.sent().is_empty());
    assert_eq!(office.plan(), None);
}

#[test]
fn a_page_that_ended_is_forgotten() {
    let office = Office::new();
    office.check_out("team");
    office.books.borrow_mut().sessions.get_mut("cs_1").unwrap()["status"] = json!("expired");
    office.review_after(DAY_MS);
    assert_eq!(crate::account::Account::find().unwrap().unwrap().open, None);
}
