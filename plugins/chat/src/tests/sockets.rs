//! What sockets say and hear.

use super::*;

#[test]
fn a_socket_says_what_a_request_says() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    let said = host
        .request("say_message")
        .user("anna")
        .param("me", "anna")
        .json(&json!({ "chatId": chat, "text": "live" }))
        .send(dispatch)
        .unwrap();
    assert_eq!(
        (said.status, said.json()["number"].clone()),
        (201, json!(1))
    );
    let body = json!({ "number": 1 });
    let read = ask(&host, "bert", "say_read", &[&chat], &body).unwrap();
    assert_eq!(read["unreadCount"], 0);
    ask(&host, "bert", "say_typing", &[&chat], &json!({})).unwrap();
    let expected = ["chat.opened", "message.sent", "message.read", "typing"];
    assert_eq!(heard(&host, "chat/inbox/anna"), expected);

    let greeting = ask(&host, "anna", "join_chat", &[&chat], &json!({})).unwrap();
    assert_eq!(greeting, json!({ "last": 1, "unreadCount": 0 }));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    let say = |body: &Value| {
        let request = host.request("say_message").user("anna").param("me", "anna");
        request.json(body).send(dispatch).unwrap_err()
    };
    assert_eq!(
        say(&json!({ "text": "where?" })).field.as_deref(),
        Some("chatId")
    );
    assert_eq!(say(&json!({ "chatId": chat, "text": 7 })).status, 400);
    assert_eq!(say(&json!([])).status, 400);
    assert!(host.events().is_empty());
}
