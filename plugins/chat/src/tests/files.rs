//! Messages with files.

use stoa_guest::testing::BlobInfo;

use super::*;

fn file(host: &Host, id: &str, owner: &str) {
    let info = BlobInfo {
        id: id.into(),
        name: format!("{id}.pdf"),
        content_type: "application/pdf".into(),
        size_bytes: 3,
        digest: String::new(),
        owner: Some(owner.into()),
        created_at_ms: 0,
        public_path: None,
    };
    host.blob(info, b"pdf");
}

#[test]
fn one_s_own_files_go_with_a_message_and_with_its_end() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    file(&host, "plan", "anna");
    let body = json!({ "attachments": ["plan"] });
    ask(&host, "anna", "send_message", &[&chat], &body).unwrap();
    let page = list(&host, "bert", "list_messages", &chat, "");
    let seen = &page["messages"][0]["attachments"][0];
    assert_eq!(seen["name"], "plan.pdf");
    assert!(
        seen["url"].as_str().is_some_and(|url| url.starts_with('/')),
        "{seen}"
    );
    let chats = list(&host, "bert", "list_chats", "", "");
    assert_eq!(chats["chats"][0]["lastMessage"]["text"], "plan.pdf");

    ask(&host, "anna", "take_back", &[&chat, "1"], &json!({})).unwrap();
    let page = list(&host, "bert", "list_messages", &chat, "");
    assert_eq!(page["messages"][0]["attachments"], json!([]));
    let again = refused(ask(&host, "anna", "send_message", &[&chat], &body));
    assert_eq!(
        again.field.as_deref(),
        Some("attachments.0"),
        "the file is gone"
    );
}

#[test]
fn nobody_sends_what_is_not_theirs() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    file(&host, "hers", "anna");
    let send = |who: &str, files: &[&str]| {
        let body = json!({ "text": "look", "attachments": files });
        refused(ask(&host, who, "send_message", &[&chat], &body))
    };
    assert_eq!(send("bert", &["hers"]), send("bert", &["none"]));
    assert_eq!(
        send("anna", &["hers", "hers"]).field.as_deref(),
        Some("attachments.1")
    );
    assert_eq!(
        send("anna", &["hers"; 11]).field.as_deref(),
        Some("attachments")
    );
}

#[test]
fn one_part_of_an_erasure_removes_no_more_files_than_a_transaction_takes() {
    let host = host();
    let chat = open(&host, "anna", &["bert"]);
    for message in 0..31 {
        let files: Vec<String> = (0..10).map(|at| format!("f{message}x{at}")).collect();
        for id in &files {
            file(&host, id, "anna");
        }
        let body = json!({ "attachments": files });
        ask(&host, "anna", "send_message", &[&chat], &body).unwrap();
    }
    let left = || {
        let ids = (0..31).flat_map(|message| (0..10).map(move |at| format!("f{message}x{at}")));
        let known = |id: &String| stoa_guest::blobs::stat(id).unwrap().is_some();
        ids.filter(known).count()
    };
    for (name, source, count) in [("user.erased", "host", 10), ("chat.forgotten", "chat", 0)] {
        let event = host.event(name).source(source).key("anna");
        let event = event.json(&json!({ "userId": "anna" }));
        event.deliver(crate::dispatch_event).unwrap();
        assert_eq!(left(), count, "{name}");
    }
}
