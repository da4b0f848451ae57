//! The story.

use http::Method;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stoa_kernel::blob::{Blobs as _, NewBlob};
use stoa_kernel::clock::Clock as _;
use stoa_kernel::hex::hex;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::random::ulid;
use stoa_kernel::store::Store as _;
use stoa_testkit::{Answer, SeededRandom, TestHost};

use super::{PNG, objects, on_disk, small, text, upload};
use crate::events::until;

const HOUR_MS: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn on_disk_files_come_and_go() {
    tell(&on_disk().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory_files_come_and_go() {
    let host = TestHost::builder().guest("keeper").files(small());
    tell(&host.start().await).await;
}

/// All of it, in an order in which each part leaves the next what it needs.
pub async fn tell(host: &TestHost) {
    owners_alone_know_of_a_file(host).await;
    links_serve_ranges_and_end(host).await;
    pictures_are_for_everybody(host).await;
    what_is_not_taken_leaves_nothing(host).await;
    a_form_is_as_good_as_a_body(host).await;
    a_key_makes_an_upload_safe_to_repeat(host).await;
    large_files_pass_in_parts_and_room_ends(host).await;
    what_is_removed_gives_back_its_bytes(host).await;
    a_failed_request_leaves_no_bytes(host).await;
    what_nobody_told_of_stays_for_a_day_at_most(host).await;
}

async fn owners_alone_know_of_a_file(host: &TestHost) {
    let owner = host.vendor("vera");
    let made = upload(&owner, "../../pre%CC%88view.png", "image/png", PNG).await;
    let made = made.json_of(201);
    assert_eq!(made["name"], "pre\u{308}view.png");
    assert_eq!(made["contentType"], "image/png");
    assert_eq!(made["size"], PNG.len());
    assert_eq!(text(&made, "digest"), hex(&Sha256::digest(PNG)));
    let path = format!("/api/blobs/{}", text(&made, "id"));
    let seen = owner.get(&path).await.json_of(200);
    assert_eq!(seen["digest"], made["digest"]);
    let _ = host.admin().get(&path).await.expect(200);

    let missing = |answer: Answer| {
        let mut body = answer.problem(404, "not-found");
        body.as_object_mut().unwrap().remove("instance");
        body
    };
    let nothing = missing(owner.get("/api/blobs/01KDVDNN2M4Z3XJ5R6T7V8W9YA").await);
    let rival = host.account_in("rival", "admin", Role::Admin);
    for stranger in [&host.user("uma"), &rival] {
        assert_eq!(missing(stranger.get(&path).await), nothing);
        assert_eq!(missing(stranger.delete(&path).await), nothing);
    }
    let _ = host
        .anonymous()
        .get(&path)
        .await
        .problem(401, "unauthenticated");
    let nobody = upload(&host.anonymous(), "a.png", "image/png", PNG).await;
    let _ = nobody.problem(401, "unauthenticated");
    for role in [Role::Viewer, Role::Worker] {
        let reader = host.account("rea", role);
        let refused = upload(&reader, "a.png", "image/png", PNG).await;
        let _ = refused.problem(403, "read-only-role");
    }
}

async fn links_serve_ranges_and_end(host: &TestHost) {
    let content = "0123456789".repeat(100);
    let name = "B%C3%B6se \"x\".txt";
    let made = upload(&host.user("uma"), name, "text/plain", content.clone()).await;
    let made = made.json_of(201);
    let link = text(&made, "url").to_owned();
    assert!(link.starts_with("/files/"), "{link}");
    let anybody = host.anonymous();

    let all = anybody.get(&link).await.expect(200);
    assert_eq!(all.body, content);
    let etag = all.text("etag").unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", text(&made, "digest")));
    for (header, value) in [
        ("content-type", "text/plain"),
        ("accept-ranges", "bytes"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-store"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-disposition",
            "attachment; filename=\"B_se _x_.txt\"; filename*=UTF-8''B%C3%B6se%20%22x%22.txt",
        ),
    ] {
        assert_eq!(all.text(header), Some(value), "{header}");
    }
    for (range, part, told) in [
        ("bytes=10-14", "01234", "bytes 10-14/1000"),
        ("bytes=-3", "789", "bytes 997-999/1000"),
        ("bytes=998-5000", "89", "bytes 998-999/1000"),
    ] {
        let answer = anybody.header("range", range).get(&link).await.expect(206);
        assert_eq!(answer.body, part, "{range}");
        assert_eq!(answer.text("content-range"), Some(told), "{range}");
    }
    let beyond = anybody.header("range", "bytes=1000-").get(&link).await;
    assert_eq!(beyond.text("content-range"), Some("bytes */1000"));
    let _ = beyond.problem(416, "range-not-satisfiable");
    let part = anybody.header("range", "bytes=0-0");
    let same = part.header("if-range", &etag).get(&link).await;
    assert_eq!(same.expect(206).body, "0");
    let other = part.header("if-range", "\"other\"").get(&link).await;
    assert_eq!(other.expect(200).body, content);
    let known = anybody.header("if-none-match", &etag).get(&link).await;
    assert!(known.expect(304).body.is_empty());
    let head = part.send(Method::HEAD, &link, "").await.expect(200);
    assert_eq!(
        (head.text("content-length"), head.body.len()),
        (Some("1000"), 0)
    );

    // Forged, foreign and ended are all the same.
    let told = async |path: &str| {
        let mut body = anybody.get(path).await.problem(404, "not-found");
        body.as_object_mut().unwrap().remove("instance");
        body
    };
    let forged = told(&format!("{}A{}", &link[..20], &link[21..])).await;
    assert_eq!(told("/files/nonsense").await, forged);
    host.clock.advance(HOUR_MS - 1);
    let _ = anybody.get(&link).await.expect(200);
    host.clock.advance(1);
    assert_eq!(told(&link).await, forged);
}

async fn pictures_are_for_everybody(host: &TestHost) {
    let vera = host.vendor("vera");
    let send = async |path: &str, bytes: &'static [u8]| {
        let actor = vera.header("content-type", "application/octet-stream");
        actor.send(Method::POST, path, bytes).await
    };
    let made = send("/api/blobs?public=true", PNG).await.json_of(201);
    let url = text(&made, "url").to_owned();
    assert_eq!(url, format!("/media/main/{}", text(&made, "id")));
    let anybody = host.anonymous();
    let shown = anybody.get(&url).await.expect(200);
    assert_eq!(shown.body, PNG);
    for (header, value) in [
        ("content-type", "image/png"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(shown.text(header), Some(value), "{header}");
    }
    let again = anybody.header("if-none-match", shown.text("etag").unwrap());
    let _ = again.get(&url).await.expect(304);

    let _ = send("/api/blobs?public=true", b"hello")
        .await
        .problem(400, "invalid-request");
    let _ = send("/api/blobs?public=maybe", PNG)
        .await
        .problem(400, "invalid-request");
    let private = send("/api/blobs", PNG).await.json_of(201);
    let id = text(&private, "id");
    for path in [
        format!("/media/main/{id}"),
        url.replace("/main/", "/rival/"),
        url.replace("/main/", "/invented/"),
        url.replace("/main/", "/_platform/"),
        format!("/media/main/..%2Frival%2F{id}"),
    ] {
        let _ = anybody.get(&path).await.problem(404, "not-found");
    }
    let tenants = host.store.tenants().await.unwrap();
    assert!(!tenants.iter().any(|tenant| tenant.as_str() == "invented"));
}

async fn what_is_not_taken_leaves_nothing(host: &TestHost) {
    let before = objects(host).await.len();
    let uma = host.user("uma");
    for (kind, bytes) in [
        (
            "image/png",
            &b"<!DOCTYPE html><script>alert(1)</script>"[..],
        ),
        ("image/png", b"only words"),
        (
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        ),
        ("text/plain", b"<script>alert(1)</script>"),
        ("application/pdf", PNG),
        ("application/octet-stream", b"MZ\x90\0\x03\0\0\0\x04"),
        ("application/octet-stream", b"\x7fELF\x02\x01\x01\0"),
    ] {
        let refused = upload(&uma, "a.png", kind, bytes).await;
        let _ = refused.problem(415, "unsupported-media-type");
    }
    let empty = upload(&uma, "a.txt", "text/plain", "").await;
    let _ = empty.problem(400, "invalid-request");
    let huge = vec![b'x'; (12 << 20) + 1];
    let _ = upload(&uma, "a.txt", "text/plain", huge)
        .await
        .problem(413, "body-too-large");
    assert_eq!(objects(host).await.len(), before);
}

async fn a_form_is_as_good_as_a_body(host: &TestHost) {
    let uma = host.user("uma");
    let form = uma.header("content-type", "multipart/form-data; boundary=xyz");
    let send = async |body: String| form.send(Method::POST, "/api/blobs", body).await;
    let note = "--xyz\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nhello\r\n";
    let file = "--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\dir\\list.csv\"\r\ncontent-type: text/csv\r\n\r\na,b\r\n1,2\r\n";
    let made = send(format!("{note}{file}--xyz--\r\n")).await.json_of(201);
    assert_eq!(
        (
            text(&made, "name"),
            text(&made, "contentType"),
            &made["size"]
        ),
        ("list.csv", "text/csv", &Value::from(8))
    );
    let before = objects(host).await.len();
    let without = send(format!("{note}--xyz--\r\n")).await;
    let _ = without.problem(400, "invalid-request");
    for cut in [
        file.to_owned(),
        format!("{file}--xy"),
        "--xyz\r\n".to_owned(),
    ] {
        let _ = send(cut).await.problem(400, "invalid-body");
    }
    let padded = format!("--xyz\r\nx-padding: {}\r\n", "x".repeat(200 << 10));
    let _ = send(padded).await.problem(400, "invalid-body");
    assert_eq!(objects(host).await.len(), before);
}

async fn a_key_makes_an_upload_safe_to_repeat(host: &TestHost) {
    let uma = host.user("uma").idempotent("once");
    let first = upload(&uma, "a.txt", "text/plain", "first")
        .await
        .json_of(201);
    let before = objects(host).await.len();
    let again = upload(&uma, "a.txt", "text/plain", "first")
        .await
        .expect(201);
    assert_eq!(again.text("idempotent-replayed"), Some("true"));
    assert_eq!(again.json(), first);
    let other = upload(&uma, "a.txt", "text/plain", "second").await;
    let _ = other.problem(422, "idempotency-mismatch");
    assert_eq!(objects(host).await.len(), before);
}

async fn large_files_pass_in_parts_and_room_ends(host: &TestHost) {
    let uma = host.user("uma");
    let content: Vec<u8> = (0..10_u32 << 20)
        .map(|n| b"0123456789abcdef\n"[(n % 17) as usize])
        .collect();
    let large = upload(&uma, "large.txt", "text/plain", content.clone())
        .await
        .json_of(201);
    let read = host.anonymous().get(text(&large, "url")).await.expect(200);
    assert_eq!(hex(&Sha256::digest(&read.body)), text(&large, "digest"));
    assert_eq!(read.body, content);
    let part = host.anonymous().header("range", "bytes=8388600-8388615");
    let part = part.get(text(&large, "url")).await.expect(206);
    assert_eq!(part.body, &content[8_388_600..8_388_616]);

    // Another ten megabytes are beyond the tenant's twenty, as there are small files already.
    let before = objects(host).await.len();
    let full = upload(&uma, "more.txt", "text/plain", content.clone()).await;
    let _ = full.problem(413, "storage-full");
    assert_eq!(objects(host).await.len(), before);
    let elsewhere = host.account_in("rival", "ron", Role::User);
    let made = upload(&elsewhere, "more.txt", "text/plain", content.clone()).await;
    let _ = made.expect(201);
    let path = format!("/api/blobs/{}", text(&large, "id"));
    let _ = uma.delete(&path).await.expect(204);
    let room = upload(&uma, "more.txt", "text/plain", content).await;
    let _ = room.expect(201);
}

async fn what_is_removed_gives_back_its_bytes(host: &TestHost) {
    host.files.sweep().await.unwrap();
    let uma = host.user("uma");
    let made = upload(&uma, "a.txt", "text/plain", "short")
        .await
        .json_of(201);
    let (id, link) = (text(&made, "id"), text(&made, "url"));
    let path = format!("/api/blobs/{id}");
    let is_there = async || objects(host).await.iter().any(|(_, known)| known == id);
    let _ = uma.delete(&path).await.expect(204);
    for gone in [
        uma.get(&path).await,
        uma.delete(&path).await,
        host.anonymous().get(link).await,
    ] {
        let _ = gone.problem(404, "not-found");
    }
    assert!(!is_there().await);
    // What is left is the note that they have to go.
    assert_eq!(host.files.sweep().await.unwrap(), 1);
    assert_eq!(host.files.sweep().await.unwrap(), 0);
}

async fn a_failed_request_leaves_no_bytes(host: &TestHost) {
    let before = objects(host).await.len();
    let body = serde_json::json!({ "name": "a.txt", "content": "hello", "times": 1, "fail": true });
    let failed = host.anonymous().post("/keeper/files", &body).await;
    let failed = failed.problem(409, "failed");
    let (id, read) = text(&failed, "detail").split_once(' ').unwrap();
    assert_eq!(read, "4", "a request reads what it wrote");
    let known = host.admin().get(&format!("/api/blobs/{id}")).await;
    let _ = known.problem(404, "not-found");
    let are_gone = async || (objects(host).await.len() == before).then_some(());
    until("its bytes are gone", are_gone).await;
}

/// As when a host dies between the bytes and their document.
async fn what_nobody_told_of_stays_for_a_day_at_most(host: &TestHost) {
    let main = TenantId::parse("main").unwrap();
    let unit = host.store.begin(&main).await.unwrap();
    let blob = NewBlob {
        id: ulid(host.clock.now(), &SeededRandom::new(1)),
        name: "a.txt".into(),
        content: "hello".into(),
    };
    host.files.write(&*unit, &main, blob).await.unwrap();
    drop(unit);
    let count = async || objects(host).await.len();
    let before = count().await;
    host.clock.advance(stoa_blobs::ORPHAN_MS_MIN);
    assert_eq!(host.files.sweep().await.unwrap(), 0);
    host.clock.advance(1);
    assert_eq!(host.files.sweep().await.unwrap(), 1);
    assert_eq!(count().await, before - 1);
}
