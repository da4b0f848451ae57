//! What no compiler would make of a plugin: each costs its own request at most, while others are served.

mod bombs;
mod chain;
pub mod guest;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, Answer, TestHost, repack};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use guest::Guest;
use table::{BEHAVIOURS, Play};

/// Calls of each guest: fewer than would have it kept from serving.
const CALLS: usize = 3;

/// Calls of the guest that looks for leftovers, by two tenants in turns.
const LOOKS: usize = 10_000;

/// Callers of a guest that sleeps, and how many of them it may have at once.
const SLEEPERS: usize = 200;
const SLEEPERS_MAX: u32 = 40;

/// How long a witness may wait to be served again: far longer than any guest may run.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

/// Milliseconds after which what failed before is forgotten.
const FORGOTTEN_MS: u64 = 60_000;

/// Where the table is shown.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plugins/hostile.md");

async fn host() -> Arc<TestHost> {
    Arc::new(TestHost::builder().guest("probe").start().await)
}

/// Another tenant, which uses the host without a pause until it is told to stop.
struct Witness {
    stop: watch::Sender<bool>,
    served: watch::Receiver<usize>,
    using: JoinHandle<()>,
}

impl Witness {
    fn of(host: &Arc<TestHost>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (serve, served) = watch::channel(0);
        let host = Arc::clone(host);
        let using = tokio::spawn(async move {
            let witness = host.account_in("witness", "wanda", Role::User);
            while !*stopped.borrow() {
                let answer = witness.get("/probe/settings").await.json_of(200);
                assert_eq!(answer, json!({ "greeting": "hello" }));
                serve.send_modify(|served| *served += 1);
            }
        });
        Self {
            stop,
            served,
            using,
        }
    }

    /// Waits until it has been served once more.
    async fn is_served(&mut self) {
        let before = *self.served.borrow_and_update();
        let again = self.served.wait_for(|served| *served > before);
        let again = tokio::time::timeout(SERVED_WITHIN, again).await;
        drop(again.expect("in time").expect("every answer"));
    }

    async fn was_served(mut self) {
        self.is_served().await;
        self.stop.send_replace(true);
        self.using.await.expect("every answer");
    }
}

/// How a call ended: a problem's code, in a word.
fn outcome(answer: &Answer) -> String {
    match answer.status.as_u16() {
        204 => "fine".to_owned(),
        200 if answer.json() == json!({ "refused": true }) => "refused".to_owned(),
        200 => format!("200 {}", answer.json()),
        _ => {
            let kind = answer.json()["type"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            kind.rsplit('/').next().unwrap_or_default().to_owned()
        }
    }
}

/// The status that belongs to an outcome.
fn status(outcome: &str) -> u16 {
    match outcome {
        "fine" => 204,
        "refused" => 200,
        "too-much" => 422,
        "plugin-timeout" => 504,
        _ => 502,
    }
}

/// Why an answer is not what it should be, or tells of what is inside.
fn judge(answer: &Answer, expected: &str) -> Result<(), String> {
    let is = outcome(answer);
    let is_one = expected.split(" or ").any(|expected| expected == is);
    if !is_one || answer.status.as_u16() != status(&is) {
        return Err(format!("{} {is} instead of {expected}", answer.status));
    }
    let told = String::from_utf8_lossy(&answer.body);
    match told.contains("wasm") {
        true => Err(format!("tells of what is inside: {told}")),
        false => Ok(()),
    }
}

fn refused_for(installed: &Result<(), String>, reason: &str) -> Result<(), String> {
    match installed {
        Err(said) if said.contains(reason) => Ok(()),
        other => Err(format!("{other:?} instead of a refusal for {reason}")),
    }
}

/// Calls a few times; each time has to end in the same way.
async fn call<F: Future<Output = Answer>>(
    act: impl Fn(Actor) -> F,
    host: &TestHost,
    expected: &str,
) -> Result<(), String> {
    for _ in 0..CALLS {
        judge(&act(host.anonymous()).await, expected)?;
    }
    Ok(())
}

/// Why the guest did not end as it should.
async fn judge_guest(host: &TestHost, guest: &Guest) -> Result<(), String> {
    let plugin = guest::assemble(guest).map_err(|error| format!("{error:#}"))?;
    let installed = host.install(&guest.name, &plugin).await;
    let path = format!("/{}", guest.name);
    let get = |actor: Actor| {
        let path = path.clone();
        async move { actor.get(&path).await }
    };
    match &*guest.expect {
        [word, reason] if word == "refused" => refused_for(&installed, reason),
        [ends] => {
            installed?;
            call(get, host, ends).await
        }
        other => Err(format!("{other:?} is no outcome")),
    }
}

async fn play(host: &TestHost, play: &Play) -> Result<(), String> {
    match play {
        Play::Guest(name) => judge_guest(host, &of_name(name)).await,
        Play::Misdeed(name, ends) => {
            let path = format!("/hostile/{name}");
            let post = |actor: Actor| {
                let path = path.clone();
                async move { actor.post(&path, &json!({})).await }
            };
            call(post, host, ends).await
        }
        Play::File(_, file, reason) => {
            let installed = host.install("bomb", &file()).await;
            refused_for(&installed, reason)
        }
    }
}

/// Every behaviour of the table, one after the other, while another tenant goes on.
#[tokio::test(flavor = "multi_thread")]
async fn each_misdeed_ends_as_it_should_while_others_are_served() {
    let host = TestHost::builder().guest("probe").guest("hostile");
    let host = Arc::new(host.start().await);
    let mut witness = Witness::of(&host);
    let mut wrong = Vec::new();
    for behaviour in BEHAVIOURS {
        for each in behaviour.plays() {
            if let Err(why) = play(&host, each).await {
                let name = match each {
                    Play::Guest(name) | Play::Misdeed(name, _) | Play::File(name, ..) => name,
                };
                wrong.push(format!("H{:02} {name}: {why}", behaviour.number));
            }
            witness.is_served().await;
            host.clock.advance(FORGOTTEN_MS);
        }
    }
    witness.was_served().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Nothing is left out: no number, no guest, and no row that shows nothing.
#[test]
fn every_behaviour_has_a_row_and_every_row_is_shown() {
    let numbers: Vec<u8> = BEHAVIOURS
        .iter()
        .map(|behaviour| behaviour.number)
        .collect();
    assert_eq!(numbers, (1..=44).collect::<Vec<u8>>());
    let slugs: BTreeSet<&str> = BEHAVIOURS.iter().map(|behaviour| behaviour.slug).collect();
    assert_eq!(slugs.len(), BEHAVIOURS.len());
    let mut played = BTreeSet::new();
    for behaviour in BEHAVIOURS {
        let number = behaviour.number;
        let is_shown = behaviour.plays().next().is_some() || !behaviour.shown.is_empty();
        assert!(is_shown, "H{number:02} is shown by nothing");
        for play in behaviour.plays() {
            if let Play::Guest(name) = play {
                assert_eq!(of_name(name).number(), number, "{name}");
                played.insert((*name).to_owned());
            }
        }
    }
    let guests: BTreeSet<String> = guest::all().into_iter().map(|guest| guest.name).collect();
    assert_eq!(guests, played);
}

#[test]
fn the_page_shows_the_table() {
    let text = std::fs::read_to_string(PAGE).expect("the page");
    let page = table::page();
    assert!(
        text.contains(&page),
        "docs/plugins/hostile.md is to show:\n{page}"
    );
}

fn of_name(name: &str) -> Guest {
    let mut guests = guest::all().into_iter();
    let found = guests.find(|guest| guest.name == name);
    found.unwrap_or_else(|| panic!("no guest {name}"))
}

fn named(name: &str) -> Vec<u8> {
    guest::assemble(&of_name(name)).expect("a plugin")
}

/// Nothing that one request wrote into its memory or tables is there for the next one, of whatever tenant.
#[tokio::test(flavor = "multi_thread")]
pub async fn nobody_finds_what_another_left_behind() {
    let host = host().await;
    let name = "looks-for-leftovers";
    host.install(name, &named(name)).await.unwrap();
    let tenants = ["one", "two"].map(|tenant| host.account_in(tenant, "somebody", Role::User));
    let mut looking = Vec::new();
    for share in 0..8 {
        let (tenants, path) = (tenants.clone(), format!("/{name}"));
        looking.push(tokio::spawn(async move {
            for look in (share..LOOKS).step_by(8) {
                let answer = tenants[look % 2].get(&path).await;
                assert_eq!(outcome(&answer), "fine", "look {look}");
            }
        }));
    }
    for looked in looking {
        looked.await.unwrap();
    }
}

/// Who has more sleepers than it may is told to come back; nobody else is.
#[tokio::test(flavor = "multi_thread")]
pub async fn sleepers_take_no_more_room_than_is_theirs() {
    let host = host().await;
    let plugin = repack(&named("sleeps-for-ever"), |package| {
        package.manifest.limits.concurrency_max = Some(SLEEPERS_MAX);
    });
    host.install("sleeps-for-ever", &plugin).await.unwrap();
    let witness = Witness::of(&host);
    let calls = (0..SLEEPERS).map(|_| {
        let host = Arc::clone(&host);
        tokio::spawn(async move { outcome(&host.anonymous().get("/sleeps-for-ever").await) })
    });
    let calls: Vec<_> = calls.collect();
    let (mut slept, mut busy) = (0, 0);
    for call in calls {
        match call.await.unwrap().as_str() {
            "plugin-timeout" => slept += 1,
            "busy" | "plugin-quarantined" => busy += 1,
            other => panic!("{other}"),
        }
    }
    witness.was_served().await;
    assert!(
        slept >= SLEEPERS_MAX as usize && busy > 0,
        "{slept}, {busy}"
    );
}
