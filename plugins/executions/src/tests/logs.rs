//! Logs: appended, bounded, paged.

use super::*;

fn lines(from: usize, to: usize) -> Value {
    let lines: Vec<Value> = (from..to)
        .map(|n| json!({"text": format!("line {n}")}))
        .collect();
    json!({ "lines": lines })
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|line| text(&line["text"])).collect()
}

#[test]
fn lines_are_read_in_order_page_by_page() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    assert_eq!(floor.read("read_log", &id, "").unwrap()["items"], json!([]));
    // Many small pieces and a large one.
    for n in 0..40 {
        floor.progress(&id, &lease, lines(n, n + 1)).unwrap();
    }
    floor.progress(&id, &lease, lines(40, 1_000)).unwrap();
    let (mut after, mut read) = (0, Vec::new());
    loop {
        let query = format!("after={after}&limit=77");
        let page = floor.read("read_log", &id, &query).unwrap();
        read.extend(texts(&page));
        after = page["after"].as_u64().unwrap();
        if page["hasMore"] == false {
            break;
        }
        assert_eq!(page["items"].as_array().unwrap().len(), 77);
    }
    let expected: Vec<String> = (0..1_000).map(|n| format!("line {n}")).collect();
    assert_eq!(read, expected);
    // Whoever follows goes on where it ended.
    let query = format!("after={after}");
    assert_eq!(floor.read("read_log", &id, &query).unwrap()["after"], after);
    floor
        .progress(
            &id,
            &lease,
            json!({"lines": [{"text": "more", "stream": "stderr"}]}),
        )
        .unwrap();
    let page = floor.read("read_log", &id, &query).unwrap();
    assert_eq!(texts(&page), ["more"]);
    assert_eq!(
        (&page["items"][0]["number"], &page["items"][0]["stream"]),
        (&json!(1_001), &json!("stderr"))
    );
    assert_eq!(page["total"], 1_001);
}

#[test]
fn the_log_goes_on_over_attempts() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    floor
        .progress(&id, &lease, json!({"lines": [{"text": "first"}]}))
        .unwrap();
    floor.host.advance(LEASE_MS);
    let again = text(&floor.lease().unwrap()["lease"]);
    floor
        .complete(
            &id,
            &again,
            json!({"status": "passed", "lines": [{"text": "second"}]}),
        )
        .unwrap();
    assert_eq!(
        texts(&floor.read("read_log", &id, "").unwrap()),
        ["first", "second"]
    );
    assert_eq!(
        texts(&floor.read("read_log", &id, "attempt=2").unwrap()),
        ["second"]
    );
}

#[test]
fn long_lines_are_cut_and_nothing_steers_who_reads_them() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let long = "é".repeat(3_000);
    let body = json!({"lines": [{"text": long}, {"text": "\u{1b}[32mok\u{7}\r\u{0}"}]});
    floor.progress(&id, &lease, body).unwrap();
    let page = floor.read("read_log", &id, "").unwrap();
    let cut = &page["items"][0];
    assert_eq!(
        (text(&cut["text"]).len(), &cut["truncated"]),
        (4_096, &json!(true))
    );
    assert_eq!(page["items"][1]["text"], "\u{1b}[32mok");
}

#[test]
fn a_log_ends_where_its_room_does() {
    let floor = Floor::new();
    floor.host.set("log_bytes_max", 1);
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let long = json!({"lines": vec![json!({"text": "x".repeat(4_000)}); 20]});
    let standing = floor.progress(&id, &lease, long).unwrap();
    assert_eq!(standing["logTruncated"], true);
    // 64 KiB at least, and no gaps: later lines do not slip in behind what was dropped.
    floor
        .progress(&id, &lease, json!({"lines": [{"text": "short"}]}))
        .unwrap();
    let page = floor.read("read_log", &id, "").unwrap();
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["truncated"]),
        (16, &json!(true))
    );
    assert_eq!(page["total"], 16);
}

#[test]
fn a_page_is_bounded_by_its_bytes_too() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    for _ in 0..4 {
        let long = json!({"lines": vec![json!({"text": "x".repeat(4_000)}); 100]});
        floor.progress(&id, &lease, long).unwrap();
    }
    let page = floor.read("read_log", &id, "limit=1000").unwrap();
    let read = page["items"].as_array().unwrap().len();
    assert!(
        (200..300).contains(&read) && page["hasMore"] == true,
        "{read}"
    );
}

#[test]
fn too_much_at_once_is_refused_by_its_member() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    assert_eq!(fault(floor.progress(&id, &lease, lines(0, 1_001))), "lines");
    let unknown = json!({"lines": [{"text": "x", "stream": "stdin"}]});
    assert_eq!(
        fault(floor.progress(&id, &lease, unknown)),
        "lines.0.stream"
    );
    assert_eq!(fault(floor.read("read_log", &id, "limit=0")), "limit");
    assert_eq!(floor.show(&id)["logLines"], 0);
}
