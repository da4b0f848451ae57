//! Asking for runs, and finding them.

use super::*;

#[test]
fn a_run_is_queued_with_all_that_its_worker_needs() {
    let floor = Floor::new();
    let id = floor.queue(&json!({
        "suite": "checkout", "target": "https://staging.example", "branch": "main", "image": "tests:1",
        "command": "npm test", "config": {"browser": "firefox"}, "tests": ["pays", "cancels"],
        "priority": 9, "labels": ["Nightly", "ui", "ui"], "requires": ["gpu"], "maxAttempts": 2, "timeoutSeconds": 90,
    }));
    let run = floor.show(&id);
    assert_eq!(run["status"], "queued");
    assert_eq!(
        (&run["name"], &run["suite"]),
        (&json!("checkout"), &json!("checkout"))
    );
    assert_eq!(run["labels"], json!(["nightly", "ui"]));
    assert_eq!(run["requires"], json!(["gpu"]));
    assert_eq!(run["createdBy"], "dora");
    assert_eq!(run["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(run["config"], json!({"browser": "firefox"}));
    assert_eq!(run["results"]["counts"]["total"], 0);
    assert_eq!(floor.told(&id), ["queued"]);
    let assignment = floor.lease_with(&json!({"capabilities": ["gpu"]})).unwrap();
    for (member, value) in [
        ("id", json!(id)),
        ("image", json!("tests:1")),
        ("command", json!("npm test")),
        ("tests", json!(["pays", "cancels"])),
        ("attempt", json!(1)),
        ("leaseExpiresAt", json!("2026-01-01T00:01:00.000Z")),
        ("deadlineAt", json!("2026-01-01T00:01:30.000Z")),
    ] {
        assert_eq!(assignment[member], value, "{member}");
    }
}

#[test]
fn what_is_no_run_is_refused_by_its_member() {
    let floor = Floor::new();
    let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
    for (member, value, field) in [
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("name", json!("a\nb"), "name"),
        ("branch", json!("x".repeat(201)), "branch"),
        ("command", json!("x".repeat(8_193)), "command"),
        ("config", json!({"a": "x".repeat(33_000)}), "config"),
        ("config", json!({ "a": deep }), "config"),
        ("tests", json!(vec!["t"; 1_001]), "tests"),
        ("tests", json!(["", "t"]), "tests.0"),
        ("priority", json!(10), "priority"),
        ("priority", json!(-1), "priority"),
        ("labels", json!(vec!["l"; 21]), "labels"),
        ("labels", json!(["a b"]), "labels.0"),
        ("labels", json!(["a,b"]), "labels.0"),
        (
            "requires",
            json!(["1", "2", "3", "4", "5", "6", "7", "8"]),
            "requires",
        ),
        ("maxAttempts", json!(0), "maxAttempts"),
        ("maxAttempts", json!(11), "maxAttempts"),
        ("timeoutSeconds", json!(0), "timeoutSeconds"),
        ("timeoutSeconds", json!(86_401), "timeoutSeconds"),
        ("status", json!("passed"), "status"),
    ] {
        let mut body = json!({ "name": "run" });
        body[member] = value;
        assert_eq!(fault(floor.post(&body)), field, "{member}");
    }
    assert_eq!(fault(floor.post(&json!({}))), "name");
    assert!(floor.host.events().is_empty());
}

#[test]
fn runs_are_found_by_status_label_time_and_words() {
    let floor = Floor::new();
    floor.queue(&json!({"name": "one", "labels": ["ui", "nightly"]}));
    floor.host.advance(86_400_000);
    floor.queue(&json!({"name": "two", "labels": ["ui"], "branch": "feature/pay"}));
    floor.host.advance(86_400_000);
    floor.queue(&json!({"name": "three", "priority": 9}));
    floor.lease().unwrap();
    for (query, expected) in [
        ("", vec!["three", "two", "one"]),
        ("status=queued", vec!["two", "one"]),
        ("status=running", vec!["three"]),
        ("status=running,queued", vec!["three", "two", "one"]),
        ("status=passed", vec![]),
        ("label=ui", vec!["two", "one"]),
        ("label=UI,nightly", vec!["one"]),
        ("from=2026-01-02", vec!["three", "two"]),
        ("to=2026-01-02", vec!["one"]),
        (
            "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00.001Z",
            vec!["two", "one"],
        ),
        ("search=PAY", vec!["two"]),
        ("limit=1&page=2", vec!["two"]),
    ] {
        assert_eq!(names(&floor.list(query).unwrap()), expected, "{query}");
    }
    let first = floor.list("limit=2").unwrap();
    assert_eq!(first["total"], 3);
    let cursor = text(&first["nextCursor"]);
    assert_eq!(
        names(&floor.list(&format!("limit=2&cursor={cursor}")).unwrap()),
        ["one"]
    );
    assert!(!first.to_string().contains("token"));
}

#[test]
fn what_makes_no_list_is_refused_by_its_member() {
    let floor = Floor::new();
    for (query, field) in [
        ("status=done", "status.0"),
        ("label=1,2,3,4,5,6,7,8,9,10,11", "label"),
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00", "from"),
        ("to=2026-01-01T00:00:00%2B01:00", "to"),
        ("to=20260101Z0", "to"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("color=red", "color"),
    ] {
        assert_eq!(fault(floor.list(query)), field, "{query}");
    }
    let long = format!("search={}", "x".repeat(201));
    assert_eq!(fault(floor.list(&long)), "search");
}

#[test]
fn what_is_not_there_is_not_found_by_anybody() {
    let floor = Floor::new();
    let missing = refusal(404, "not-found");
    for handler in ["show", "read_log", "list_results", "list_artefacts"] {
        assert_eq!(refused(floor.read(handler, "x", "")), missing, "{handler}");
    }
    for handler in ["cancel", "retry"] {
        assert_eq!(refused(floor.decide(handler, "x")), missing, "{handler}");
    }
    assert_eq!(refused(floor.progress("x", "l", json!({}))), missing);
    assert_eq!(refused(floor.complete("x", "l", json!({}))), missing);
}
