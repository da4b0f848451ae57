//! What no compiler would make of a plugin: each costs its own request at most, while others are served.

mod bombs;
mod guest;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use stoa_kernel::identity::Role;
use stoa_testkit::{Answer, TestHost, repack};
use tokio::task::JoinHandle;

use guest::Guest;

/// Calls of each guest: fewer than would have it kept from serving.
const CALLS: usize = 3;

/// Calls of the guest that looks for leftovers, by two tenants in turns.
const LOOKS: usize = 10_000;

/// Callers of a guest that sleeps, and how many of them it may have at once.
const SLEEPERS: usize = 200;
const SLEEPERS_MAX: u32 = 40;

async fn host() -> Arc<TestHost> {
    Arc::new(TestHost::builder().guest("probe").start().await)
}

/// Another tenant, which uses the host without a pause until it is told to stop.
struct Witness {
    stop: Arc<AtomicBool>,
    served: JoinHandle<usize>,
}

impl Witness {
    fn of(host: &Arc<TestHost>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (host, stopped) = (Arc::clone(host), Arc::clone(&stop));
        let served = tokio::spawn(async move {
            let (witness, mut served) = (host.account_in("witness", "wanda", Role::User), 0);
            while !stopped.load(Ordering::Relaxed) {
                let answer = witness.get("/probe/settings").await.json_of(200);
                assert_eq!(answer, json!({ "greeting": "hello" }));
                served += 1;
            }
            served
        });
        Self { stop, served }
    }

    async fn was_served(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.served.await.expect("every answer") > 0);
    }
}

fn outcome(answer: &Answer) -> String {
    if answer.status == 204 {
        return "fine".to_owned();
    }
    let kind = answer.json()["type"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Why the guest did not end as it should.
async fn judge(host: &TestHost, guest: &Guest) -> Result<(), String> {
    let plugin = guest::assemble(guest).map_err(|error| format!("{error:#}"))?;
    let installed = host.install(&guest.name, &plugin).await;
    if let [word, reason] = &*guest.expect {
        assert_eq!(word, "refused");
        return match installed {
            Err(said) if said.contains(reason) => Ok(()),
            other => Err(format!("{other:?} instead of a refusal for {reason}")),
        };
    }
    installed?;
    for _ in 0..CALLS {
        let answer = host.anonymous().get(&format!("/{}", guest.name)).await;
        let (is, expected) = (outcome(&answer), &guest.expect[0]);
        if is != *expected {
            return Err(format!("{} {is} instead of {expected}", answer.status));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_misdeed_ends_as_it_should_while_others_are_served() {
    let host = host().await;
    let witness = Witness::of(&host);
    let guests = guest::all();
    assert!(guests.len() >= 29, "{} guests", guests.len());
    let mut wrong = Vec::new();
    for guest in &guests {
        if let Err(why) = judge(&host, guest).await {
            wrong.push(format!("{}: {why}", guest.name));
        }
    }
    witness.was_served().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn named(name: &str) -> Vec<u8> {
    let guests = guest::all();
    let found = guests.iter().find(|guest| guest.name == name);
    guest::assemble(found.expect("a guest of this name")).expect("a plugin")
}

/// Nothing that one request wrote into its memory or tables is there for the next one, of whatever tenant.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_what_another_left_behind() {
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
async fn sleepers_take_no_more_room_than_is_theirs() {
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
