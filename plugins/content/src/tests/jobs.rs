//! Jobs, from the opening to the removal.

use super::*;

#[test]
fn a_job_is_open_unless_it_says_otherwise() {
    let site = Site::new();
    let job = site.job(json!({
        "location": "Athens", "remote": true, "employment": "part_time", "requirements": ["Hands"],
        "salary": { "min": 1000, "max": 2000.5, "currency": "EUR" },
    }));
    assert_eq!(
        (&job["slug"], &job["status"]),
        (&json!("mason"), &json!("open"))
    );
    let seen = site.see(Anybody, "get_job", "mason").unwrap();
    assert_eq!(seen["html"], "<p>Builds <strong>walls</strong>.</p>\n");
    assert!(seen.get("description").is_none());
    assert_eq!(
        seen["salary"],
        json!({ "min": 1000, "max": 2000.5, "currency": "EUR" })
    );
    let linked = &seen["seo"]["jsonLd"];
    assert_eq!(
        (&linked["@type"], &linked["employmentType"]),
        (&json!("JobPosting"), &json!("PART_TIME"))
    );
    assert_eq!(linked["baseSalary"]["value"]["maxValue"], 2000.5);
    assert_eq!(linked["jobLocationType"], "TELECOMMUTE");
    assert_eq!(
        site.see(Anybody, "get_job", &id(&job)).unwrap()["id"],
        job["id"]
    );
}

#[test]
fn drafts_are_their_administrators_alone() {
    let site = Site::new();
    let draft = site.job(json!({ "status": "draft" }));
    for who in [Anybody, User("u1")] {
        assert_eq!(refusal(site.see(who, "get_job", "mason")).0, 404);
        assert_eq!(refusal(site.apply(who, "mason", json!({}))).0, 404);
        assert!(site.slugs(who, "list_jobs", "").is_empty());
        for query in ["status=draft", "status=all"] {
            assert_eq!(refusal(site.try_list(who, "list_jobs", query)).0, 403);
        }
    }
    assert_eq!(site.slugs(Admin, "list_jobs", "status=draft"), ["mason"]);
    let opened = site.about(
        Admin,
        "change_job",
        &id(&draft),
        &json!({ "status": "open" }),
    );
    assert_eq!(opened.unwrap().json()["openedAt"], draft["createdAt"]);
    assert_eq!(site.slugs(Anybody, "list_jobs", ""), ["mason"]);
}

#[test]
fn a_list_shows_what_it_is_asked_for() {
    let site = Site::new();
    site.job(json!({ "slug": "a", "location": "Athens", "department": "Walls" }));
    site.job(json!({ "slug": "b", "remote": true, "employment": "contract", "title": "Clerk" }));
    site.job(json!({ "slug": "c", "status": "closed" }));
    for (query, slugs) in [
        ("", &["b", "a"][..]),
        ("status=closed", &["c"]),
        ("location=Athens", &["a"]),
        ("department=Walls", &["a"]),
        ("remote=true", &["b"]),
        ("employment=contract", &["b"]),
        ("search=clerk", &["b"]),
        ("page=2&limit=1", &["a"]),
    ] {
        assert_eq!(site.slugs(Anybody, "list_jobs", query), slugs, "{query}");
    }
    for (query, field) in [
        ("status=x", "status"),
        ("employment=x", "employment"),
        ("limit=0", "limit"),
    ] {
        assert_eq!(
            refused(site.try_list(Anybody, "list_jobs", query)),
            (400, field.into())
        );
    }
}

#[test]
fn a_job_closes_when_its_time_is_up_and_may_open_again() {
    let site = Site::new();
    let job = site.job(json!({ "closesAt": "2026-02-01T00:00:00Z" }));
    site.let_pass("content.job-due");
    assert_eq!(
        site.see(Anybody, "get_job", "mason").unwrap()["status"],
        "closed"
    );
    let late = site.apply(Anybody, "mason", json!({}));
    assert_eq!(refusal(late).1, "job-closed");
    let opened = site.about(Admin, "change_job", &id(&job), &json!({ "status": "open" }));
    assert!(opened.unwrap().json().get("closesAt").is_none());
    site.apply(Anybody, "mason", json!({})).unwrap();
}

#[test]
fn who_sends_back_a_closed_job_opens_it() {
    let site = Site::new();
    let job = id(&site.job(json!({ "closesAt": "2026-02-01T00:00:00Z" })));
    let send = |status: &str| {
        let mut whole = site.see(Admin, "get_job", &job).unwrap();
        whole["status"] = json!(status);
        let answer = site.about(Admin, "change_job", &job, &whole);
        answer.unwrap().json()
    };
    // A time to come is kept, whether or not it is sent.
    send("closed");
    assert_eq!(send("open")["closesAt"], "2026-02-01T00:00:00.000Z");
    send("closed");
    let opened = site.about(Admin, "change_job", &job, &json!({ "status": "open" }));
    let opened = opened.unwrap().json();
    assert_eq!(opened["closesAt"], "2026-02-01T00:00:00.000Z");
    site.let_pass("content.job-due");
    let opened = send("open");
    assert_eq!(opened["status"], "open");
    assert!(opened.get("closesAt").is_none());
}

#[test]
fn a_job_that_got_more_time_stays_open() {
    let site = Site::new();
    let job = site.job(json!({ "closesAt": "2026-02-01T00:00:00Z" }));
    let later = json!({ "closesAt": "2026-03-01T00:00:00Z", "slug": "wall-builder" });
    site.about(Admin, "change_job", &id(&job), &later).unwrap();
    let first = &site.0.events()[0];
    site.0.set_time(first.due_at_ms.unwrap());
    site.0
        .event("content.job-due")
        .json(&first.payload)
        .deliver(crate::dispatch_event)
        .unwrap();
    assert_eq!(
        site.see(Anybody, "get_job", "wall-builder").unwrap()["status"],
        "open"
    );
    let moved = site
        .about(Anybody, "get_job", "mason", &Value::Null)
        .unwrap();
    assert_eq!(
        header(&moved, "location"),
        Some("/api/content/jobs/wall-builder")
    );
}

#[test]
fn nobody_applies_after_the_end_even_before_the_job_is_closed() {
    let site = Site::new();
    site.job(json!({ "closesAt": "2026-01-02T00:00:00Z" }));
    site.0.advance(2 * 86_400_000);
    assert_eq!(
        refusal(site.apply(Anybody, "mason", json!({}))).1,
        "job-closed"
    );
}

#[test]
fn what_cannot_be_a_job_is_refused_by_name() {
    let site = Site::new();
    let salary = |min: i64, max: i64, currency: &str| json!({ "salary": { "min": min, "max": max, "currency": currency } });
    for (members, status, field) in [
        (json!({ "title": " " }), 400, "title"),
        (
            json!({ "description": "x".repeat(100_001) }),
            400,
            "description",
        ),
        (
            json!({ "requirements": vec!["x"; 51] }),
            400,
            "requirements",
        ),
        (json!({ "employment": "slave" }), 400, "employment"),
        (salary(2, 1, "EUR"), 400, "salary.min"),
        (salary(-1, 1, "EUR"), 400, "salary.min"),
        (salary(1, 1_000_000_000, "EUR"), 400, "salary.max"),
        (salary(1, 2, "euros"), 400, "salary.min"),
        (
            json!({ "closesAt": "2020-01-01T00:00:00Z" }),
            422,
            "closesAt",
        ),
        (
            json!({ "closesAt": "2030-01-01T00:00:00Z" }),
            422,
            "closesAt",
        ),
    ] {
        let shown = members.to_string();
        assert_eq!(
            refused(site.try_job(members)),
            (status, field.into()),
            "{shown}"
        );
    }
}

#[test]
fn a_job_goes_when_nobody_has_applied() {
    let site = Site::new();
    let job = site.job(json!({}));
    let applied = site.apply(Anybody, "mason", json!({})).unwrap();
    let delete = || site.about(Admin, "delete_job", &id(&job), &Value::Null);
    assert_eq!(refusal(delete()).1, "has-applications");
    site.about(Admin, "delete_application", &id(&applied), &Value::Null)
        .unwrap();
    assert_eq!(delete().unwrap().status, 204);
    assert_eq!(refusal(delete()).0, 404);
    assert_eq!(refusal(site.see(Anybody, "get_job", "mason")).0, 404);
    assert_eq!(site.job(json!({}))["slug"], "mason");
}
