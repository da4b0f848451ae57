//! Who applies, and what becomes of it.

use super::*;

fn change(site: &Site, application: &str, body: &Value) -> Result<Value> {
    let answer = site.about(Admin, "change_application", application, body)?;
    Ok(answer.json())
}

#[test]
fn anybody_applies_once_for_each_job() {
    let site = Site::new();
    let (job, other) = (site.job(json!({})), site.job(json!({ "slug": "clerk" })));
    let receipt = site.apply(Anybody, "mason", json!({})).unwrap();
    assert_eq!(
        (&receipt["jobId"], &receipt["status"]),
        (&job["id"], &json!("received"))
    );
    for (who, email) in [
        (Anybody, "grace@example.org"),
        (User("u1"), " GRACE@Example.ORG "),
    ] {
        let again = site.apply(who, &id(&job), json!({ "email": email }));
        assert_eq!(
            refusal(again),
            (409, "already-applied".into(), Some("email".into()))
        );
    }
    site.apply(Anybody, "mason", json!({ "email": "ada@example.org" }))
        .unwrap();
    site.apply(Anybody, &id(&other), json!({})).unwrap();
    let names = site.event_names();
    assert_eq!(
        names.iter().filter(|name| *name == "job.applied").count(),
        3
    );
    let told = site
        .0
        .events()
        .into_iter()
        .find(|event| event.name == "job.applied")
        .unwrap();
    assert!(!told.payload.to_string().contains("grace"), "{told:?}");
}

#[test]
fn an_applicant_gets_a_letter_without_words_of_the_applicants() {
    let site = Site::new();
    site.job(json!({}));
    let lines = "Buy cheap pills at evil.example";
    site.apply(
        Anybody,
        "mason",
        json!({ "name": lines, "coverLetter": lines }),
    )
    .unwrap();
    let letters = site.0.letters();
    assert_eq!(
        (letters.len(), letters[0].to.as_str()),
        (1, "grace@example.org")
    );
    assert!(letters[0].text.contains("Mason") && !letters[0].text.contains("pills"));
}

#[test]
fn who_is_signed_in_need_not_say_the_address() {
    let site = Site::new();
    site.job(json!({}));
    let nameless = site.apply(Anybody, "mason", json!({ "email": null }));
    assert_eq!(refused(nameless), (400, "email".into()));
    site.apply(User("u1"), "mason", json!({ "email": null }))
        .unwrap();
    assert_eq!(site.0.letters()[0].to, "u1@example.com");
}

#[test]
fn what_is_no_application_is_refused_by_name() {
    let site = Site::new();
    site.job(json!({}));
    for (members, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a\nb" }), "name"),
        (json!({ "email": "nobody" }), "email"),
        (json!({ "email": "a@b@c" }), "email"),
        (json!({ "email": "a@b,c@d" }), "email"),
        (json!({ "email": "a@b\r\nbcc: c@d" }), "email"),
        (
            json!({ "email": format!("{}@x.example", "a".repeat(250)) }),
            "email",
        ),
        (json!({ "phone": "1".repeat(41) }), "phone"),
        (json!({ "coverLetter": "x".repeat(10_001) }), "coverLetter"),
        (json!({ "links": vec!["https://x.example"; 6] }), "links"),
        (json!({ "links": ["javascript:alert(1)"] }), "links.0"),
        (json!({ "status": "accepted" }), "status"),
    ] {
        let shown = members.to_string();
        assert_eq!(
            refused(site.apply(Anybody, "mason", members)),
            (400, field.into()),
            "{shown}"
        );
    }
    assert_eq!(refusal(site.apply(Anybody, "absent", json!({}))).0, 404);
    assert!(site.0.letters().is_empty() && site.0.events().is_empty());
}

#[test]
fn administrators_read_applications() {
    let site = Site::new();
    let job = site.job(json!({}));
    for name in ["a", "b", "c"] {
        site.0.advance(1);
        let members = json!({ "name": name, "email": format!("{name}@example.org"), "coverLetter": "Hello\nthere" });
        site.apply(Anybody, "mason", members).unwrap();
    }
    let list = |query: &str| {
        let request = site.by(Admin, "list_applications").param("id", &id(&job));
        request.query(query).send(crate::dispatch).unwrap().json()
    };
    let all = list("limit=2");
    assert_eq!(
        (&all["total"], &all["items"][0]["name"]),
        (&json!(3), &json!("c"))
    );
    let first = id(&all["items"][0]);
    let one = site.see(Admin, "get_application", &first).unwrap();
    assert_eq!(
        (&one["jobTitle"], &one["coverLetter"]),
        (&json!("Mason"), &json!("Hello\nthere"))
    );
    change(&site, &first, &json!({ "status": "reviewing" })).unwrap();
    assert_eq!(list("status=reviewing")["total"], 1);
    assert_eq!(
        list("status=received&page=2&limit=1")["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for handler in [
        "list_applications",
        "get_application",
        "get_cv",
        "delete_application",
        "change_application",
    ] {
        for absent in ["absent", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            let answer = site.about(Admin, handler, absent, &json!({}));
            assert_eq!(refusal(answer).0, 404, "{handler}");
        }
    }
}

#[test]
fn an_application_only_goes_on() {
    let site = Site::new();
    site.job(json!({}));
    let application = id(&site.apply(Anybody, "mason", json!({})).unwrap());
    let to = |status: &str| change(&site, &application, &json!({ "status": status }));
    to("reviewing").unwrap();
    to("reviewing").unwrap();
    assert_eq!(
        refusal(to("received")),
        (409, "status-passed".into(), Some("status".into()))
    );
    to("interview").unwrap();
    to("rejected").unwrap();
    for next in ["accepted", "received", "interview"] {
        assert_eq!(refusal(to(next)).0, 409);
    }
    let noted = change(&site, &application, &json!({ "note": "Kind." })).unwrap();
    assert_eq!(
        (&noted["note"], &noted["status"]),
        (&json!("Kind."), &json!("rejected"))
    );
    let long = change(&site, &application, &json!({ "note": "x".repeat(501) }));
    assert_eq!(refused(long), (400, "note".into()));
}

#[test]
fn what_was_read_of_an_application_can_be_sent_back() {
    let site = Site::new();
    site.job(json!({}));
    let members = json!({ "phone": "+30 1", "links": ["https://grace.example"] });
    let application = id(&site.apply(Anybody, "mason", members).unwrap());
    let mut whole = site.see(Admin, "get_application", &application).unwrap();
    site.0.advance(1);
    whole["status"] = json!("reviewing");
    whole["note"] = json!("Kind.");
    let changed = change(&site, &application, &whole).unwrap();
    assert_eq!(
        (&changed["status"], &changed["note"]),
        (&json!("reviewing"), &json!("Kind."))
    );
    assert_eq!(change(&site, &application, &changed).unwrap(), changed);
    // What is not as it was read is a wish that nobody fulfils.
    for (member, value) in [
        ("name", json!("Ada")),
        ("email", json!("ada@example.org")),
        ("cvName", json!("cv.pdf")),
        ("createdAt", json!("2020-01-01T00:00:00.000Z")),
        ("age", json!(30)),
        ("status", json!("hired")),
        ("status", Value::Null),
    ] {
        let refused_change = change(&site, &application, &json!({ member: value }));
        assert_eq!(refused(refused_change), (400, member.into()));
    }
    let bare = change(&site, &application, &json!({ "note": null })).unwrap();
    assert!(bare.get("note").is_none());
    assert_eq!(bare["status"], "reviewing");
}

#[test]
fn a_page_of_the_longest_applications_is_an_answer() {
    let site = Site::new();
    let job = id(&site.job(json!({ "title": "\u{1d54f}".repeat(200), "slug": "mason" })));
    let link = format!("https://{}", "x".repeat(2_040));
    for at in 0..51 {
        let members = json!({
            "name": "\u{1d54f}".repeat(100),
            "email": format!("{at:02}{}@x.example", "a".repeat(242)),
            "phone": "\u{1d54f}".repeat(40),
            "coverLetter": "\u{1d54f}".repeat(10_000),
            "links": vec![&link; 5],
            "cv": { "name": format!("{}.txt", "c".repeat(251)), "content": "SGVsbG8=" },
        });
        let application = id(&site.apply(Anybody, "mason", members).unwrap());
        let note = json!({ "note": "\u{1d54f}".repeat(500) });
        change(&site, &application, &note).unwrap();
    }
    let list = |query: &str| {
        let request = site.by(Admin, "list_applications").param("id", &job);
        request.query(query).send(crate::dispatch).unwrap()
    };
    let (first, second) = (list("limit=200"), list("limit=200&page=2"));
    // What the host takes of an answer.
    assert!(first.body.len() < 4 << 20, "{}", first.body.len());
    let (first, second) = (first.json(), second.json());
    assert_eq!((&first["total"], &first["limit"]), (&json!(51), &json!(50)));
    assert!(first["nextCursor"].is_string());
    let emails = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| text(&item["email"])).collect()
    };
    let mut all = [emails(&first), emails(&second)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 51, "pages follow each other without a gap");
}

#[test]
fn an_application_is_removed_when_it_was_kept_long_enough() {
    let site = Site::new();
    site.0.set("applications_kept_days", 30);
    site.job(json!({}));
    let application = id(&site.apply(Anybody, "mason", json!({})).unwrap());
    let raised = site.0.events();
    let lapsed = raised
        .iter()
        .find(|event| event.name == "content.application-lapsed")
        .unwrap();
    assert_eq!(lapsed.due_at_ms, Some(1_767_225_600_001 + 30 * 86_400_000));
    site.let_pass("content.application-lapsed");
    assert_eq!(
        refusal(site.see(Admin, "get_application", &application)).0,
        404
    );
    site.apply(Anybody, "mason", json!({})).unwrap();
}
