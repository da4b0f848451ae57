//! How runs end: by their worker's word, and by people's.

use super::*;

#[test]
fn a_worker_ends_its_run_once_however_often_it_says_so() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let done = floor
        .complete(
            &id,
            &lease,
            json!({"status": "failed", "message": "  2 of 3  "}),
        )
        .unwrap();
    assert_eq!(done, json!({"id": id, "attempt": 1, "status": "failed"}));
    let told = floor.told(&id);
    assert_eq!(told, ["queued", "running", "failed"]);
    // The answer was lost on its way: the same again, whatever else is said.
    assert_eq!(
        floor
            .complete(&id, &lease, json!({"status": "passed"}))
            .unwrap(),
        done
    );
    assert_eq!(floor.told(&id), told);
    assert_eq!(floor.show(&id)["message"], "2 of 3");
    let other = floor.complete(&id, "other", json!({"status": "passed"}));
    assert_eq!(refused(other), refusal(409, "lease-lost"));
    let after = floor.progress(&id, &lease, json!({}));
    assert_eq!(refused(after), refusal(409, "lease-lost"));
    // Nor does a new attempt change what became of the old one.
    floor.decide("retry", &id).unwrap();
    assert_eq!(
        floor
            .complete(&id, &lease, json!({"status": "passed"}))
            .unwrap(),
        done
    );
    assert_eq!(floor.status(&id), "queued");
}

#[test]
fn without_a_verdict_the_results_tell() {
    let floor = Floor::new();
    let case = |status: &str| json!({"name": "t", "status": status});
    for (cases, expected) in [
        (json!([case("passed"), case("skipped")]), "passed"),
        (json!([case("passed"), case("failed")]), "failed"),
        (json!([case("errored")]), "failed"),
    ] {
        let (id, lease) = floor.running(&json!({"name": "one"}));
        let done = floor
            .complete(&id, &lease, json!({ "results": cases }))
            .unwrap();
        assert_eq!(done["status"], expected);
    }
    let (id, lease) = floor.running(&json!({"name": "silent"}));
    assert_eq!(fault(floor.complete(&id, &lease, json!({}))), "status");
    assert_eq!(
        fault(floor.complete(&id, &lease, json!({"results": []}))),
        "status"
    );
    for status in ["queued", "cancelled", "done"] {
        assert_eq!(
            fault(floor.complete(&id, &lease, json!({ "status": status }))),
            "status"
        );
    }
    assert_eq!(floor.status(&id), "running");
}

#[test]
fn a_queued_run_is_cancelled_at_once() {
    let floor = Floor::new();
    let id = floor.named("one");
    assert_eq!(floor.decide("cancel", &id).unwrap()["status"], "cancelled");
    assert_eq!(floor.decide("cancel", &id).unwrap()["status"], "cancelled");
    assert_eq!(floor.told(&id), ["queued", "cancelled"]);
    assert_eq!(floor.lease(), None);
}

#[test]
fn a_running_run_is_cancelled_when_its_worker_reports() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let run = floor.decide("cancel", &id).unwrap();
    assert_eq!(
        (&run["status"], &run["cancelling"]),
        (&json!("running"), &json!(true))
    );
    floor.decide("cancel", &id).unwrap();
    let standing = floor.progress(&id, &lease, json!({})).unwrap();
    assert_eq!(
        (&standing["stop"], &standing["status"]),
        (&json!(true), &json!("cancelled"))
    );
    assert_eq!(
        floor.told(&id),
        ["queued", "running", "running", "cancelled"]
    );
    // What the worker says later is about a run that is over.
    let done = floor
        .complete(&id, &lease, json!({"status": "passed"}))
        .unwrap();
    assert_eq!(done["status"], "cancelled");
}

#[test]
fn a_cancelled_run_is_not_saved_by_ending_first_nor_tried_again() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "quick"}));
    floor.decide("cancel", &id).unwrap();
    let done = floor
        .complete(&id, &lease, json!({"status": "passed"}))
        .unwrap();
    assert_eq!(done["status"], "cancelled");
    let (id, _) = floor.running(&json!({"name": "dead"}));
    floor.decide("cancel", &id).unwrap();
    floor.reap_after(LEASE_MS);
    assert_eq!(floor.status(&id), "cancelled");
}

#[test]
fn what_has_finished_is_not_cancelled() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    floor
        .complete(&id, &lease, json!({"status": "passed"}))
        .unwrap();
    assert_eq!(
        refused(floor.decide("cancel", &id)),
        refusal(409, "finished")
    );
    assert_eq!(floor.status(&id), "passed");
}

#[test]
fn a_finished_run_is_tried_again_with_all_its_attempts() {
    let floor = Floor::new();
    let id = floor.queue(&json!({"name": "one", "maxAttempts": 1, "command": "make test"}));
    assert_eq!(
        refused(floor.decide("retry", &id)),
        refusal(409, "not-finished")
    );
    floor.lease().unwrap();
    assert_eq!(
        refused(floor.decide("retry", &id)),
        refusal(409, "not-finished")
    );
    floor.reap_after(LEASE_MS);
    assert_eq!(floor.status(&id), "errored");
    let run = floor.decide("retry", &id).unwrap();
    assert_eq!(
        (&run["status"], &run["message"]),
        (&json!("queued"), &Value::Null)
    );
    let again = floor.lease().unwrap();
    assert_eq!(
        (&again["attempt"], &again["command"]),
        (&json!(2), &json!("make test"))
    );
    floor
        .complete(&id, &text(&again["lease"]), json!({"status": "passed"}))
        .unwrap();
    let run = floor.show(&id);
    assert_eq!(run["status"], "passed");
    let statuses: Vec<&Value> = run["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["status"])
        .collect();
    assert_eq!(statuses, ["errored", "passed"]);
}
