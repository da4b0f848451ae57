//! Letters of plugins: events that join the request, and what the post makes of them.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::event::{Event, HostSubscriber as _};
use stoa_kernel::id::TenantId;
use stoa_kernel::mail::LETTER_SENT;
use stoa_mail::{FileOutbox, Mailer, PluginLetters, Ports, Sender};
use stoa_runtime::ShareLimits;
use stoa_testkit::{Actor, SeededRandom, TestHost};

use super::{join, open, raised, tenant};

async fn send(actor: &Actor, order: &Value) -> Value {
    actor.post("/people/letters", order).await.json_of(200)
}

fn to(address: &str) -> Value {
    json!({ "address": address, "subject": "Your order", "text": "Hello,\n\nthanks & bye." })
}

/// The post of a host, and where it leaves letters.
pub struct Office {
    pub letters: Arc<PluginLetters>,
    pub mailer: Arc<Mailer>,
    outbox: FileOutbox,
    _folder: tempfile::TempDir,
}

pub async fn office(host: &TestHost) -> Office {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FileOutbox::open(&folder.path().join("mail")).unwrap();
    let ports = Ports {
        store: host.store.clone(),
        clock: host.clock.clone(),
        random: Arc::new(SeededRandom::new(3)),
    };
    let sender = Sender::parse("no-reply@shop.example").unwrap();
    let mailer = Mailer::open(ports, Arc::new(outbox.clone()), sender);
    let mailer = mailer.await.unwrap();
    Office {
        letters: Arc::new(PluginLetters::new(mailer.clone(), host.directory.clone())),
        mailer,
        outbox,
        _folder: folder,
    }
}

impl Office {
    async fn handle(&self, of: &TenantId, events: &[Event]) {
        for event in events {
            self.letters.handle(of, event).await.unwrap();
        }
        while self.mailer.tick().await > 0 {}
    }

    /// Recipients and subjects, the newest first.
    pub async fn left(&self) -> Vec<(String, String)> {
        let kept = self.outbox.list(usize::MAX).await.unwrap();
        let of = kept.into_iter().map(|kept| kept.message);
        of.map(|message| (message.to, message.subject)).collect()
    }

    /// The text of the newest letter with this subject to this address.
    pub async fn text(&self, to: &str, subject: &str) -> Option<String> {
        let kept = self.outbox.list(usize::MAX).await.unwrap();
        let mut of = kept.into_iter().map(|kept| kept.message);
        let found = of.find(|message| message.to == to && message.subject == subject);
        found.map(|message| message.text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_leaves_if_the_request_commits_and_once() {
    let host = open().await;
    let main = tenant("main");
    let mut regretted = to("a@b.example");
    regretted["regret"] = true.into();
    let answer = host.anonymous().post("/people/letters", &regretted).await;
    let _ = answer.problem(409, "regret");
    assert!(raised(&host, &main, LETTER_SENT).await.is_empty());

    assert_eq!(send(&host.anonymous(), &to("a@b.example")).await["sent"], 1);
    let events = raised(&host, &main, LETTER_SENT).await;
    assert_eq!((events.len(), events[0].plugin.as_str()), (1, "host"));
    let office = office(&host).await;
    for _ in 0..3 {
        office.handle(&main, &events).await;
    }
    let expected = ("a@b.example".to_owned(), "Your order".to_owned());
    assert_eq!(office.left().await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_a_person_finds_the_address_when_it_leaves() {
    let host = open().await;
    let (ada, of_ada) = join(&host, "ada", Some("Acme")).await;
    let (eve, _) = join(&host, "eve", Some("Rival")).await;
    let order = |id: &str| json!({ "account": id, "subject": "Hello", "text": "You." });
    for stranger in [eve.as_str(), "nobody", "", "a\nb"] {
        let told = send(&of_ada, &order(stranger)).await;
        assert!(
            told["error"].as_str().unwrap().contains("Invalid"),
            "{told}"
        );
    }
    assert_eq!(send(&of_ada, &order(&ada)).await["sent"], 1);
    let acme = tenant("acme");
    let events = raised(&host, &acme, LETTER_SENT).await;
    assert!(
        !events[0].payload.contains("@"),
        "the address is not known yet"
    );
    let office = office(&host).await;
    // Of another tenant, the same event finds nobody.
    office.handle(&tenant("rival"), &events).await;
    assert!(office.left().await.is_empty());
    office.handle(&acme, &events).await;
    let left = office.left().await;
    assert_eq!(left, [("ada@example.com".to_owned(), "Hello".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_raised_is_no_letter() {
    let host = open().await;
    let _ = send(&host.anonymous(), &to("a@b.example")).await;
    let main = tenant("main");
    let mut events = raised(&host, &main, LETTER_SENT).await;
    events[0].plugin = "people".into();
    let office = office(&host).await;
    office.handle(&main, &events).await;
    assert!(office.left().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_of_the_plugins_events() {
    let shares = ShareLimits {
        events_per_minute: 2,
        ..ShareLimits::DEFAULT
    };
    let host = TestHost::builder().shares(shares).guest("people");
    let host = host.start().await;
    let mut order = to("a@b.example");
    order["times"] = 3.into();
    let told = send(&host.anonymous(), &order).await;
    assert_eq!(told["sent"], 2);
    assert!(told["error"].as_str().unwrap().contains("Limit"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sends_ten_letters_and_a_tenant_so_many_a_day() {
    let host = TestHost::builder()
        .guest("people")
        .letters_daily_max(12)
        .start()
        .await;
    let mut order = to("a@b.example");
    order["times"] = 11.into();
    let told = send(&host.anonymous(), &order).await;
    assert_eq!(told["sent"], 10, "{told}");
    assert!(told["error"].as_str().unwrap().contains("Limit"), "{told}");

    order["times"] = 3.into();
    let told = send(&host.anonymous(), &order).await;
    assert_eq!(told["sent"], 2, "{told}");
    assert!(told["error"].as_str().unwrap().contains("today"), "{told}");
    let elsewhere = host.account_in("elsewhere", "x", stoa_kernel::identity::Role::User);
    assert_eq!(send(&elsewhere, &order).await["sent"], 3);
    host.clock.advance(86_400_000);
    assert_eq!(send(&host.anonymous(), &order).await["sent"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_letter_is_refused_and_costs_nothing() {
    let host = TestHost::builder()
        .guest("people")
        .letters_daily_max(1)
        .start()
        .await;
    let long = "x".repeat(30 << 10);
    for (member, value) in [
        ("address", "nowhere".to_owned()),
        ("address", "a@b.example\r\nBcc: c@d.example".to_owned()),
        ("subject", String::new()),
        ("subject", "two\nlines".to_owned()),
        ("text", format!("{long}y")),
    ] {
        let mut order = to("a@b.example");
        order[member] = value.into();
        let told = send(&host.anonymous(), &order).await;
        assert!(
            told["error"].as_str().unwrap().contains("Invalid"),
            "{told}"
        );
    }
    let mut order = to("a@b.example");
    // As long as a text may be, and each of its characters escaped.
    order["text"] = "\"".repeat(30 << 10).into();
    assert_eq!(send(&host.anonymous(), &order).await["sent"], 1);
}
