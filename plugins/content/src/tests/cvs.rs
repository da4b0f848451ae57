//! CVs: which are taken, who fetches them, when they go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoa_guest::blobs;
use stoa_guest::testing::BlobInfo;

use super::*;

const PDF: &[u8] = b"%PDF-1.7 my life";

fn site() -> Site {
    let site = Site::new();
    site.job(json!({}));
    site
}

fn file(content: &[u8]) -> Value {
    json!({ "cv": { "name": "cv.pdf", "content": STANDARD.encode(content) } })
}

/// Keeps a file as `u1`'s upload would be.
fn upload(site: &Site, id: &str, content: &[u8]) {
    let info = BlobInfo {
        id: id.into(),
        name: "mine.pdf".into(),
        content_type: "application/pdf".into(),
        size_bytes: content.len() as u64,
        digest: String::new(),
        owner: Some("u1".into()),
        created_at_ms: 0,
        public_path: None,
    };
    site.0.blob(info, content);
}

fn link(site: &Site, application: &Value) -> Value {
    site.see(Admin, "get_cv", &id(application)).unwrap()
}

/// The blob that a link of the fake host leads to.
fn blob_of(link: &Value) -> String {
    let url = text(&link["url"]);
    let (path, _) = url.split_once('?').unwrap();
    path.trim_start_matches("/files/").to_owned()
}

#[test]
fn a_cv_is_kept_and_fetched_by_a_link_that_ends() {
    let site = site();
    let application = site.apply(Anybody, "mason", file(PDF)).unwrap();
    let link = link(&site, &application);
    assert!(text(&link["url"]).ends_with("?seconds=600"));
    assert_eq!(
        (&link["name"], &link["sizeBytes"]),
        (&json!("cv.pdf"), &json!(PDF.len()))
    );
    assert_eq!(blobs::read(&blob_of(&link), 0, 100).unwrap(), PDF);
    let seen = site
        .see(Admin, "get_application", &id(&application))
        .unwrap();
    assert_eq!(seen["cvName"], "cv.pdf");
    assert!(!seen.to_string().contains(&blob_of(&link)), "{seen}");
    let bare = site
        .apply(Anybody, "mason", json!({ "email": "b@example.org" }))
        .unwrap();
    assert_eq!(refusal(site.see(Admin, "get_cv", &id(&bare))).0, 404);
}

#[test]
fn a_cv_is_a_document_of_bounded_size() {
    let site = site();
    site.apply(Anybody, "mason", file(b"plain text")).unwrap();
    let other = |members: Value| {
        let mut whole = json!({ "email": "b@example.org" });
        merge_patch(&mut whole, members);
        site.apply(Anybody, "mason", whole)
    };
    assert_eq!(refused(other(file(b"\x00\x01\x02"))), (422, "cv".into()));
    assert_eq!(
        refused(other(file(b"<svg onload=alert(1)>"))),
        (422, "cv".into())
    );
    let odd = json!({ "cv": { "name": "cv.pdf", "content": "???" } });
    assert_eq!(refused(other(odd)), (400, "cv.content".into()));
    let mut large = PDF.to_vec();
    large.resize(crate::cv::CV_BYTES_MAX, b'x');
    other(file(&large)).unwrap();
    large.push(b'x');
    let beyond = json!({ "email": "c@example.org", "cv": file(&large)["cv"] });
    assert_eq!(refusal(site.apply(Anybody, "mason", beyond)).0, 413);
}

#[test]
fn an_upload_of_ones_own_is_copied() {
    let site = site();
    upload(&site, "MINE", PDF);
    let named = json!({ "cvBlob": "blob:MINE" });
    for who in [Anybody, User("u2")] {
        let stolen = site.apply(who, "mason", named.clone());
        assert_eq!(refused(stolen), (400, "cvBlob".into()), "{who:?}");
    }
    for odd in ["MINE", "blob:NONE"] {
        let answer = site.apply(User("u1"), "mason", json!({ "cvBlob": odd }));
        assert_eq!(refused(answer), (400, "cvBlob".into()));
    }
    let mut both = file(PDF);
    merge_patch(&mut both, named.clone());
    assert_eq!(
        refused(site.apply(User("u1"), "mason", both)),
        (400, "cvBlob".into())
    );
    let application = site.apply(User("u1"), "mason", named).unwrap();
    let copy = blob_of(&link(&site, &application));
    assert_ne!(copy, "MINE");
    assert!(blobs::remove("MINE").unwrap());
    assert_eq!(blobs::read(&copy, 0, 100).unwrap(), PDF);
}

#[test]
fn a_cv_goes_with_its_application() {
    let site = site();
    let application = site.apply(Anybody, "mason", file(PDF)).unwrap();
    let blob = blob_of(&link(&site, &application));
    let deleted = site.about(Admin, "delete_application", &id(&application), &Value::Null);
    assert_eq!(deleted.unwrap().status, 204);
    assert!(blobs::stat(&blob).unwrap().is_none());
    let application = site.apply(Anybody, "mason", file(PDF)).unwrap();
    let blob = blob_of(&link(&site, &application));
    site.let_pass("content.application-lapsed");
    assert!(blobs::stat(&blob).unwrap().is_none());
}
