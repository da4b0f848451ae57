//! Results: told on the way, told at the end, told as JUnit.

use super::*;

const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all">
  <testsuite name="shop" tests="5">
    <properties><property name="os" value="linux"/></properties>
    <testcase classname="shop.Cart" name="adds &amp; counts" time="0.0425"/>
    <testcase classname="shop.Cart" name="pays" time="1,234.5">
      <failure message="expected 1 &lt; 2" type="AssertionError"><![CDATA[
at <Cart>:12]]></failure>
    </testcase>
    <testsuite name="inner">
      <testcase file="b.rs" name="breaks"><error type="Boom">lost &#x41;&unknown;</error></testcase>
      <testcase name="waits"><skipped/></testcase>
      <testcase name="skips, then fails"><skipped/><failure>really</failure></testcase>
    </testsuite>
    <system-out><![CDATA[<testcase name="not one"/>]]></system-out>
  </testsuite>
</testsuites>"#;

fn case(name: &str, status: &str) -> Value {
    json!({"name": name, "status": status})
}

#[test]
fn results_are_told_on_the_way_counted_and_paged() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let first = json!({"results": [
        {"name": "a", "class": "C", "status": "passed", "durationMs": 12},
        {"name": "b", "status": "failed", "message": "1 != 2\u{1b}[2J"},
    ]});
    floor.progress(&id, &lease, first).unwrap();
    floor
        .progress(
            &id,
            &lease,
            json!({"results": [case("c", "skipped"), case("d", "passed")]}),
        )
        .unwrap();
    let run = floor.show(&id);
    let counts = json!({"total": 4, "passed": 2, "failed": 1, "errored": 0, "skipped": 1});
    assert_eq!(run["counts"], counts);
    assert_eq!(names(&run["results"]), ["a", "b", "c", "d"]);
    assert_eq!(
        run["results"]["items"][0],
        json!({"number": 1, "name": "a", "class": "C", "status": "passed", "durationMs": 12})
    );
    assert_eq!(run["results"]["items"][1]["message"], "1 != 2[2J");
    assert_eq!(floor.told(&id), ["queued", "running", "running", "running"]);
    let page = floor.read("list_results", &id, "limit=3").unwrap();
    assert_eq!(
        (&page["hasMore"], &page["after"]),
        (&json!(true), &json!(3))
    );
    let rest = floor.read("list_results", &id, "after=3").unwrap();
    assert_eq!(
        (names(&rest), &rest["hasMore"]),
        (vec!["d".into()], &json!(false))
    );
    let passed = floor.read("list_results", &id, "status=passed").unwrap();
    assert_eq!(names(&passed), ["a", "d"]);
    assert_eq!(
        fault(floor.read("list_results", &id, "status=good")),
        "status"
    );
}

#[test]
fn the_last_word_replaces_what_was_told_on_the_way() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    floor
        .progress(&id, &lease, json!({"results": [case("a", "failed")]}))
        .unwrap();
    floor
        .complete(
            &id,
            &lease,
            json!({"results": [case("a", "passed"), case("b", "passed")]}),
        )
        .unwrap();
    assert_eq!(names(&floor.show(&id)["results"]), ["a", "b"]);
    assert_eq!(floor.show(&id)["counts"]["total"], 2);
    // Without one, they stand.
    let (id, lease) = floor.running(&json!({"name": "two"}));
    floor
        .progress(&id, &lease, json!({"results": [case("a", "failed")]}))
        .unwrap();
    assert_eq!(
        floor.complete(&id, &lease, json!({})).unwrap()["status"],
        "failed"
    );
    assert_eq!(names(&floor.show(&id)["results"]), ["a"]);
}

#[test]
fn a_new_attempt_begins_with_no_results() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    floor
        .progress(&id, &lease, json!({"results": [case("a", "failed")]}))
        .unwrap();
    floor.host.advance(LEASE_MS);
    floor.lease().unwrap();
    assert_eq!(floor.show(&id)["counts"]["total"], 0);
    assert_eq!(names(&floor.show(&id)["results"]), Vec::<String>::new());
}

#[test]
fn results_are_bounded() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let many = json!({"results": vec![case("t", "passed"); 1_001]});
    assert_eq!(fault(floor.progress(&id, &lease, many)), "results");
    let long = json!({"results": [{"name": "n".repeat(600), "status": "failed", "message": "m".repeat(5_000)}]});
    floor.progress(&id, &lease, long).unwrap();
    let kept = &floor.show(&id)["results"]["items"][0];
    assert_eq!(text(&kept["name"]).chars().count(), 501);
    assert_eq!(text(&kept["message"]).chars().count(), 4_097);
    for _ in 0..11 {
        floor
            .progress(
                &id,
                &lease,
                json!({"results": vec![case("t", "passed"); 1_000]}),
            )
            .unwrap();
    }
    // All count; ten thousand are kept.
    assert_eq!(floor.show(&id)["counts"]["total"], 11_001);
    let end = floor.read("list_results", &id, "after=9990").unwrap();
    assert_eq!(
        (&end["after"], &end["hasMore"]),
        (&json!(10_000), &json!(false))
    );
}

fn by_xml(floor: &Floor, id: &str, lease: &str, report: &str) -> Result<Value> {
    let request = floor.by_worker("complete").param("id", id).body(report);
    let request = request
        .header("content-type", "application/xml")
        .header("x-lease", lease);
    Ok(request.send(crate::dispatch)?.json())
}

#[test]
fn a_junit_report_is_a_result() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    assert_eq!(
        by_xml(&floor, &id, &lease, REPORT).unwrap()["status"],
        "failed"
    );
    let run = floor.show(&id);
    assert_eq!(
        run["counts"],
        json!({"total": 5, "passed": 1, "failed": 2, "errored": 1, "skipped": 1})
    );
    let cases = run["results"]["items"].as_array().unwrap();
    assert_eq!(
        cases[0],
        json!({"number": 1, "name": "adds & counts", "class": "shop.Cart", "status": "passed", "durationMs": 43})
    );
    assert_eq!(cases[1]["message"], "expected 1 < 2\nat <Cart>:12");
    assert_eq!(cases[1]["durationMs"], 1_234_500);
    assert_eq!(
        (&cases[2]["class"], &cases[2]["status"]),
        (&json!("b.rs"), &json!("errored"))
    );
    assert_eq!(cases[2]["message"], "Boom\nlost A&unknown;");
    assert_eq!(cases[3]["status"], "skipped");
    assert_eq!(
        (&cases[4]["status"], &cases[4]["message"]),
        (&json!("failed"), &json!("really"))
    );

    let (id, lease) = floor.running(&json!({"name": "two"}));
    let body = json!({"junit": "<testsuite><testcase name='a'/></testsuite>"});
    assert_eq!(
        floor.complete(&id, &lease, body).unwrap()["status"],
        "passed"
    );
}

#[test]
fn a_report_that_would_do_harm_is_refused() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let bomb = r#"<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]><testsuite><testcase name="&c;"/></testsuite>"#;
    let outside = r#"<!DOCTYPE b SYSTEM "file:///etc/passwd"><testsuite/>"#;
    let deep = format!(
        "{}{}",
        "<testsuite>".repeat(100_000),
        "</testsuite>".repeat(100_000)
    );
    let many = format!("<testsuite>{}</testsuite>", "<testcase/>".repeat(20_001));
    for report in [
        bomb,
        outside,
        &deep,
        &many,
        "",
        "{}",
        "<html/>",
        "<a><testsuite/></a>",
        "<testsuite>",
        "<testsuite></b>",
        "<testsuite><testcase name='a'>",
        "<testsuite",
        "<testsuite/></testsuite>",
    ] {
        let (start, _) = crate::check::beginning(report, 60);
        assert_eq!(
            fault(by_xml(&floor, &id, &lease, report)),
            "junit",
            "{start}"
        );
        assert_eq!(
            fault(floor.complete(&id, &lease, json!({ "junit": report }))),
            "junit",
            "{start}"
        );
    }
    let many_attributes = format!(
        "<testsuite><testcase {}/></testsuite>",
        "a='' ".repeat(100_000)
    );
    by_xml(&floor, &id, &lease, &many_attributes).unwrap();
}

#[test]
fn what_is_neither_json_nor_a_report_is_refused() {
    let floor = Floor::new();
    let (id, lease) = floor.running(&json!({"name": "one"}));
    let request = |kind: &str| {
        let request = floor
            .by_worker("complete")
            .param("id", &id)
            .body("<testsuite/>");
        request.header("content-type", kind).send(crate::dispatch)
    };
    assert_eq!(
        refused(request("text/plain")),
        refusal(415, "unsupported-media-type")
    );
    assert_eq!(refused(request("")), refusal(415, "unsupported-media-type"));
    assert_eq!(fault(request("text/xml")), "X-Lease");
    let wrong = by_xml(&floor, &id, "wrong", REPORT);
    assert_eq!(refused(wrong), refusal(409, "lease-lost"));
    let both = json!({"junit": "<testsuite/>", "results": []});
    assert_eq!(fault(floor.complete(&id, &lease, both)), "junit");
}
