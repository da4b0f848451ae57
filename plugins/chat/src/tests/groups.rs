//! Groups, which people come into and leave.

use super::*;

fn participants(view: &Value) -> Vec<&str> {
    let people = view["participants"].as_array().unwrap().iter();
    people
        .map(|person| person["id"].as_str().unwrap())
        .collect()
}

#[test]
fn a_group_grows_and_shrinks() {
    let host = host();
    let chat = open(&host, "anna", &["bert", "carl"]);
    send(&host, "anna", &chat, "before Dora");
    let body = json!({ "participantIds": ["dora", "bert"] });
    let view = ask(&host, "bert", "add_members", &[&chat], &body).unwrap();
    assert_eq!(participants(&view), ["anna", "bert", "carl", "dora"]);
    let seen = list(&host, "dora", "list_chats", "", "");
    assert_eq!(
        seen["chats"][0]["unreadCount"], 0,
        "what was before is not unread"
    );

    let refusal = refused(ask(
        &host,
        "bert",
        "remove_member",
        &[&chat, "carl"],
        &json!({}),
    ));
    assert_eq!(refusal.status, 403);
    ask(&host, "anna", "remove_member", &[&chat, "carl"], &json!({})).unwrap();
    ask(&host, "bert", "remove_member", &[&chat, "bert"], &json!({})).unwrap();
    let gone: Vec<String> = host.evicted().into_iter().map(|(_, who)| who).collect();
    assert_eq!(gone, ["carl", "bert"]);
    let refusal = refused(ask(&host, "carl", "view_chat", &[&chat], &json!({})));
    assert_eq!(refusal.status, 404);
    let view = ask(&host, "anna", "view_chat", &[&chat], &json!({})).unwrap();
    assert_eq!(participants(&view), ["anna", "dora"]);
    let again = refused(ask(
        &host,
        "anna",
        "remove_member",
        &[&chat, "carl"],
        &json!({}),
    ));
    assert_eq!(again.status, 404);
}

#[test]
fn two_people_s_chat_stays_theirs() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    let body = json!({ "participantIds": ["carl"] });
    let refusal = refused(ask(&host, "anna", "add_members", &[&chat], &body));
    assert_eq!(
        (refusal.status, refusal.code.as_str()),
        (409, "direct-chat")
    );
    let refusal = refused(ask(
        &host,
        "anna",
        "remove_member",
        &[&chat, "anna"],
        &json!({}),
    ));
    assert_eq!(refusal.status, 409);

    let titled = json!({ "participantIds": ["bert"], "title": "Plans" });
    let group = ask(&host, "anna", "open_chat", &[], &titled).unwrap();
    assert_eq!(
        (group["type"].as_str(), group["title"].as_str()),
        (Some("group"), Some("Plans"))
    );
    assert_ne!(group["id"], json!(chat));
}

#[test]
fn a_full_group_takes_nobody_more() {
    let host = host();
    let crowd: Vec<String> = (0..48).map(|number| format!("p{number}")).collect();
    for id in &crowd {
        host.person(Person {
            id: id.clone(),
            email: String::new(),
            name: String::new(),
            role: "user".into(),
            email_verified: true,
            joined_at_ms: 0,
        });
    }
    let mut others: Vec<&str> = crowd.iter().map(String::as_str).collect();
    others.push("bert");
    let chat = open(&host, "anna", &others);
    let body = json!({ "participantIds": ["carl"] });
    let refusal = refused(ask(&host, "anna", "add_members", &[&chat], &body));
    assert_eq!(refusal.status, 400);
    assert_eq!(send(&host, "anna", &chat, "all of you")["number"], 1);
}
