//! `/api/content`: the blog, help, tutorials, jobs, and who applies for them.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_kernel::mail::LETTER_SENT;
use stoa_testkit::{Actor, TestHost};

use crate::events::until;
use crate::shop::{self, id};

/// `%PDF-1.7 my life` in base64.
const PDF: &str = "JVBERi0xLjcgbXkgbGlmZQ==";

const BLOG: &str = "/api/content/blog";
const JOBS: &str = "/api/content/jobs";

async fn open() -> TestHost {
    TestHost::builder().plugin("content").start().await
}

fn post(slug: &str, status: &str) -> Value {
    json!({ "title": "Hello", "slug": slug, "content": "Some *words*. <script>x</script>", "status": status })
}

fn job() -> Value {
    json!({ "title": "Mason", "description": "Builds walls." })
}

fn application(email: &str) -> Value {
    json!({ "name": "Grace", "email": email, "cv": { "name": "cv.pdf", "content": PDF } })
}

async fn open_job(host: &TestHost) -> String {
    id(&host.admin().post(JOBS, &job()).await.json_of(201))
}

async fn apply(actor: &Actor, job: &str, email: &str) -> stoa_testkit::Answer {
    let path = format!("{JOBS}/{job}/apply");
    actor.post(&path, &application(email)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_seen_by_everybody_once_it_is_published() {
    let host = open().await;
    let (admin, anybody) = (host.admin(), host.anonymous());
    let draft = admin.post(BLOG, &post("hello", "draft")).await.json_of(201);
    let rival = host.account_in("rival", "admin", Role::Admin);
    for who in [&anybody, &rival] {
        let hidden = who.get("/api/content/blog/hello").await;
        let _ = hidden.problem(404, "not-found");
    }
    let path = format!("{BLOG}/{}", id(&draft));
    shop::looks_missing(
        &rival,
        Method::DELETE,
        &format!("{BLOG}/{{id}}"),
        "",
        &id(&draft),
    )
    .await;
    let published = json!({ "status": "published" });
    let _ = host
        .user("u1")
        .put(&path, &published)
        .await
        .problem(403, "forbidden");
    let _ = anybody
        .put(&path, &published)
        .await
        .problem(401, "unauthenticated");
    let _ = admin.put(&path, &published).await.expect(200);
    let seen = anybody.get("/api/content/blog/hello").await.json_of(200);
    assert_eq!(
        seen["html"].as_str().map(str::trim),
        Some("<p>Some <em>words</em>. </p>")
    );
    assert_eq!(seen["seo"]["jsonLd"]["@type"], "BlogPosting");
    let list = anybody.get(BLOG).await.json_of(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["slug"]),
        (&json!(1), &json!("hello"))
    );
    let _ = admin.delete(&path).await.expect(204);
    let _ = anybody
        .get("/api/content/blog/hello")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_page_already_is_told_so() {
    let host = open().await;
    let (admin, anybody) = (host.admin(), host.anonymous());
    let made = admin
        .post(BLOG, &post("hello", "published"))
        .await
        .json_of(201);
    let path = "/api/content/blog/hello";
    // The second answer is told from memory.
    for _ in 0..2 {
        let first = anybody.get(path).await.expect(200);
        assert_eq!(first.text("cache-control"), Some("public, max-age=60"));
        let tag = first.text("etag").expect("a tag").to_owned();
        let again = anybody
            .header("if-none-match", &tag)
            .get(path)
            .await
            .expect(304);
        assert!(again.body.is_empty() && again.text("etag") == Some(&tag));
    }
    let tag = anybody
        .get(path)
        .await
        .text("etag")
        .expect("a tag")
        .to_owned();
    let change = json!({ "title": "Goodbye" });
    let _ = admin
        .put(&format!("{BLOG}/{}", id(&made)), &change)
        .await
        .expect(200);
    let fresh = anybody.header("if-none-match", &tag).get(path).await;
    assert_eq!(fresh.json_of(200)["title"], "Goodbye");
    assert_eq!(
        admin.get(path).await.expect(200).text("cache-control"),
        Some("no-store")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_publishes_itself_at_its_time() {
    let host = open().await;
    let _dispatcher = host.dispatch().await;
    let (admin, anybody) = (host.admin(), host.anonymous());
    // The clock of tests begins with that year.
    let at = "2026-01-01T00:01:00.000Z";
    let mut later = post("later", "published");
    later["publishedAt"] = json!(at);
    let made = admin.post(BLOG, &later).await.json_of(201);
    assert_eq!(
        (&made["status"], &made["publishedAt"]),
        (&json!("scheduled"), &json!(at))
    );
    let _ = anybody
        .get("/api/content/blog/later")
        .await
        .problem(404, "not-found");
    host.clock.advance(60_000);
    let seen = until("the post is published", async || {
        let answer = anybody.get("/api/content/blog/later").await;
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(seen.await["status"], "published");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_and_site_maps_name_what_is_public() {
    let host = open().await;
    let admin = host.admin();
    let _ = admin
        .post(BLOG, &post("seen", "published"))
        .await
        .expect(201);
    let _ = admin.post(BLOG, &post("hidden", "draft")).await.expect(201);
    let _ = open_job(&host).await;
    for (file, kind, pages) in [
        (
            "feed.xml",
            "application/rss+xml; charset=utf-8",
            &["/blog/seen<"][..],
        ),
        (
            "sitemap.xml",
            "application/xml; charset=utf-8",
            &["/blog/seen<", "/jobs/mason<"],
        ),
    ] {
        let answer = host
            .anonymous()
            .get(&format!("/api/content/{file}"))
            .await
            .expect(200);
        assert_eq!(answer.text("content-type"), Some(kind));
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(pages.iter().all(|page| text.contains(page)), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_applies_once_and_an_administrator_fetches_the_cv() {
    let host = open().await;
    let (admin, anybody) = (host.admin(), host.anonymous());
    let job = open_job(&host).await;
    let receipt = apply(&anybody, "mason", "grace@example.org")
        .await
        .json_of(201);
    let again = apply(&anybody, &job, "Grace@Example.org").await;
    assert_eq!(again.problem(409, "already-applied")["field"], "email");
    // A letter and the host's other work wait as events.
    let raised = shop::events(&host).await;
    let letters = raised.iter().filter(|(name, _)| name == LETTER_SENT);
    assert_eq!(letters.count(), 1, "{raised:?}");

    let path = format!("/api/content/applications/{}", id(&receipt));
    let cv = format!("{path}/cv");
    for private in [&path, &cv, &format!("{JOBS}/{job}/applications")] {
        let _ = anybody.get(private).await.problem(401, "unauthenticated");
        let _ = host.user("u1").get(private).await.problem(403, "forbidden");
    }
    let rival = host.account_in("rival", "admin", Role::Admin);
    let _ = rival.get(&path).await.problem(404, "not-found");
    let list = admin
        .get(&format!("{JOBS}/{job}/applications"))
        .await
        .json_of(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["cvName"]),
        (&json!(1), &json!("cv.pdf"))
    );
    let link = admin.get(&cv).await.json_of(200);
    assert_eq!(link["contentType"], "application/pdf");
    let url = link["url"].as_str().unwrap().to_owned();
    assert_eq!(anybody.get(&url).await.expect(200).body, "%PDF-1.7 my life");
    host.clock.advance(600_000);
    let _ = anybody.get(&url).await.problem(404, "not-found");

    let _ = admin.delete(&path).await.expect(204);
    let _ = admin.get(&path).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cv_is_a_document_whatever_it_is_called() {
    let host = open().await;
    let job = open_job(&host).await;
    let path = format!("{JOBS}/{job}/apply");
    // `<svg onload=x>`, a program, and a picture.
    for (content, status) in [
        ("PHN2ZyBvbmxvYWQ9eD4=", 400),
        ("TVqQAAMAAAAEAAAA", 400),
        ("iVBORw0KGgoAAAANSUhEUg==", 422),
    ] {
        let mut sent = application("grace@example.org");
        sent["cv"]["content"] = json!(content);
        let answer = host.anonymous().post(&path, &sent).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (status, &json!("cv")),
            "{content}"
        );
    }
    let listed = host
        .admin()
        .get(&format!("{JOBS}/{job}/applications"))
        .await;
    assert_eq!(listed.json_of(200)["total"], 0);
}

/// What is made safe in the sandbox, with its small stack and its few megabytes.
#[tokio::test(flavor = "multi_thread")]
async fn entangled_texts_stay_within_the_limits() {
    let host = open().await;
    let admin = host.admin();
    let tangled = |unit: &str| unit.repeat(99_000 / unit.len());
    for (unit, status) in [
        ("word and more words.\n\n", 201),
        ("- *a* **b** [c](/d)\n", 201),
        ("![](b)", 201),
        ("&amp;", 201),
        ("[", 201),
        ("*a **b ", 201),
        ("> ", 400),
        ("<div>", 400),
        ("x <i>", 400),
    ] {
        let text = json!({ "title": "Tangled", "content": tangled(unit) });
        let answer = admin.post(BLOG, &text).await;
        assert_eq!(answer.status, status, "{unit}");
    }
}
