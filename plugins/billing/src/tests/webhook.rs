//! What Stripe calls back with.

use super::*;

#[test]
fn who_has_paid_is_on_the_plan_at_once_and_only_once() {
    let office = Office::on_team();
    let session = office.books.borrow().sessions["cs_1"].clone();
    let heard = office
        .says("evt_paid", "checkout.session.completed", 100, &session)
        .unwrap();
    assert_eq!(heard, "duplicate");
    // What an operator gives in between stands until the subscription entitles to something else.
    stoa_guest::plans::change("business").unwrap();
    let again = subscription_of(&office.account(), "sub_1", "active", "price_team");
    office
        .says("evt_2", "customer.subscription.updated", 101, &again)
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("business"));
}

#[test]
fn a_page_that_is_not_paid_gives_nothing_yet() {
    let office = Office::new();
    office.check_out("team");
    let mut session = office.pays("cs_1", "sub_1");
    session["payment_status"] = json!("unpaid");
    office
        .says("evt_1", "checkout.session.completed", 100, &session)
        .unwrap();
    assert_ne!(office.plan().as_deref(), Some("team"));
    session["payment_status"] = json!("paid");
    office
        .says(
            "evt_2",
            "checkout.session.async_payment_succeeded",
            200,
            &session,
        )
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("team"));
}

#[test]
fn a_change_of_plan_and_the_end_of_it_follow() {
    let office = Office::on_team();
    let account = office.account();
    let larger = subscription_of(&account, "sub_1", "active", "price_business");
    office
        .says("evt_1", "customer.subscription.updated", 200, &larger)
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("business"));
    office
        .says("evt_2", "customer.subscription.deleted", 300, &larger)
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("free"));
}

#[test]
fn a_failed_payment_leaves_the_plan_for_a_while() {
    let office = Office::on_team();
    let now_s = clock::now_ms() / 1_000;
    let invoice = json!({"id": "in_1", "subscription": "sub_1"});
    office
        .says("evt_1", "invoice.payment_failed", now_s, &invoice)
        .unwrap();
    let late = subscription_of(&office.account(), "sub_1", "past_due", "price_team");
    office
        .says("evt_2", "customer.subscription.updated", now_s, &late)
        .unwrap();
    office
        .books
        .borrow_mut()
        .subscriptions
        .insert("sub_1".into(), late.clone());
    office.review_after(6 * DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("team"));
    // Another failure does not begin the grace anew.
    office
        .says(
            "evt_3",
            "invoice.payment_failed",
            now_s + 6 * 86_400,
            &invoice,
        )
        .unwrap();
    office.review_after(DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("free"));
    let paid = subscription_of(&office.account(), "sub_1", "active", "price_team");
    office
        .says(
            "evt_4",
            "customer.subscription.updated",
            now_s + 8 * 86_400,
            &paid,
        )
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("team"));
}

#[test]
fn each_time_of_grace_ends_however_many_there_were() {
    let office = Office::on_team();
    let team = |status| subscription_of(&office.account(), "sub_1", status, "price_team");
    let changed = "customer.subscription.updated";
    let begun_s = clock::now_ms() / 1_000;
    for day in 1..=40 {
        let at_s = begun_s + day * 86_400;
        let event = format!("evt_late_{day}");
        office
            .says(&event, changed, at_s, &team("past_due"))
            .unwrap();
    }
    let paid_s = begun_s + 41 * 86_400;
    office
        .says("evt_made_up", changed, paid_s, &team("active"))
        .unwrap();
    let late = team("past_due");
    let books = || office.books.borrow_mut();
    books().subscriptions.insert("sub_1".into(), late.clone());
    office
        .says("evt_late", changed, paid_s + 86_400, &late)
        .unwrap();
    office.review_after(44 * DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("team"));
    office.review_after(6 * DAY_MS);
    assert_eq!(office.plan().as_deref(), Some("free"));
}

#[test]
fn a_subscription_that_is_not_paid_for_entitles_to_nothing() {
    for status in ["unpaid", "paused", "incomplete", "something-new"] {
        let office = Office::on_team();
        let stopped = subscription_of(&office.account(), "sub_1", status, "price_team");
        office
            .says("evt_1", "customer.subscription.updated", 200, &stopped)
            .unwrap();
        assert_eq!(office.plan().as_deref(), Some("free"), "{status}");
    }
}

/// All orders of the numbers below this one.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .iter()
            .flat_map(|start: &Vec<usize>| {
                let rest = (0..count).filter(|next| !start.contains(next));
                rest.map(|next| [start.as_slice(), &[next]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

#[test]
fn events_in_every_order_end_in_the_same_plan() {
    for has_end in [false, true] {
        for order in permutations(if has_end { 6 } else { 5 }) {
            let office = Office::new();
            office.check_out("team");
            let session = office.pays("cs_1", "sub_1");
            let account = office.account();
            let now_s = clock::now_ms() / 1_000;
            let told = |status, price| subscription_of(&account, "sub_1", status, price);
            let invoice = json!({"subscription": "sub_1", "subscription_details": {"metadata": {"account": account}}});
            let events = [
                ("checkout.session.completed", now_s, session.clone()),
                (
                    "customer.subscription.created",
                    now_s,
                    told("incomplete", "price_team"),
                ),
                ("invoice.payment_failed", now_s + 10, invoice),
                (
                    "customer.subscription.updated",
                    now_s + 10,
                    told("past_due", "price_team"),
                ),
                (
                    "customer.subscription.updated",
                    now_s + 20,
                    told("active", "price_business"),
                ),
                (
                    "customer.subscription.deleted",
                    now_s + 15,
                    told("canceled", "price_team"),
                ),
            ];
            for &event in &order {
                let (kind, at_s, object) = &events[event];
                for _ in 0..=event % 2 {
                    office
                        .says(&format!("evt_{event}"), kind, *at_s, object)
                        .unwrap();
                }
            }
            let expected = if has_end { "free" } else { "business" };
            assert_eq!(office.plan().as_deref(), Some(expected), "{order:?}");
        }
    }
}

#[test]
fn news_of_other_organisations_and_of_no_concern_changes_nothing() {
    let office = Office::on_team();
    let heard =
        |event: &str, kind: &str, object: &Value| office.says(event, kind, 500, object).unwrap();
    let foreign = subscription_of("somebody", "sub_9", "canceled", "price_team");
    assert_eq!(
        heard("evt_1", "customer.subscription.deleted", &foreign),
        "ignored"
    );
    // Naming our subscription is not enough where another organisation is named.
    let posing = subscription_of("somebody", "sub_1", "canceled", "price_team");
    assert_eq!(
        heard("evt_2", "customer.subscription.deleted", &posing),
        "ignored"
    );
    let session = json!({"id": "cs_9", "client_reference_id": "somebody", "subscription": "sub_9", "metadata": {"plan": "business"}});
    assert_eq!(
        heard("evt_3", "checkout.session.completed", &session),
        "ignored"
    );
    assert_eq!(
        heard(
            "evt_4",
            "invoice.payment_failed",
            &json!({"subscription": "sub_9"})
        ),
        "ignored"
    );
    assert_eq!(
        heard("evt_5", "invoice.payment_failed", &json!({})),
        "ignored"
    );
    assert_eq!(heard("evt_6", "customer.created", &json!({})), "ignored");
    assert_eq!(heard("evt_6", "customer.created", &json!({})), "duplicate");
    assert_eq!(office.plan().as_deref(), Some("team"));
    let fresh = Office::new();
    assert_eq!(
        fresh
            .says("evt_1", "customer.subscription.deleted", 1, &foreign)
            .unwrap(),
        "ignored"
    );
    assert_eq!(fresh.plan(), None);
}

#[test]
fn a_price_that_is_not_on_offer_takes_nothing_away() {
    let office = Office::on_team();
    let mut unheard = subscription_of(&office.account(), "sub_1", "active", "price_old");
    unheard["metadata"]["plan"] = json!("gold");
    office
        .says("evt_1", "customer.subscription.updated", 200, &unheard)
        .unwrap();
    assert_eq!(office.plan().as_deref(), Some("team"));
    assert!(
        office
            .host
            .log()
            .iter()
            .any(|line| line.contains("no plan on offer"))
    );
}

#[test]
fn what_is_not_signed_is_not_heard() {
    let office = Office::on_team();
    let body = json!({"id": "evt_1", "type": "customer.subscription.deleted", "data": {"object": subscription_of(&office.account(), "sub_1", "canceled", "p")}});
    for header in [None, Some(format!("t=1767225600,v1={}", "0".repeat(64)))] {
        let request = header
            .iter()
            .fold(office.host.request("hear"), |request, value| {
                request.header("stripe-signature", value)
            });
        assert_eq!(
            refused(request.json(&body).send(crate::dispatch)),
            refusal(400, "invalid-signature")
        );
    }
    let malformed = office.says(
        "evt_1",
        "customer.subscription.deleted",
        1,
        &json!({"id": 1}),
    );
    assert_eq!(malformed.unwrap_err().status, 400);
    assert_eq!(office.plan().as_deref(), Some("team"));
}
