//! What is refused.

use super::*;

#[test]
fn a_chat_of_others_looks_like_none() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    send(&host, "anna", &chat, "between us");
    for handler in [
        "view_chat",
        "list_messages",
        "send_message",
        "mark_read",
        "tell_typing",
        "take_back",
        "remove_member",
        "join_chat",
        "say_message",
        "say_typing",
        "say_read",
    ] {
        let body = match handler {
            "send_message" | "say_message" => json!({ "text": "x" }),
            _ => json!({}),
        };
        let foreign = refused(ask(&host, "carl", handler, &[&chat, "1"], &body));
        let missing = refused(ask(&host, "carl", handler, &["none", "1"], &body));
        assert_eq!(foreign.status, 404, "{handler}");
        assert_eq!(foreign, missing, "{handler}");
    }
    let body = json!({ "participantIds": ["dora"] });
    let foreign = refused(ask(&host, "carl", "add_members", &[&chat], &body));
    assert_eq!(foreign.status, 404);
    assert_eq!(
        list(&host, "carl", "list_chats", "", "")["chats"],
        json!([])
    );
    assert_eq!(
        host.request("list_chats")
            .send(dispatch)
            .unwrap_err()
            .status,
        401
    );
}

#[test]
fn chats_are_with_people_of_the_tenant_and_not_too_many() {
    let host = host();
    let open = |others: &[&str]| {
        let body = json!({ "participantIds": others });
        refused(ask(&host, "anna", "open_chat", &[], &body))
    };
    assert_eq!(open(&[]).status, 400);
    assert_eq!(open(&["anna"]).status, 400);
    assert_eq!(open(&["bert", "stranger"]).status, 422);
    let crowd: Vec<String> = (0..50).map(|number| format!("p{number}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    assert_eq!(open(&crowd).status, 400);
    for title in ["", " ", "two\nlines", &"x".repeat(101)] {
        let body = json!({ "participantIds": ["bert"], "title": title });
        let refusal = refused(ask(&host, "anna", "open_chat", &[], &body));
        assert_eq!(refusal.field.as_deref(), Some("title"), "{title:?}");
    }
    assert!(host.pushed().is_empty() && host.events().is_empty());
}

#[test]
fn messages_say_something_and_not_too_much() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    for text in ["", "  \n", "bell\u{7}", &"x".repeat(4_001)] {
        let body = json!({ "text": text });
        let refusal = refused(ask(&host, "anna", "send_message", &[&chat], &body));
        assert_eq!(
            (refusal.status, refusal.field.as_deref()),
            (400, Some("text"))
        );
    }
    assert_eq!(send(&host, "anna", &chat, &"ü".repeat(4_000))["number"], 1);
    let both = host
        .request("list_messages")
        .user("anna")
        .param("id", &chat)
        .query("before=3&after=1")
        .send(dispatch);
    assert_eq!(both.unwrap_err().status, 400);
}
