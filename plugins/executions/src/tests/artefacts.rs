//! Files of runs.

use super::*;
use crate::run::RUNS;

fn bring(
    floor: &Floor,
    id: &str,
    lease: Option<&str>,
    name: &str,
    bytes: &[u8],
) -> Result<Response> {
    let query = format!("name={name}");
    let request = floor
        .by_worker("add_artefact")
        .param("id", id)
        .query(&query)
        .body(bytes);
    let request = match lease {
        Some(lease) => request.header("x-lease", lease),
        None => request,
    };
    request.send(crate::dispatch)
}

fn link(floor: &Floor, id: &str, artefact: &str) -> Result<Value> {
    let request = floor
        .host
        .request("link_artefact")
        .account("vera", "viewer");
    let request = request.param("id", id).param("artefact", artefact);
    Ok(request.send(crate::dispatch)?.json())
}

#[test]
fn workers_bring_files_and_people_fetch_them() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let made = bring(&floor, &id, Some(&lease), "report.html", b"<p>").unwrap();
    assert_eq!(made.status, 201);
    floor.host.advance(1);
    bring(&floor, &id, Some(&lease), "trace.zip", b"zip").unwrap();
    let list = floor.read("list_artefacts", &id, "").unwrap();
    assert_eq!(names(&list), ["report.html", "trace.zip"]);
    assert_eq!(
        (&list["items"][0]["sizeBytes"], &list["items"][0]["attempt"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(floor.show(&id)["artefacts"], 2);
    let artefact = text(&made.json()["id"]);
    let found = link(&floor, &id, &artefact).unwrap();
    assert!(text(&found["url"]).ends_with("?seconds=900"));
    // Not by another run's address.
    let (other, _) = floor.running(&json!({"name": "two"}));
    for (id, artefact) in [(&other, artefact.as_str()), (&id, "x")] {
        assert_eq!(
            refused(link(&floor, id, artefact)),
            refusal(404, "not-found")
        );
    }
}

#[test]
fn nobody_brings_files_without_the_lease_nor_too_many_nor_too_large_ones() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    assert_eq!(fault(bring(&floor, &id, None, "a", b"a")), "X-Lease");
    let lost = refusal(409, "lease-lost");
    assert_eq!(refused(bring(&floor, &id, Some("x"), "a", b"a")), lost);
    assert_eq!(fault(bring(&floor, &id, Some(&lease), "%20", b"a")), "name");
    let large = refusal(413, "payload-too-large");
    assert_eq!(
        refused(bring(&floor, &id, Some(&lease), "a", &[0; (1 << 20) + 1])),
        large
    );
    assert_eq!(refused(bring(&floor, &id, Some(&lease), "a", b"")), large);
    for _ in 0..100 {
        bring(&floor, &id, Some(&lease), "a", b"a").unwrap();
    }
    let much = refusal(422, "too-much");
    assert_eq!(refused(bring(&floor, &id, Some(&lease), "a", b"a")), much);
    floor.host.advance(LEASE_MS);
    assert_eq!(refused(bring(&floor, &id, Some(&lease), "a", b"a")), lost);
}

#[test]
fn files_go_after_their_days() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let made = bring(&floor, &id, Some(&lease), "a", b"a").unwrap().json();
    let days = |days: u64| {
        floor.host.advance(days * 86_400_000);
        floor.host.turn("sweep", crate::dispatch_turn).unwrap();
    };
    days(30);
    let found = link(&floor, &id, &text(&made["id"])).unwrap();
    days(1);
    assert_eq!(
        floor.read("list_artefacts", &id, "").unwrap()["items"],
        json!([])
    );
    let url = text(&found["url"]);
    let blob = url.trim_start_matches("/files/").split('?').next().unwrap();
    assert!(stoa_guest::prelude::blobs::stat(blob).unwrap().is_none());
}

#[test]
fn old_files_go_portion_by_portion_and_make_room_in_their_runs() {
    let floor = Floor::new();
    let sweeping = || {
        let raised = floor.host.events().into_iter();
        raised
            .filter(|event| event.name == "executions.sweeping")
            .count()
    };
    let (one, lease) = floor.running(&json!({"name": "one"}));
    for _ in 0..100 {
        bring(&floor, &one, Some(&lease), "a", b"a").unwrap();
    }
    floor.host.advance(1);
    let (two, lease) = floor.running(&json!({"name": "two"}));
    for _ in 0..2 {
        bring(&floor, &two, Some(&lease), "a", b"a").unwrap();
    }
    // A run may end before its files.
    let (gone, lease) = floor.running(&json!({"name": "gone"}));
    bring(&floor, &gone, Some(&lease), "a", b"a").unwrap();
    RUNS.delete(&gone).unwrap();
    let days = |days: u64| floor.reap_after(days * 86_400_000);
    let run_again = |id: &str| {
        floor.decide("retry", id).unwrap();
        text(&floor.lease().unwrap()["lease"])
    };
    let counts = || [&one, &two].map(|id| floor.show(id)["artefacts"].clone());

    days(15);
    let lease = run_again(&one);
    let full = refusal(422, "too-much");
    assert_eq!(refused(bring(&floor, &one, Some(&lease), "b", b"b")), full);
    let lease = run_again(&two);
    bring(&floor, &two, Some(&lease), "b", b"b").unwrap();
    assert_eq!(counts(), [100, 3]);

    days(16);
    floor.host.turn("sweep", crate::dispatch_turn).unwrap();
    assert_eq!((counts(), sweeping()), ([json!(0), json!(3)], 1));
    let rest = floor.host.event("executions.sweeping");
    rest.deliver(crate::dispatch_event).unwrap();
    assert_eq!((counts(), sweeping()), ([json!(0), json!(1)], 1));
    let left = floor.read("list_artefacts", &two, "").unwrap();
    assert_eq!(names(&left), ["b"]);

    let lease = run_again(&one);
    bring(&floor, &one, Some(&lease), "b", b"b").unwrap();
    assert_eq!(counts(), [1, 1]);
}
