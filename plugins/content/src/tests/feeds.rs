//! The feed and the site map.

use super::*;

fn site() -> Site {
    let site = Site::new();
    site.0.set("base_url", "https://shop.example");
    site.0.set("site_name", "Stone & Sons");
    site
}

fn xml(site: &Site, handler: &str) -> (String, Response) {
    let answer = site.by(Anybody, handler).send(crate::dispatch).unwrap();
    (String::from_utf8(answer.body.clone()).unwrap(), answer)
}

/// The texts of all elements of a name; fails where the document is not well-formed.
fn texts(xml: &str, name: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut found, mut inside) = (Vec::new(), None::<String>);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == name.as_bytes() => {
                inside = Some(String::new())
            }
            Event::End(tag) if tag.name().as_ref() == name.as_bytes() => {
                found.extend(inside.take())
            }
            Event::Text(text) => {
                if let Some(inside) = &mut inside {
                    inside.push_str(&text.decode().unwrap());
                }
            }
            Event::GeneralRef(entity) => {
                if let Some(inside) = &mut inside {
                    inside.push_str(&format!("&{};", entity.decode().unwrap()));
                }
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn the_feed_tells_the_latest_posts() {
    let site = site();
    site.published(json!({ "title": "Old", "publishedAt": "2019-05-04T09:00:00Z" }));
    site.published(json!({ "title": "A < B & \"C\"", "tags": ["x&y"], "slug": "news", "excerpt": "]]> \u{fffe}<b>" }));
    site.post(json!({ "title": "Draft" }));
    let (feed, answer) = xml(&site, "feed");
    assert_eq!(
        header(&answer, "content-type"),
        Some("application/rss+xml; charset=utf-8")
    );
    assert!(header(&answer, "etag").is_some());
    assert!(
        feed.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\""),
        "{feed}"
    );
    assert_eq!(
        texts(&feed, "title"),
        ["Stone &amp; Sons", "A &lt; B &amp; &quot;C&quot;", "Old"]
    );
    assert_eq!(
        texts(&feed, "link")[1..],
        [
            "https://shop.example/blog/news",
            "https://shop.example/blog/old"
        ]
    );
    assert_eq!(texts(&feed, "description")[1], "]]&gt; &lt;b&gt;");
    assert_eq!(texts(&feed, "category"), ["x&amp;y"]);
    assert_eq!(texts(&feed, "dc:creator"), ["Ada Root", "Ada Root"]);
    assert_eq!(texts(&feed, "pubDate")[1], "Sat, 04 May 2019 09:00:00 GMT");
}

#[test]
fn a_feed_is_bounded() {
    let site = site();
    for _ in 0..51 {
        site.published(json!({ "content": "x" }));
    }
    let (feed, _) = xml(&site, "feed");
    assert_eq!(texts(&feed, "item").len(), 50);
}

#[test]
fn the_site_map_names_every_public_page() {
    let site = site();
    let (empty, _) = xml(&site, "sitemap");
    assert!(texts(&empty, "loc").is_empty());
    site.published(json!({ "slug": "post" }));
    site.post(json!({ "slug": "draft" }));
    site.published(json!({ "slug": "hidden", "seo": { "noIndex": true } }));
    let least = json!({ "title": "First steps", "content": "Go.", "status": "published" });
    site.try_add("create_help", least.clone(), json!({}))
        .unwrap();
    site.try_add("create_tutorial", least, json!({})).unwrap();
    site.job(json!({}));
    site.job(json!({ "status": "closed" }));
    site.job(json!({ "status": "draft" }));
    let (map, answer) = xml(&site, "sitemap");
    assert_eq!(
        header(&answer, "content-type"),
        Some("application/xml; charset=utf-8")
    );
    let pages = [
        "blog/post",
        "help/first-steps",
        "tutorials/first-steps",
        "jobs/mason",
    ];
    assert_eq!(
        texts(&map, "loc"),
        pages.map(|page| format!("https://shop.example/{page}"))
    );
    assert_eq!(texts(&map, "lastmod").len(), 4);
}

#[test]
fn a_site_map_goes_on_over_many_pages() {
    let site = site();
    for at in 0..205 {
        site.published(json!({ "slug": format!("post-{at}"), "content": "x" }));
    }
    assert_eq!(texts(&xml(&site, "sitemap").0, "loc").len(), 205);
}
