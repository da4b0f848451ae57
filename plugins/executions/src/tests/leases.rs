//! Who gets which run, and what becomes of those whose worker is gone.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_highest_priority_comes_first_and_then_the_oldest() {
    let floor = Floor::new();
    assert_eq!(floor.lease(), None);
    for (name, priority) in [("low", 0), ("old", 5), ("new", 5), ("urgent", 9)] {
        floor.queue(&json!({"name": name, "priority": priority}));
        floor.host.advance(1);
    }
    let order: Vec<String> = (0..4)
        .map(|_| text(&floor.lease().unwrap()["name"]))
        .collect();
    assert_eq!(order, ["urgent", "old", "new", "low"]);
    assert_eq!(floor.lease(), None);
}

#[test]
fn workers_choose_among_the_oldest_of_one_priority_alone() {
    let mut taken = BTreeSet::new();
    for _ in 0..20 {
        let floor = Floor::with_chance();
        // The fake's random numbers begin anew with each host.
        for _ in 0..taken.len() {
            let _ = stoa_guest::prelude::random::bytes(1);
        }
        for number in 0..8 {
            floor.queue(&json!({"name": number.to_string()}));
            floor.host.advance(1);
        }
        let urgent = floor.queue(&json!({"name": "urgent", "priority": 6}));
        assert_eq!(floor.lease().unwrap()["id"], urgent);
        taken.insert(text(&floor.lease().unwrap()["name"]));
    }
    let oldest: BTreeSet<String> = ["0", "1", "2", "3"].map(String::from).into();
    assert!(taken.is_subset(&oldest), "{taken:?}");
    assert!(taken.len() > 1, "{taken:?}");
}

#[test]
fn a_worker_gets_what_it_can_do() {
    let floor = Floor::new();
    let both = floor.queue(&json!({"name": "both", "requires": ["linux", "gpu"]}));
    floor.host.advance(1);
    let gpu = floor.queue(&json!({"name": "gpu", "requires": ["gpu"]}));
    floor.host.advance(1);
    let any = floor.named("any");
    let lease = |capabilities: Value| {
        let offer = json!({"worker": "w", "capabilities": capabilities});
        floor
            .lease_with(&offer)
            .map(|assignment| text(&assignment["id"]))
    };
    assert_eq!(lease(json!([])), Some(any));
    assert_eq!(lease(json!(["linux"])), None);
    assert_eq!(lease(json!(["GPU", "arm"])), Some(gpu));
    assert_eq!(
        lease(json!(["arm", "gpu", "linux", "windows", "a", "b", "c"])),
        Some(both)
    );
    let many = json!({"capabilities": ["1", "2", "3", "4", "5", "6", "7", "8"]});
    let answer = floor.by_worker("lease").json(&many).send(crate::dispatch);
    assert_eq!(fault(answer), "capabilities");
}

#[test]
fn reports_keep_the_lease_and_silence_loses_it() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "long"}));
    for _ in 0..5 {
        floor.host.advance(LEASE_MS - 1);
        let standing = floor.progress(&id, &lease, json!({})).unwrap();
        assert_eq!(
            (&standing["stop"], &standing["status"]),
            (&json!(false), &json!("running"))
        );
    }
    // A heartbeat changes nothing that anybody could see.
    assert_eq!(floor.told(&id), ["queued", "running"]);
    floor.host.advance(LEASE_MS);
    let lost = refusal(409, "lease-lost");
    assert_eq!(refused(floor.progress(&id, &lease, json!({}))), lost);
    assert_eq!(
        refused(floor.complete(&id, &lease, json!({"status": "passed"}))),
        lost
    );
}

#[test]
fn nobody_reports_under_anothers_lease() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let (_, other) = floor.running(&json!({"name": "two"}));
    let lost = refusal(409, "lease-lost");
    for wrong in [other.as_str(), "", "x"] {
        assert_eq!(refused(floor.progress(&id, wrong, json!({}))), lost);
        let verdict = json!({"status": "passed"});
        assert_eq!(refused(floor.complete(&id, wrong, verdict)), lost);
    }
    // Nor about a run that nobody has.
    let queued = floor.named("three");
    assert_eq!(refused(floor.progress(&queued, &lease, json!({}))), lost);
    assert_eq!(floor.status(&id), "running");
}

#[test]
fn a_dead_workers_run_is_queued_by_the_schedule() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    floor.reap_after(LEASE_MS - 1);
    assert_eq!(floor.status(&id), "running");
    floor.reap_after(1);
    let run = floor.show(&id);
    assert_eq!(
        (&run["status"], &run["attempt"]),
        (&json!("queued"), &json!(1))
    );
    assert_eq!(run["attempts"][0]["status"], "errored");
    assert_eq!(floor.told(&id), ["queued", "running", "queued"]);
    let again = floor.lease().unwrap();
    assert_eq!((&again["id"], &again["attempt"]), (&json!(id), &json!(2)));
    // The first worker was only slow: the run is no longer its own.
    let lost = refusal(409, "lease-lost");
    assert_eq!(refused(floor.progress(&id, &lease, json!({}))), lost);
    assert_eq!(
        refused(floor.complete(&id, &lease, json!({"status": "passed"}))),
        lost
    );
    floor
        .complete(&id, &text(&again["lease"]), json!({"status": "passed"}))
        .unwrap();
    assert_eq!(floor.status(&id), "passed");
}

#[test]
fn a_worker_who_finds_nothing_else_takes_a_dead_ones_run() {
    let floor = Floor::new();
    let (id, _) = floor.running(&json!({"name": "one"}));
    assert_eq!(floor.lease(), None);
    floor.host.advance(LEASE_MS);
    let again = floor.lease().unwrap();
    assert_eq!((&again["id"], &again["attempt"]), (&json!(id), &json!(2)));
    assert_eq!(floor.told(&id), ["queued", "running", "queued", "running"]);
}

#[test]
fn a_run_that_outlives_no_worker_is_errored() {
    let floor = Floor::new();
    let id = floor.queue(&json!({"name": "killer", "maxAttempts": 2}));
    for _ in 0..2 {
        assert_eq!(floor.lease().unwrap()["id"], id);
        floor.host.advance(LEASE_MS);
    }
    assert_eq!(floor.lease(), None);
    let run = floor.show(&id);
    assert_eq!(
        (&run["status"], &run["attempt"]),
        (&json!("errored"), &json!(2))
    );
    assert!(text(&run["message"]).contains("2 attempts"));
    assert_eq!(floor.told(&id).last().unwrap(), "errored");
}

#[test]
fn a_run_that_takes_too_long_is_timed_out_whoever_notices() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "told", "timeoutSeconds": 30}));
    floor.host.advance(30_000);
    let standing = floor
        .progress(&id, &lease, json!({"lines": [{"text": "still here"}]}))
        .unwrap();
    assert_eq!(
        (&standing["stop"], &standing["status"]),
        (&json!(true), &json!("timed-out"))
    );
    assert_eq!(floor.show(&id)["logLines"], 1);
    let (id, lease) = floor.running(&json!({"name": "late", "timeoutSeconds": 30}));
    floor.host.advance(31_000);
    let done = floor
        .complete(&id, &lease, json!({"status": "passed"}))
        .unwrap();
    assert_eq!(done["status"], "timed-out");
    let (id, _) = floor.running(&json!({"name": "silent", "timeoutSeconds": 30}));
    floor.reap_after(30_000);
    assert_eq!(floor.status(&id), "timed-out");
    assert_eq!(floor.told(&id), ["queued", "running", "timed-out"]);
    assert_eq!(floor.lease(), None);
}

#[test]
fn a_turn_ends_a_bounded_number() {
    let floor = Floor::new();
    for number in 0..60 {
        floor.running(&json!({"name": number.to_string()}));
    }
    floor.reap_after(LEASE_MS);
    assert_eq!(floor.list("status=queued").unwrap()["total"], 50);
    floor.reap_after(0);
    assert_eq!(floor.list("status=queued").unwrap()["total"], 60);
}

#[test]
fn how_long_silence_may_last_is_the_operators_to_say_within_reason() {
    for (seconds, expected) in [(json!(10), 10), (json!(1), 5), (json!(100_000), 3_600)] {
        let floor = Floor::new();
        floor.host.set("lease_seconds", seconds);
        floor.named("one");
        assert_eq!(floor.lease().unwrap()["leaseSeconds"], expected);
    }
}
