//! What is kept about people, told and forgotten.

use super::*;

fn deliver(site: &Site, event: &str, source: &str, payload: &Value) {
    let event = site.0.event(event).source(source).json(payload);
    event.deliver(crate::dispatch_event).unwrap();
}

fn told(account: &str) -> Value {
    crate::personal_data(account).unwrap()
}

#[test]
fn an_applicant_takes_along_what_is_kept_and_is_forgotten() {
    let site = Site::new();
    site.job(json!({}));
    let own = site
        .apply(User("u1"), "mason", json!({ "coverLetter": "Me." }))
        .unwrap();
    let others = site
        .apply(User("u2"), "mason", json!({ "email": "b@example.org" }))
        .unwrap();
    assert_eq!(told("u1")["applications"][0]["coverLetter"], "Me.");
    assert_eq!(told("u1")["applications"].as_array().unwrap().len(), 1);
    assert_eq!(told("u3"), json!({}));
    deliver(
        &site,
        "user.erased",
        "someplugin",
        &json!({ "userId": "u1" }),
    );
    assert!(
        site.see(Admin, "get_application", &id(&own)).is_ok(),
        "only the host says so"
    );
    deliver(&site, "user.erased", "host", &json!({ "userId": "u1" }));
    assert_eq!(
        refusal(site.see(Admin, "get_application", &id(&own))).0,
        404
    );
    assert!(site.see(Admin, "get_application", &id(&others)).is_ok());
    assert_eq!(told("u1"), json!({}));
    site.apply(User("u1"), "mason", json!({})).unwrap();
}

#[test]
fn many_applications_are_forgotten_in_portions() {
    let site = Site::new();
    for at in 0..51 {
        let job = site.job(json!({ "slug": format!("job-{at}") }));
        site.apply(User("u1"), &id(&job), json!({})).unwrap();
    }
    let erased = json!({ "userId": "u1" });
    deliver(&site, "user.erased", "host", &erased);
    assert_eq!(told("u1")["applications"].as_array().unwrap().len(), 1);
    let rest = site.0.events().pop().unwrap();
    assert_eq!(
        (rest.name.as_str(), &rest.payload),
        ("content.forgetting", &erased)
    );
    deliver(&site, "content.forgetting", "other", &erased);
    assert_ne!(told("u1"), json!({}), "only the plugin itself goes on");
    deliver(&site, "content.forgetting", "content", &erased);
    assert_eq!(told("u1"), json!({}));
}

#[test]
fn what_is_late_brings_nobody_back() {
    let site = Site::new();
    site.job(json!({}));
    let sent = site.apply(Anybody, "mason", json!({})).unwrap();
    deliver(&site, "user.erased", "host", &json!({ "userId": "u1" }));
    let proof = json!({ "userId": "u1", "email": "grace@example.org" });
    deliver(&site, "user.verified", "host", &proof);
    assert_eq!(told("u1"), json!({}));
    let sent = site.see(Admin, "get_application", &id(&sent));
    assert_eq!(refusal(sent).0, 404, "it went with the account");
}

/// A site where grace has sent so many applications without an account, and proved since that the address is hers. Beside
/// the site: the proof, and her applications.
fn proved(applications: u32) -> (Site, Value, Vec<String>) {
    let site = Site::new();
    let apply = |at| {
        let job = site.job(json!({ "slug": format!("job-{at}") }));
        id(&site.apply(Anybody, &id(&job), json!({})).unwrap())
    };
    let sent = (0..applications).map(apply).collect();
    let proof = json!({ "userId": "u1", "email": "grace@example.org" });
    deliver(&site, "user.verified", "host", &proof);
    (site, proof, sent)
}

#[test]
fn many_applications_are_adopted_in_portions() {
    let (site, proof, sent) = proved(120);
    let adopted = || told("u1")["applications"].as_array().unwrap().len();
    assert_eq!(adopted(), 50);
    for (source, so_far) in [
        ("other", 50),
        ("host", 50),
        ("content", 100),
        ("content", 120),
    ] {
        let rest = site.0.events().pop().unwrap();
        assert_eq!(
            (rest.name.as_str(), &rest.payload),
            ("content.adopting", &proof)
        );
        deliver(&site, "content.adopting", source, &rest.payload);
        assert_eq!(adopted(), so_far, "{source}");
    }
    let raised = site.event_names();
    let portions = raised.iter().filter(|name| *name == "content.adopting");
    assert_eq!((portions.count(), sent.len()), (2, 120));
}

#[test]
fn what_was_not_adopted_yet_goes_with_the_account() {
    let (site, proof, sent) = proved(51);
    deliver(&site, "user.erased", "host", &json!({ "userId": "u1" }));
    deliver(&site, "content.adopting", "content", &proof);
    for application in sent {
        let found = site.see(Admin, "get_application", &application);
        assert_eq!(refusal(found).0, 404);
    }
}

#[test]
fn what_was_sent_without_an_account_is_the_accounts_once_the_address_is_proved() {
    let site = Site::new();
    site.job(json!({}));
    let sent = site.apply(Anybody, "mason", json!({})).unwrap();
    let proof = json!({ "userId": "u1", "email": "Grace@example.org" });
    deliver(&site, "user.verified", "someplugin", &proof);
    assert_eq!(told("u1"), json!({}));
    deliver(&site, "user.verified", "host", &proof);
    assert_eq!(told("u1")["applications"][0]["email"], "grace@example.org");
    // What is somebody's already stays theirs.
    deliver(
        &site,
        "user.verified",
        "host",
        &json!({ "userId": "u2", "email": "grace@example.org" }),
    );
    assert_eq!(told("u2"), json!({}));
    deliver(&site, "user.erased", "host", &json!({ "userId": "u1" }));
    assert_eq!(
        refusal(site.see(Admin, "get_application", &id(&sent))).0,
        404
    );
}

#[test]
fn an_author_is_forgotten_but_the_text_stays() {
    let site = Site::new();
    site.0.set("site_name", "The Stoa");
    site.published(json!({}));
    let kept = told("root");
    assert_eq!(kept["author"]["name"], "Ada Root");
    assert_eq!(
        kept["blog"],
        json!([{ "title": "Hello, World!", "slug": "hello-world" }])
    );
    deliver(&site, "user.erased", "host", &json!({ "userId": "root" }));
    let seen = site.see(Anybody, "get_post", "hello-world").unwrap();
    assert_eq!(seen["author"]["name"], "The Stoa");
    assert!(told("root").get("author").is_none());
}
