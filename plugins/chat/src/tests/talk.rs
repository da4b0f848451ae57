//! Two people talk.

use super::*;

#[test]
fn two_people_have_one_chat_whoever_opens_it() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    assert_eq!(open(&host, "bert", &["anna"]), chat);
    let again = host
        .request("open_chat")
        .user("anna")
        .json(&json!({ "userIds": ["bert", "anna", "bert"], "message": "hello" }))
        .send(dispatch)
        .unwrap();
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["type"], "direct");
    assert_eq!(again.json()["lastMessage"]["text"], "hello");
    let names = again.json()["participants"][1]["name"].clone();
    assert_eq!(names, "BERT");
}

#[test]
fn what_is_unread_is_counted_until_it_is_read() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    for text in ["one", "two", "three"] {
        send(&host, "anna", &chat, text);
    }
    let unread =
        |who: &str| list(&host, who, "list_chats", "", "")["chats"][0]["unreadCount"].clone();
    assert_eq!((unread("anna"), unread("bert")), (json!(0), json!(3)));

    let read = ask(
        &host,
        "bert",
        "mark_read",
        &[&chat],
        &json!({ "number": 2 }),
    )
    .unwrap();
    assert_eq!(read, json!({ "number": 2, "unreadCount": 1 }));
    let back = ask(
        &host,
        "bert",
        "mark_read",
        &[&chat],
        &json!({ "number": 1 }),
    )
    .unwrap();
    assert_eq!(back["number"], 2, "a mark never goes back");
    let nothing_said = host.request("mark_read").user("bert").param("id", &chat);
    assert_eq!(
        nothing_said.send(dispatch).unwrap().json()["unreadCount"],
        0
    );
    let beyond = ask(
        &host,
        "bert",
        "mark_read",
        &[&chat],
        &json!({ "number": 99 }),
    )
    .unwrap();
    assert_eq!(beyond["number"], 3, "nobody has read what is not written");

    send(&host, "anna", &chat, "four");
    send(&host, "bert", &chat, "who answers has read");
    assert_eq!((unread("anna"), unread("bert")), (json!(1), json!(0)));
}

#[test]
fn messages_are_paged_both_ways_without_gaps() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    for number in 1..=7 {
        send(&host, "anna", &chat, &format!("m{number}"));
    }
    let numbers = |query: &str| {
        let page = list(&host, "bert", "list_messages", &chat, query);
        let messages = page["messages"].as_array().unwrap().iter();
        let numbers: Vec<u64> = messages.map(|m| m["number"].as_u64().unwrap()).collect();
        (numbers, page["hasMore"].as_bool().unwrap())
    };
    assert_eq!(numbers("limit=3"), (vec![7, 6, 5], true));
    assert_eq!(numbers("limit=3&before=5"), (vec![4, 3, 2], true));
    assert_eq!(numbers("limit=3&before=2"), (vec![1], false));
    assert_eq!(numbers("limit=3&after=4"), (vec![5, 6, 7], false));
    assert_eq!(numbers("after=7"), (vec![], false));
}

#[test]
fn chats_are_listed_by_their_latest_message() {
    let host = host();
    let first = open(&host, "anna", &["bert"]);
    host.advance(1_000);
    let second = open(&host, "anna", &["carl"]);
    let ids = |host: &Host| {
        let page = list(host, "anna", "list_chats", "", "limit=1");
        (page["chats"][0]["id"].clone(), page["nextCursor"].clone())
    };
    assert_eq!(ids(&host).0, json!(second));
    send(&host, "bert", &first, "hi");
    let (latest, cursor) = ids(&host);
    assert_eq!(latest, json!(first));
    let query = format!("limit=1&cursor={}", cursor.as_str().unwrap());
    let next = list(&host, "anna", "list_chats", "", &query);
    assert_eq!(next["chats"][0]["id"], json!(second));
}

#[test]
fn a_message_is_told_to_everybody_in_the_chat_and_to_other_plugins_without_its_text() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    send(&host, "anna", &chat, "secret");
    let own = format!("chat/{chat}");
    for channel in ["chat/inbox/anna", "chat/inbox/bert", &own] {
        let mut words = heard(&host, channel);
        words.retain(|word| word != "message.added");
        assert_eq!(words, ["chat.opened", "message.sent"], "{channel}");
        let mut pushed = host.pushed().into_iter();
        let last = pushed.rfind(|pushed| pushed.channel == channel).unwrap();
        assert_eq!(last.payload["text"], "secret", "{channel}");
    }

    let events = host.events();
    assert_eq!((events.len(), events[0].name.as_str()), (1, "message.sent"));
    assert_eq!(events[0].key, chat);
    assert!(!events[0].payload.to_string().contains("secret"));
}

#[test]
fn who_comes_back_is_told_the_numbers_of_messages_and_never_their_texts() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    send(&host, "anna", &chat, "secret");
    ask(&host, "anna", "take_back", &[&chat, "1"], &json!({})).unwrap();
    let kept = host.pushed().into_iter().filter(|pushed| pushed.kept);
    let kept: Vec<_> = kept
        .map(|pushed| (pushed.channel, pushed.event, pushed.payload))
        .collect();
    let told = |word: &str| {
        let payload = json!({ "chatId": chat, "number": 1 });
        (format!("chat/{chat}"), word.to_owned(), payload)
    };
    assert_eq!(kept, [told("message.added"), told("message.deleted")]);
    let own = format!("chat/{chat}");
    let live = [
        "chat.opened",
        "message.added",
        "message.sent",
        "message.deleted",
    ];
    assert_eq!(
        heard(&host, &own),
        live,
        "its number is first, and orders it"
    );
}

#[test]
fn what_was_said_can_be_taken_back_by_who_said_it() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    send(&host, "anna", &chat, "oops");
    let refusal = refused(ask(&host, "bert", "take_back", &[&chat, "1"], &json!({})));
    assert_eq!(refusal.status, 404);
    for _ in 0..2 {
        ask(&host, "anna", "take_back", &[&chat, "1"], &json!({})).unwrap();
    }
    let page = list(&host, "bert", "list_messages", &chat, "");
    assert_eq!(page["messages"][0]["deleted"], true);
    assert!(!page.to_string().contains("oops"));
    assert!(
        !list(&host, "bert", "list_chats", "", "")
            .to_string()
            .contains("oops")
    );
    assert_eq!(
        heard(&host, "chat/inbox/bert").last().unwrap(),
        "message.deleted"
    );
}
