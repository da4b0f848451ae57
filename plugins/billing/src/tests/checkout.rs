//! Sending an administrator to where a plan is paid for.

use super::*;

#[test]
fn an_administrator_is_sent_to_a_page_that_knows_the_organisation() {
    let office = Office::new();
    assert_eq!(
        office.check_out("team"),
        json!({"kind": "checkout", "sessionId": "cs_1", "url": "https://pay.example/cs_1"})
    );
    let sent = &office.host.sent()[0];
    let form = String::from_utf8(sent.body.clone()).unwrap();
    let account = office.account();
    for field in [
        "mode=subscription".into(),
        "line_items%5B0%5D%5Bprice%5D=price_team".into(),
        format!("client_reference_id={account}"),
        format!("subscription_data%5Bmetadata%5D%5Baccount%5D={account}"),
        "customer_email=ada%40example.com".into(),
        "success_url=https%3A%2F%2Fapp.example%2Fthanks".into(),
        "cancel_url=https%3A%2F%2Fapp.example%2Fthanks".into(),
    ] {
        assert!(form.contains(&field), "{field} is not in {form}");
    }
    assert_eq!(sent.purpose, "checkout-1");
    assert_eq!(office.plan(), None);
}

#[test]
fn who_asks_again_is_sent_to_the_same_page_until_it_ends() {
    let office = Office::new();
    let first = office.check_out("team");
    assert_eq!(office.check_out("team"), first);
    office.host.advance(DAY_MS);
    office.books.borrow_mut().sessions.get_mut("cs_1").unwrap()["status"] = json!("expired");
    assert_eq!(office.check_out("team")["sessionId"], "cs_2");
}

#[test]
fn another_choice_closes_the_page_of_the_one_before() {
    let office = Office::new();
    office.check_out("team");
    assert_eq!(office.check_out("business")["sessionId"], "cs_2");
    assert_eq!(office.books.borrow().sessions["cs_1"]["status"], "expired");
    // Just paid on, it can't be closed, and nobody is asked to pay for another one.
    office.pays("cs_2", "sub_1");
    assert_eq!(
        refused(office.try_check_out("team")),
        refusal(409, "already-subscribed")
    );
}

#[test]
fn who_pays_already_is_sent_to_where_that_is_changed() {
    let office = Office::on_team();
    assert_eq!(
        office.check_out("business"),
        json!({"kind": "portal", "sessionId": "bps_1", "url": "https://portal.example/1"})
    );
    let account = office.account();
    let ended = subscription_of(&account, "sub_1", "canceled", "price_team");
    office
        .says("evt_end", "customer.subscription.deleted", 200, &ended)
        .unwrap();
    assert_eq!(office.check_out("business")["kind"], "checkout");
    let form = String::from_utf8(office.host.sent().last().unwrap().body.clone()).unwrap();
    assert!(
        form.contains("customer=cus_1") && !form.contains("customer_email"),
        "{form}"
    );
}

#[test]
fn what_can_t_be_bought_is_refused() {
    let office = Office::new();
    assert_eq!(
        refused(office.try_check_out("gold")),
        refusal(422, "unprocessable")
    );
    assert_eq!(
        refused(office.try_check_out("free")),
        refusal(409, "not-for-sale")
    );
    let request = office
        .host
        .request("check_out")
        .account("ada", "admin")
        .json(&json!({}));
    assert_eq!(
        refused(request.send(crate::dispatch)),
        refusal(400, "invalid-request")
    );
    office.books.borrow_mut().mishap = Some(OutboundError::Unknown("…".into()));
    assert_eq!(
        refused(office.try_check_out("team")),
        refusal(503, "service-unavailable")
    );
    office.books.borrow_mut().mishap = Some(OutboundError::Unreachable("…".into()));
    assert_eq!(
        refused(office.try_check_out("team")),
        refusal(503, "service-unavailable")
    );
    let bare = Host::of(include_str!("../../plugin.toml"));
    bare.plan(Plan {
        id: "team".into(),
        name: "Team".into(),
        limits: Vec::new(),
    });
    bare.set(
        "prices",
        r#"{"team": {"price": "p", "amountMinor": 1, "currency": "USD", "interval": "year"}}"#,
    );
    let request = bare
        .request("check_out")
        .account("ada", "admin")
        .json(&json!({"planId": "team"}));
    assert_eq!(
        refused(request.send(crate::dispatch)),
        refusal(503, "not-configured")
    );
}
