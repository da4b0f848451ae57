//! What plugins do with files.

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost, guest_file, repack};

use super::{PNG, small, text, upload};

async fn host() -> TestHost {
    let host = TestHost::builder().guest("keeper").files(small());
    host.start().await
}

async fn keep(actor: &Actor, name: &str, content: &str, times: usize) -> stoa_testkit::Answer {
    let file = json!({ "name": name, "content": content, "times": times, "fail": false });
    actor.post("/keeper/files", &file).await
}

/// What it answers, and whether that was remembered.
async fn ask(actor: &Actor, path: &str) -> (Value, bool) {
    let answer = actor.get(path).await.expect(200);
    let hit = answer.text("cache-status") == Some("Stoa; hit");
    (answer.json(), hit)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_keeps_reads_links_and_removes() {
    let host = host().await;
    let anybody = host.anonymous();
    let kept = keep(&anybody, "notes.txt", "abc", 3).await.json_of(201);
    assert_eq!(
        (
            &kept["name"],
            &kept["contentType"],
            &kept["sizeBytes"],
            &kept["owner"]
        ),
        (
            &json!("notes.txt"),
            &json!("text/plain"),
            &json!(9),
            &Value::Null
        )
    );
    let path = format!("/keeper/files/{}", text(&kept, "id"));
    assert_eq!(ask(&anybody, &path).await.0, kept);
    for (offset, length, told) in [(0, 2, "ab"), (7, 100, "bc"), (9, 1, ""), (0, 0, "")] {
        let part = ask(&anybody, &format!("{path}/from/{offset}/{length}")).await;
        assert_eq!(part.0["text"], told, "{offset} {length}");
    }
    let beyond = anybody.get(&format!("{path}/from/10/1")).await;
    let _ = beyond.expect(400);

    let (told, _) = ask(&anybody, &format!("{path}/link/60")).await;
    let link = text(&told, "link");
    assert_eq!(anybody.get(link).await.expect(200).body, "abcabcabc");
    host.clock.advance(59_999);
    let _ = anybody.get(link).await.expect(200);
    host.clock.advance(1);
    let _ = anybody.get(link).await.problem(404, "not-found");

    // No link lasts longer than a week, and none is made to what is not there.
    let (told, _) = ask(&anybody, &format!("{path}/link/4000000000")).await;
    let week_ms = 7 * 86_400_000;
    host.clock.advance(week_ms);
    let _ = anybody
        .get(text(&told, "link"))
        .await
        .problem(404, "not-found");
    let none = anybody
        .get("/keeper/files/01KDVDNN2M4Z3XJ5R6T7V8W9YA/link/60")
        .await;
    let _ = none.expect(404);

    let removed = anybody.delete(&path).await.json_of(200);
    assert_eq!(removed, json!({ "removed": true }));
    let removed = anybody.delete(&path).await.json_of(200);
    assert_eq!(removed, json!({ "removed": false }));
    let _ = anybody.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bound_has_its_answer() {
    let host = host().await;
    let anybody = host.anonymous();
    for (name, content, times, status) in [
        ("../a.txt", "x", 1, 400),
        ("", "x", 1, 400),
        ("a.txt", "", 1, 400),
        ("a.html", "<html>", 1, 400),
        ("a.txt", "x", 1 << 20, 201),
        ("a.txt", "x", (1 << 20) + 1, 422),
    ] {
        let answer = keep(&anybody, name, content, times).await;
        let _ = answer.expect(status);
    }
    let name = "x".repeat(300);
    let _ = keep(&anybody, &name, "x", 1).await.expect(400);
    for id in ["..%2F..%2Fsecret", "x", &"9".repeat(400)] {
        let _ = anybody
            .get(&format!("/keeper/files/{id}"))
            .await
            .expect(404);
        let _ = anybody
            .get(&format!("/keeper/files/{id}/link/9"))
            .await
            .expect(404);
        let removed = anybody.delete(&format!("/keeper/files/{id}")).await;
        assert_eq!(removed.json_of(200), json!({ "removed": false }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_reaches_files_of_its_callers_tenant_alone() {
    let host = host().await;
    let made = upload(&host.user("uma"), "a.png", "image/png", PNG)
        .await
        .json_of(201);
    let path = format!("/keeper/files/{}", text(&made, "id"));
    let (known, _) = ask(&host.anonymous(), &path).await;
    assert_eq!(known["owner"], "uma");
    let rival = host.account_in("rival", "ron", stoa_kernel::identity::Role::Admin);
    let _ = rival.get(&path).await.expect(404);
    let _ = rival.get(&format!("{path}/from/0/1")).await.expect(404);
    assert_eq!(
        rival.delete(&path).await.json_of(200),
        json!({ "removed": false })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_remembered_until_it_changes_and_bytes_and_links_never() {
    let host = host().await;
    let anybody = host.anonymous();
    let kept = keep(&anybody, "notes.txt", "abc", 1).await.json_of(201);
    let path = format!("/keeper/files/{}", text(&kept, "id"));
    assert!(!ask(&anybody, &path).await.1);
    assert!(
        ask(&anybody, &path).await.1,
        "a document that has not changed"
    );
    for fresh in [format!("{path}/from/0/1"), format!("{path}/link/60")] {
        for _ in 0..2 {
            assert!(!ask(&anybody, &fresh).await.1, "{fresh}");
        }
    }
    let _ = anybody.delete(&path).await.expect(200);
    let _ = anybody.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_capability_there_are_no_files() {
    let keeper = std::fs::read(guest_file("keeper")).unwrap();
    let keeper = repack(&keeper, |package| {
        package.manifest.capabilities.remove("blobs");
    });
    let host = TestHost::builder().start().await;
    let refused = host.install("keeper", &keeper).await.unwrap_err();
    assert!(refused.contains("stoa:blobs/blobs"), "{refused}");
}
