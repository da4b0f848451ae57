//! Lists: filters, orders, pages, caches.

use super::*;

fn site() -> Site {
    let site = Site::new();
    for (title, category, tags, content) in [
        ("Apple", "Fruit", json!(["red", "round"]), "Grows on trees."),
        ("Brick", "Stone", json!(["red"]), "Holds walls."),
        ("Cherry", "Fruit", json!(["round"]), "Also on trees."),
    ] {
        site.published(
            json!({ "title": title, "category": category, "tags": tags, "content": content }),
        );
    }
    site.post(json!({ "title": "Draft", "category": "Fruit", "content": "Trees." }));
    site
}

#[test]
fn a_list_shows_what_it_is_asked_for() {
    let site = site();
    for (query, slugs) in [
        ("", &["cherry", "brick", "apple"][..]),
        ("sort=oldest", &["apple", "brick", "cherry"]),
        ("sort=title", &["apple", "brick", "cherry"]),
        ("category=Fruit", &["cherry", "apple"]),
        ("tag=RED", &["brick", "apple"]),
        ("tag=red&category=Fruit", &["apple"]),
        ("search=TREES", &["cherry", "apple"]),
        ("q=brick+walls", &["brick"]),
        ("search=+", &["cherry", "brick", "apple"]),
        ("category=None", &[]),
        ("page=2&limit=2", &["apple"]),
        ("limit=1&offset=1", &["brick"]),
    ] {
        assert_eq!(site.slugs(Anybody, "list_posts", query), slugs, "{query}");
    }
    let list = site.try_list(Anybody, "list_posts", "limit=2").unwrap();
    assert_eq!((&list["total"], &list["limit"]), (&json!(3), &json!(2)));
    let next = format!("limit=2&cursor={}", text(&list["nextCursor"]));
    assert_eq!(site.slugs(Anybody, "list_posts", &next), ["apple"]);
    let first = &list["items"][0];
    assert!(
        first.get("html").is_none() && first.get("content").is_none(),
        "{first}"
    );
}

#[test]
fn drafts_are_listed_for_administrators_alone() {
    let site = site();
    assert_eq!(site.slugs(Admin, "list_posts", "status=draft"), ["draft"]);
    assert_eq!(site.slugs(Admin, "list_posts", "status=all").len(), 4);
    assert_eq!(site.slugs(Admin, "list_posts", "").len(), 3);
    for query in ["status=draft", "status=scheduled", "status=all"] {
        for who in [Anybody, User("u1")] {
            let answer = site.try_list(who, "list_posts", query);
            assert_eq!(refusal(answer).0, 403, "{query}");
        }
    }
}

#[test]
fn what_makes_no_list_is_refused_by_name() {
    let site = site();
    let long = format!("search={}", "x".repeat(201));
    for (query, field) in [
        ("limit=0", "limit"),
        ("page=0", "page"),
        ("offset=10001", "offset"),
        ("status=secret", "status"),
        ("sort=random", "sort"),
        (&long, "search"),
    ] {
        let answer = site.try_list(Anybody, "list_posts", query);
        assert_eq!(refused(answer), (400, field.into()), "{query}");
    }
}

#[test]
fn categories_count_what_is_published() {
    let site = site();
    let list = site.try_list(Anybody, "list_categories", "").unwrap();
    let fruit = json!({ "name": "Fruit", "count": 2 });
    assert_eq!(
        list["items"],
        json!([fruit, { "name": "Stone", "count": 1 }])
    );
    let none = site
        .try_list(Anybody, "list_categories", "of=help")
        .unwrap();
    assert_eq!(none["total"], 0);
}

#[test]
fn caches_keep_what_everybody_sees() {
    let site = site();
    let ask = |who| site.about(who, "get_post", "apple", &Value::Null).unwrap();
    let (first, again) = (ask(Anybody), ask(Anybody));
    let tag = header(&first, "etag").unwrap();
    assert_eq!(header(&first, "cache-control"), Some("public, max-age=60"));
    assert_eq!(header(&first, "vary"), Some("authorization, x-tenant"));
    assert_eq!(header(&again, "etag"), Some(tag));
    assert!(
        header(&ask(Admin), "etag").is_none() && header(&ask(Admin), "cache-control").is_none()
    );
    let id = id(&first.json());
    site.0.advance(1);
    site.about(Admin, "change_post", &id, &json!({ "title": "Pear" }))
        .unwrap();
    assert_ne!(header(&ask(Anybody), "etag"), Some(tag));
}
