//! No more runs at the same time than the plan allows.

use stoa_guest::testing::Plan;

use super::*;

fn floor(running_max: Option<u64>) -> Floor {
    let floor = Floor::new();
    floor.host.plan(Plan {
        id: "free".into(),
        name: "Free".into(),
        limits: vec![
            ("members".into(), Some(0)),
            ("running-tests".into(), running_max),
        ],
    });
    floor
}

#[test]
fn no_more_run_than_the_plan_allows() {
    let floor = floor(Some(2));
    for name in ["a", "b", "c", "d"] {
        floor.named(name);
        floor.host.advance(1);
    }
    let first = floor.lease().unwrap();
    let second = floor.lease().unwrap();
    assert_eq!(floor.lease(), None);
    assert_eq!(floor.list("status=running").unwrap()["total"], 2);
    // Each way of ending gives the place back.
    floor
        .complete(
            &text(&first["id"]),
            &text(&first["lease"]),
            json!({"status": "passed"}),
        )
        .unwrap();
    let third = floor.lease().unwrap();
    assert_eq!((&third["name"], floor.lease()), (&json!("c"), None));
    floor.decide("cancel", &text(&second["id"])).unwrap();
    assert_eq!(floor.lease(), None);
    floor
        .progress(&text(&second["id"]), &text(&second["lease"]), json!({}))
        .unwrap();
    assert_eq!(floor.lease().unwrap()["name"], "d");
}

#[test]
fn the_places_of_the_dead_are_free() {
    let floor = floor(Some(1));
    floor.queue(&json!({"name": "killer", "maxAttempts": 1, "priority": 9}));
    floor.named("waits");
    assert_eq!(floor.lease().unwrap()["name"], "killer");
    assert_eq!(floor.lease(), None);
    floor.host.advance(LEASE_MS);
    assert_eq!(floor.lease().unwrap()["name"], "waits");
}

#[test]
fn plans_that_do_not_count_bound_nothing_and_plans_of_none_allow_none() {
    let unbounded = floor(None);
    for number in 0..30 {
        unbounded.running(&json!({"name": number.to_string()}));
    }
    let nothing = floor(Some(0));
    nothing.named("a");
    assert_eq!(nothing.lease(), None);
}
