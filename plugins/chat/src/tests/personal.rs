//! What is known of somebody, and that it is forgotten.

use super::*;
use crate::dispatch_event;
use crate::opening::{PAIRS, pair};

fn erase(host: &Host, name: &str, source: &str) {
    let event = host.event(name).source(source).key("anna");
    let event = event.json(&json!({ "userId": "anna" }));
    event.deliver(dispatch_event).unwrap();
}

#[test]
fn one_is_told_one_s_own_words_alone() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    send(&host, "anna", &chat, "mine");
    send(&host, "bert", &chat, "his");
    let told = crate::personal_data("anna").unwrap();
    assert_eq!(
        (
            told["messages"][0]["text"].as_str(),
            told["messagesTotal"].as_u64()
        ),
        (Some("mine"), Some(1))
    );
    assert_eq!(told["chats"][0]["chatId"], json!(chat));
    assert!(!told.to_string().contains("his"));
    assert_eq!(crate::personal_data("carl").unwrap(), json!({}));
}

#[test]
fn what_the_erased_one_said_goes_and_the_others_stay() {
    let host = host();
    let pair = open(&host, "anna", &["bert"]);
    let group = open(&host, "anna", &["bert", "carl"]);
    send(&host, "bert", &pair, "from Bert");
    send(&host, "anna", &pair, "from Anna");
    erase(&host, "user.erased", "elsewhere");
    assert_eq!(
        crate::personal_data("anna").unwrap()["messagesTotal"],
        1,
        "not theirs to say"
    );
    for _ in 0..2 {
        erase(&host, "user.erased", "host");
        assert_eq!(crate::personal_data("anna").unwrap(), json!({}));
    }
    let page = list(&host, "bert", "list_messages", &pair, "");
    assert_eq!(page["messages"][1]["text"], "from Bert");
    let texts = [page, list(&host, "bert", "list_chats", "", "")];
    for text in texts.map(|text| text.to_string()) {
        assert!(!text.contains("Anna") && !text.contains("anna"), "{text}");
    }
    let view = ask(&host, "carl", "view_chat", &[&group], &json!({})).unwrap();
    assert_eq!(view["participants"].as_array().unwrap().len(), 2);
    let gone = host.evicted();
    assert!(gone.iter().all(|(_, who)| who == "anna") && gone.len() == 2);
}

#[test]
fn who_said_much_is_forgotten_in_parts() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    for number in 0..250 {
        send(&host, "anna", &chat, &format!("m{number}"));
    }
    erase(&host, "user.erased", "host");
    let mut parts = 1;
    loop {
        let events = host.events();
        let more = events.iter().filter(|event| event.name == "chat.forgotten");
        if more.count() < parts {
            break;
        }
        erase(&host, "chat.forgotten", "chat");
        parts += 1;
    }
    assert_eq!(parts, 9);
    assert_eq!(crate::personal_data("anna").unwrap(), json!({}));
    erase(&host, "chat.forgotten", "elsewhere");
}

#[test]
fn who_is_in_many_groups_leaves_them_in_parts_and_a_pair_ends_with_its_own_chat() {
    let host = host();
    for _ in 0..30 {
        open(&host, "anna", &["bert", "carl"]);
        host.advance(1);
    }
    let direct = open(&host, "anna", &["bert"]);
    let theirs = || PAIRS.get(&pair("bert", "anna")).unwrap().is_some();
    erase(&host, "user.erased", "host");
    assert_eq!(host.evicted().len(), 30);
    assert!(theirs(), "a group is no pair's");
    erase(&host, "chat.forgotten", "chat");
    assert!(!theirs());
    assert_eq!(host.evicted().pop().unwrap().0, format!("chat/{direct}"));
    assert_eq!(crate::personal_data("anna").unwrap(), json!({}));
}
