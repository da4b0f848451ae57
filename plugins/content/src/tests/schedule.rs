//! What is published at a time to come.

use super::*;

const LATER: &str = "2026-02-01T08:00:00Z";

fn scheduled(site: &Site) -> Value {
    let post = site.published(json!({ "publishedAt": LATER }));
    assert_eq!(post["status"], "scheduled");
    post
}

#[test]
fn a_post_publishes_itself_when_its_time_comes() {
    let site = Site::new();
    let post = scheduled(&site);
    let slug = text(&post["slug"]);
    assert_eq!(refusal(site.see(Anybody, "get_post", &slug)).0, 404);
    assert_eq!(
        site.slugs(Admin, "list_posts", "status=scheduled"),
        [slug.as_str()]
    );
    site.let_pass("content.due");
    let seen = site.see(Anybody, "get_post", &slug).unwrap();
    assert_eq!(
        (&seen["status"], &seen["publishedAt"]),
        (&json!("published"), &json!("2026-02-01T08:00:00.000Z"))
    );
    assert_eq!(site.event_names(), ["content.due", "content.published"]);
}

#[test]
fn what_was_put_off_or_taken_back_stays_hidden() {
    for (change, becomes) in [
        (
            json!({ "publishedAt": "2026-03-01T08:00:00Z" }),
            "scheduled",
        ),
        (json!({ "status": "draft" }), "draft"),
    ] {
        let site = Site::new();
        let post = scheduled(&site);
        site.about(Admin, "change_post", &id(&post), &change)
            .unwrap();
        let first = &site.0.events()[0];
        site.0.set_time(first.due_at_ms.unwrap());
        let due = site.0.event("content.due").json(&first.payload);
        due.deliver(crate::dispatch_event).unwrap();
        assert_eq!(
            site.see(Admin, "get_post", &id(&post)).unwrap()["status"],
            becomes
        );
    }
    let site = Site::new();
    let post = scheduled(&site);
    site.about(Admin, "delete_post", &id(&post), &Value::Null)
        .unwrap();
    site.let_pass("content.due");
    assert!(site.slugs(Admin, "list_posts", "status=all").is_empty());
}

#[test]
fn nobody_brings_a_time_forward() {
    let site = Site::new();
    let post = scheduled(&site);
    let early = site
        .0
        .event("content.due")
        .json(&site.0.events()[0].payload);
    early.deliver(crate::dispatch_event).unwrap();
    let seen = site.see(Admin, "get_post", &id(&post)).unwrap();
    assert_eq!(seen["status"], "scheduled");
    site.job(json!({}));
    let applied = site.apply(Anybody, "mason", json!({})).unwrap();
    let lapsed = json!({ "id": applied["id"] });
    let early = site.0.event("content.application-lapsed").json(&lapsed);
    early.deliver(crate::dispatch_event).unwrap();
    site.see(Admin, "get_application", &id(&applied)).unwrap();
}

#[test]
fn who_publishes_what_waits_does_not_wait() {
    let site = Site::new();
    let post = scheduled(&site);
    let now = json!({ "status": "published" });
    let changed = site
        .about(Admin, "change_post", &id(&post), &now)
        .unwrap()
        .json();
    assert_eq!(
        (&changed["status"], &changed["publishedAt"]),
        (&json!("published"), &changed["updatedAt"])
    );
    // The event for later finds nothing to do.
    site.let_pass("content.due");
    assert_eq!(site.event_names(), ["content.due", "content.published"]);
}

#[test]
fn who_sends_back_what_waits_publishes_it_or_lets_it_wait() {
    let site = Site::new();
    let post = scheduled(&site);
    let send = |status: &str, published_at: Option<&str>| {
        let mut whole = site.see(Admin, "get_post", &id(&post)).unwrap();
        whole["status"] = json!(status);
        if let Some(at) = published_at {
            whole["publishedAt"] = json!(at);
        }
        let answer = site.about(Admin, "change_post", &id(&post), &whole);
        answer.unwrap().json()
    };
    let waits = send("scheduled", None);
    assert_eq!(
        (&waits["status"], &waits["publishedAt"]),
        (&json!("scheduled"), &json!("2026-02-01T08:00:00.000Z"))
    );
    let later = send("published", Some("2026-03-01T08:00:00Z"));
    assert_eq!(
        (&later["status"], &later["publishedAt"]),
        (&json!("scheduled"), &json!("2026-03-01T08:00:00.000Z"))
    );
    let now = send("published", None);
    assert_eq!(
        (&now["status"], &now["publishedAt"]),
        (&json!("published"), &now["updatedAt"])
    );
}

#[test]
fn a_time_is_one_that_can_be_kept() {
    let site = Site::new();
    for members in [
        json!({ "status": "scheduled" }),
        json!({ "status": "published", "publishedAt": "2028-01-01T00:00:00Z" }),
    ] {
        assert_eq!(refused(site.try_post(members)), (422, "publishedAt".into()));
    }
    // What is moved here from elsewhere keeps its date.
    let old = site.published(json!({ "publishedAt": "2019-05-04T09:00:00+02:00" }));
    assert_eq!(
        (&old["status"], &old["publishedAt"]),
        (&json!("published"), &json!("2019-05-04T07:00:00.000Z"))
    );
    // A draft has no date.
    assert!(
        site.post(json!({ "publishedAt": LATER }))
            .get("publishedAt")
            .is_none()
    );
}
