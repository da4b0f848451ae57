//! The demo data passes the site's own checks.

use super::*;

const FILE: &str = include_str!("../../../../config/demo/50-content.json");

fn load(site: &Site, request: &Value) -> Result<Response> {
    let handler = match request["path"].as_str().unwrap() {
        "/api/content/blog" => "create_post",
        "/api/content/help" => "create_help",
        "/api/content/tutorials" => "create_tutorial",
        "/api/content/jobs" => "create_job",
        other => unreachable!("{other}"),
    };
    let who = &request["as"];
    site.0.advance(1);
    let sent = site
        .0
        .request(handler)
        .account(&text(&who["userId"]), &text(&who["role"]));
    sent.json(&request["body"]).send(crate::dispatch)
}

#[test]
fn demo_data_loads_once_and_shows_everything() {
    let site = Site::new();
    let requests: Vec<Value> = serde_json::from_str(FILE).unwrap();
    for request in &requests {
        assert_eq!(load(&site, request).unwrap().status, 201, "{request}");
    }
    for request in &requests {
        let again = refusal(load(&site, request));
        assert_eq!(again.0, 409, "loading again changes nothing: {request}");
    }
    for (list, least) in [
        ("list_posts", 3),
        ("list_help", 3),
        ("list_tutorials", 2),
        ("list_jobs", 2),
    ] {
        assert!(site.slugs(Anybody, list, "").len() >= least, "{list}");
    }
    assert_eq!(site.slugs(Admin, "list_posts", "status=draft").len(), 1);
    assert_eq!(site.slugs(Anybody, "list_jobs", "status=closed").len(), 1);
}
