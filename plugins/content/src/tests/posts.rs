//! Posts, from the draft to the removal.

use super::*;

#[test]
fn a_draft_is_its_administrators_alone_until_it_is_published() {
    let site = Site::new();
    let draft = site.post(json!({}));
    let (id, slug) = (id(&draft), text(&draft["slug"]));
    assert_eq!(
        (slug.as_str(), &draft["status"]),
        ("hello-world", &json!("draft"))
    );
    assert_eq!(
        site.see(Admin, "get_post", &slug).unwrap()["id"],
        draft["id"]
    );
    for who in [Anybody, User("u1")] {
        for name in [slug.as_str(), id.as_str(), "absent", "../x"] {
            let seen = refusal(site.see(who, "get_post", name));
            assert_eq!(seen, (404, "not-found".into(), None), "{who:?} {name}");
        }
        assert!(site.slugs(who, "list_posts", "").is_empty());
    }
    let published = json!({ "status": "published" });
    let changed = site
        .about(Admin, "change_post", &id, &published)
        .unwrap()
        .json();
    assert_eq!(changed["title"], "Hello, World!", "other members stay");
    let seen = site.see(Anybody, "get_post", &slug).unwrap();
    assert_eq!(seen["html"], "<p>Some <em>words</em>.</p>\n");
    assert_eq!(seen["excerpt"], "Some words.");
    assert_eq!(
        (&seen["readingTime"], &seen["author"]["name"]),
        (&json!(1), &json!("Ada Root"))
    );
    assert!(
        seen.get("content").is_none(),
        "the source is for administrators"
    );
    assert_eq!(
        site.see(Admin, "get_post", &id).unwrap()["content"],
        "Some *words*."
    );
    assert_eq!(site.event_names(), ["content.published"]);
    assert_eq!(site.0.events()[0].payload["slug"], "hello-world");
    let back = json!({ "status": "draft" });
    site.about(Admin, "change_post", &id, &back).unwrap();
    assert_eq!(refusal(site.see(Anybody, "get_post", &slug)).0, 404);
}

#[test]
fn what_was_read_can_be_sent_back() {
    let site = Site::new();
    for (made, get, change, content) in [
        (
            site.published(json!({})),
            "get_post",
            "change_post",
            "content",
        ),
        (
            site.job(json!({ "status": "open" })),
            "get_job",
            "change_job",
            "description",
        ),
    ] {
        let id = id(&made);
        let mut read = site.see(Admin, get, &id).unwrap();
        read[content] = json!("Other words.");
        let changed = site.about(Admin, change, &id, &read).unwrap().json();
        assert_eq!(changed["html"], "<p>Other words.</p>\n");
        assert_eq!(
            changed["excerpt"], "Other words.",
            "nobody wrote another one"
        );
        let forged = json!({ "html": "<script>alert(1)</script>" });
        let refused = refusal(
            site.about(Admin, change, &id, &forged)
                .map(|answer| answer.json()),
        );
        assert_eq!((refused.0, refused.2.as_deref()), (400, Some("html")));
    }
}

#[test]
fn a_slug_is_unique_and_leads_on_after_a_change() {
    let site = Site::new();
    let first = site.published(json!({}));
    assert_eq!(site.published(json!({}))["slug"], "hello-world-2");
    let taken = refusal(site.try_post(json!({ "slug": "hello-world" })));
    assert_eq!(taken, (409, "slug-taken".into(), Some("slug".into())));
    for slug in ["", "No", "a b", "a/b", "-a"] {
        let answer = site.try_post(json!({ "slug": slug }));
        assert_eq!(refused(answer), (400, "slug".into()), "{slug}");
    }
    let renamed = json!({ "slug": "greetings", "title": "Greetings" });
    site.about(Admin, "change_post", &id(&first), &renamed)
        .unwrap();
    let moved = site
        .about(Anybody, "get_post", "hello-world", &Value::Null)
        .unwrap();
    assert_eq!(moved.status, 301);
    assert_eq!(
        header(&moved, "location"),
        Some("/api/content/blog/greetings")
    );
    assert_eq!(
        site.see(Anybody, "get_post", "greetings").unwrap()["title"],
        "Greetings"
    );
    // It is still the post's own: nobody else gets it, and the post may take it back.
    assert_eq!(
        refusal(site.try_post(json!({ "slug": "hello-world" }))).0,
        409
    );
    let back = json!({ "slug": "hello-world" });
    site.about(Admin, "change_post", &id(&first), &back)
        .unwrap();
    assert_eq!(
        site.see(Anybody, "get_post", "hello-world").unwrap()["id"],
        first["id"]
    );
    // Other shelves have their own.
    let help = json!({ "title": "Hello, World!", "content": "x" });
    assert_eq!(
        site.try_add("create_help", help, json!({})).unwrap()["slug"],
        "hello-world"
    );
}

#[test]
fn a_slug_of_a_draft_leads_nobody_on() {
    let site = Site::new();
    let post = site.post(json!({ "slug": "old" }));
    let renamed = json!({ "slug": "new" });
    site.about(Admin, "change_post", &id(&post), &renamed)
        .unwrap();
    assert_eq!(refusal(site.see(Anybody, "get_post", "old")).0, 404);
}

#[test]
fn what_is_deleted_is_gone_and_its_slugs_are_free() {
    let site = Site::new();
    let post = site.published(json!({}));
    let renamed = json!({ "slug": "new" });
    site.about(Admin, "change_post", &id(&post), &renamed)
        .unwrap();
    let deleted = site
        .about(Admin, "delete_post", &id(&post), &Value::Null)
        .unwrap();
    assert_eq!(deleted.status, 204);
    for handler in ["delete_post", "change_post", "get_post"] {
        let answer = site.about(Admin, handler, &id(&post), &json!({}));
        assert_eq!(refusal(answer).0, 404, "{handler}");
    }
    for slug in ["hello-world", "new"] {
        assert_eq!(site.published(json!({ "slug": slug }))["slug"], slug);
    }
}

#[test]
fn what_cannot_be_a_post_is_refused_by_name() {
    let site = Site::new();
    for (members, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": "x".repeat(201) }), "title"),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "content": "x".repeat(100_001) }), "content"),
        (json!({ "content": "> ".repeat(50) }), "content"),
        (json!({ "content": "x <i>".repeat(1_001) }), "content"),
        (json!({ "content": "a\u{7}" }), "content"),
        (json!({ "excerpt": "x".repeat(501) }), "excerpt"),
        (json!({ "tags": vec!["x"; 31] }), "tags"),
        (json!({ "tags": [""] }), "tags.0"),
        (json!({ "category": "x".repeat(101) }), "category"),
        (json!({ "coverImage": "javascript:alert(1)" }), "coverImage"),
        (
            json!({ "coverImage": "//evil.example/a.png" }),
            "coverImage",
        ),
        (json!({ "coverImage": "blob:NONE" }), "coverImage"),
        (
            json!({ "seo": { "canonicalUrl": "/here" } }),
            "seo.canonicalUrl",
        ),
        (
            json!({ "seo": { "image": "data:image/png,x" } }),
            "seo.image",
        ),
        (json!({ "seo": { "keywords": "x" } }), "seo.keywords"),
        (json!({ "publishedAt": "soon" }), "publishedAt"),
        (json!({ "status": "secret" }), "status"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let shown = members.to_string();
        assert_eq!(
            refused(site.try_post(members)),
            (400, field.into()),
            "{shown}"
        );
    }
    assert!(site.slugs(Admin, "list_posts", "status=all").is_empty());
}

#[test]
fn a_page_tells_search_engines_what_it_is() {
    let site = Site::new();
    site.0.set("base_url", "https://shop.example/");
    site.0.set("site_name", "The Stoa");
    let post = site.published(json!({
        "tags": ["News", "news", "Stone"], "category": "Walls", "author": "Guest",
        "coverImage": "/media/t/1", "excerpt": "In short.",
    }));
    let url = "https://shop.example/blog/hello-world";
    let seo = &post["seo"];
    assert_eq!(post["tags"], json!(["news", "stone"]));
    assert_eq!(
        (&post["url"], &seo["canonicalUrl"]),
        (&json!(url), &json!(url))
    );
    assert_eq!(
        (&seo["title"], &seo["description"]),
        (&json!("Hello, World!"), &json!("In short."))
    );
    assert_eq!(seo["robots"], "index,follow");
    let (graph, linked) = (&seo["openGraph"], &seo["jsonLd"]);
    assert_eq!(graph["og:type"], "article");
    assert_eq!(graph["og:image"], "https://shop.example/media/t/1");
    assert_eq!(graph["article:tag"], json!(["news", "stone"]));
    assert_eq!(linked["@type"], "BlogPosting");
    assert_eq!(
        linked["author"],
        json!({ "@type": "Person", "name": "Guest" })
    );
    assert_eq!(linked["publisher"]["name"], "The Stoa");
    assert_eq!(linked["datePublished"], post["publishedAt"]);
    let told = json!({ "seo": {
        "title": "T", "description": "D", "canonicalUrl": "https://a.example/x", "image": "https://a.example/i.png",
        "noIndex": true,
    } });
    let seo = site
        .about(Admin, "change_post", &id(&post), &told)
        .unwrap()
        .json()["seo"]
        .clone();
    assert_eq!(
        (&seo["title"], &seo["description"]),
        (&json!("T"), &json!("D"))
    );
    assert_eq!(
        (&seo["canonicalUrl"], &seo["robots"]),
        (&json!("https://a.example/x"), &json!("noindex"))
    );
    assert_eq!(seo["openGraph"]["og:image"], "https://a.example/i.png");
}

#[test]
fn help_and_tutorials_stand_on_shelves_of_their_own() {
    let site = Site::new();
    let least = json!({ "title": "First steps", "content": "Go.", "status": "published" });
    for (noun, list, difficulty) in [
        ("help", "list_help", Value::Null),
        ("tutorial", "list_tutorials", json!("beginner")),
    ] {
        let handler = |verb: &str| format!("{verb}_{noun}");
        let members = json!({ "difficulty": difficulty });
        let made = site
            .try_add(&handler("create"), least.clone(), members)
            .unwrap();
        assert_eq!(site.slugs(Anybody, list, ""), ["first-steps"]);
        let seen = site.see(Anybody, &handler("get"), "first-steps").unwrap();
        assert_eq!(seen["seo"]["jsonLd"]["@type"], "TechArticle");
        let retitled = json!({ "title": "Second steps" });
        let changed = site
            .about(Admin, &handler("change"), &id(&made), &retitled)
            .unwrap()
            .json();
        assert_eq!(
            (&changed["title"], &changed["slug"]),
            (&json!("Second steps"), &json!("first-steps"))
        );
        let deleted = site.about(Admin, &handler("delete"), &id(&made), &Value::Null);
        assert_eq!(deleted.unwrap().status, 204);
        assert!(site.slugs(Anybody, list, "").is_empty());
    }
    assert!(site.slugs(Anybody, "list_posts", "").is_empty());
}
