//! People who talk: by requests, and live on the chat's own socket.

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost, plugin_file, repack};

use crate::live::{Served, Socket, code, serve};

/// Where one's own line is.
const LINE: &str = "/api/v1/message/ws";

const CHATS: &str = "/api/v1/message/chats";

/// Somebody with an account.
struct Person {
    id: String,
    actor: Actor,
    token: String,
}

impl Person {
    async fn join(served: &Served, name: &str) -> Self {
        let body = json!({
            "email": format!("{name}@example.com"), "password": "correct horse battery", "name": name,
        });
        let stranger = served.host.anonymous();
        let joined = stranger
            .post("/api/auth/register", &body)
            .await
            .json_of(201);
        let token = joined["accessToken"].as_str().unwrap().to_owned();
        Self {
            id: joined["user"]["id"].as_str().unwrap().to_owned(),
            actor: served.host.bearer(&token),
            token,
        }
    }

    async fn line(&self, served: &Served) -> Socket {
        let mut line = Socket::open(served.address, LINE, &self.token).await;
        let joined = line.frame().await;
        let own = format!("chat/inbox/{}", self.id);
        assert_eq!(
            (joined["op"].as_str(), &joined["channel"]),
            (Some("joined"), &json!(own))
        );
        line
    }

    async fn unread(&self) -> Value {
        let chats = self.actor.get(CHATS).await.json_of(200);
        chats["chats"][0]["unreadCount"].clone()
    }
}

async fn talkers() -> (Served, Person, Person, String) {
    let served = serve(TestHost::builder().plugin("chat")).await;
    let anna = Person::join(&served, "anna").await;
    let bert = Person::join(&served, "bert").await;
    let body = json!({ "participantIds": [bert.id] });
    let chat = anna.actor.post(CHATS, &body).await.json_of(201);
    let id = chat["id"].as_str().unwrap().to_owned();
    (served, anna, bert, id)
}

/// The next message of this word; others come in between.
async fn hears(line: &mut Socket, word: &str) -> Value {
    loop {
        let frame = line.frame().await;
        if frame["op"] == "message" && frame["event"] == word {
            return frame["data"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_on_a_line_is_heard_on_the_other_and_read_later() {
    let (served, anna, bert, chat) = talkers().await;
    let (mut hers, mut his) = (anna.line(&served).await, bert.line(&served).await);
    let data = json!({ "chatId": chat, "text": "are you there?" });
    let said = hers
        .ask(json!({ "op": "say", "event": "message", "data": data, "ref": 1 }))
        .await;
    // One's own message may arrive before the answer.
    let said = match said["op"].as_str() {
        Some("said") => said,
        _ => hers.frame().await,
    };
    assert_eq!(
        (&said["ref"], &said["data"]["number"]),
        (&json!(1), &json!(1)),
        "{said}"
    );
    assert_eq!(
        hears(&mut his, "message.sent").await["text"],
        "are you there?"
    );
    assert_eq!(
        (anna.unread().await, bert.unread().await),
        (json!(0), json!(1))
    );

    his.send(json!({ "op": "say", "event": "typing", "data": { "chatId": chat } }))
        .await;
    assert_eq!(hears(&mut hers, "typing").await["userId"], json!(bert.id));
    let read = format!("{CHATS}/{chat}/read");
    let _ = bert.actor.post(&read, &json!({})).await.expect(200);
    let mark = hears(&mut hers, "message.read").await;
    assert_eq!(
        (&mark["userId"], &mark["number"]),
        (&json!(bert.id), &json!(1))
    );
    assert_eq!(bert.unread().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_to_the_chats_of_others() {
    let (served, anna, bert, chat) = talkers().await;
    let carl = Person::join(&served, "carl").await;
    let mut socket = Socket::open(served.address, "/api/live", &carl.token).await;
    for channel in [
        format!("chat/{chat}"),
        "chat/none".to_owned(),
        format!("chat/inbox/{}", anna.id),
    ] {
        let refused = socket
            .ask(json!({ "op": "join", "channel": channel }))
            .await;
        assert_eq!(refused["op"], "error", "{channel}: {refused}");
        assert_eq!(code(&refused["problem"]), "not-found", "{channel}");
    }
    let foreign = format!("{CHATS}/{chat}/messages");
    let text = json!({ "text": "let me in" });
    let _ = carl
        .actor
        .post(&foreign, &text)
        .await
        .problem(404, "not-found");
    let messages = bert.actor.get(&foreign).await.json_of(200);
    assert_eq!(messages["messages"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_hears_what_was_said_and_who_is_sent_away_hears_no_more() {
    let served = serve(TestHost::builder().plugin("chat")).await;
    let anna = Person::join(&served, "anna").await;
    let bert = Person::join(&served, "bert").await;
    let carl = Person::join(&served, "carl").await;
    let body = json!({ "participantIds": [bert.id, carl.id] });
    let group = anna.actor.post(CHATS, &body).await.json_of(201);
    let id = group["id"].as_str().unwrap();
    let messages = format!("{CHATS}/{id}/messages");
    for text in ["one", "two", "three"] {
        let text = json!({ "text": text });
        let _ = anna.actor.post(&messages, &text).await.expect(201);
    }
    let back = format!("{messages}/2");
    let taken = anna.actor.send(Method::DELETE, &back, String::new()).await;
    let _ = taken.expect(204);
    let channel = format!("chat/{id}");
    let mut his = Socket::open(served.address, "/api/live", &bert.token).await;
    let joined = his
        .ask(json!({ "op": "join", "channel": channel, "after": 1 }))
        .await;
    assert_eq!(
        (&joined["last"], &joined["gap"]),
        (&json!(4), &json!(false)),
        "{joined}"
    );
    // What was taken back is told to nobody who comes later, so texts are read where they still are.
    for (word, number) in [
        ("message.added", 2),
        ("message.added", 3),
        ("message.deleted", 2),
    ] {
        let frame = his.frame().await;
        let expected = json!({ "chatId": id, "number": number });
        assert_eq!((&frame["event"], &frame["data"]), (&json!(word), &expected));
    }
    let missed = format!("{messages}?after=1");
    let missed = bert.actor.get(&missed).await.json_of(200);
    let texts = missed["messages"].as_array().unwrap().iter();
    let texts: Vec<&Value> = texts.map(|said| &said["text"]).collect();
    assert_eq!(texts, [&json!(""), &json!("three")]);
    let path = format!("{CHATS}/{id}/members/{}", bert.id);
    let sent_away = anna.actor.send(Method::DELETE, &path, String::new()).await;
    let _ = sent_away.expect(204);
    loop {
        let frame = his.frame().await;
        if frame["op"] == "left" {
            assert_eq!(frame["channel"], json!(channel));
            break;
        }
    }
    let again = his.ask(json!({ "op": "join", "channel": channel })).await;
    assert_eq!(again["op"], "error", "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_hears_the_next_message_and_no_line_drops() {
    let (served, anna, bert, chat) = talkers().await;
    let (mut hers, mut his) = (anna.line(&served).await, bert.line(&served).await);
    let shout = |number: u64| {
        let data = json!({ "chatId": chat, "text": format!("shout {number}") });
        json!({ "op": "say", "event": "shout", "data": data, "ref": number })
    };
    let refused = hers.ask(shout(0)).await;
    assert_eq!(code(&refused["problem"]), "unknown-message", "{refused}");

    let bytes = std::fs::read(plugin_file("chat")).unwrap();
    let newer = repack(&bytes, |package| {
        package.manifest.version = "0.2.0".into();
        for channel in &mut package.manifest.channels {
            let handler = "say_message".to_owned();
            channel.messages.insert("shout".into(), handler);
        }
    });
    served.host.install("chat", &newer).await.unwrap();
    hers.send(shout(1)).await;
    assert_eq!(hears(&mut his, "message.sent").await["text"], "shout 1");
    assert_eq!(hears(&mut hers, "message.sent").await["text"], "shout 1");
}
