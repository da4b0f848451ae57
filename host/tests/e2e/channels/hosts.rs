//! Two hosts with one database: what is said on one is heard on both. The bus itself has tests over a real Redis.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use serde_json::json;
use stoa_kernel::live::{BusEar as _, Ear, End, Heard, Listener, Live as _, LiveBus, Signal};
use stoa_live::{ConnectionLimits, Hub, Ports};
use stoa_testkit::TestHost;

use super::{ear_on, herald, listener, message, next, say, say_on, tenant, word};

const LONG: &str = "herald/long/l";

/// Carries everything to one other host, or loses it.
struct Pipe {
    to: Weak<Hub>,
    is_cut: Arc<AtomicBool>,
}

impl LiveBus for Pipe {
    fn tell(&self, signal: Arc<Signal>) {
        let carried = Signal::from_json(&signal.to_json()).unwrap();
        assert_eq!(carried, *signal);
        if let Some(to) = self.to.upgrade()
            && !self.is_cut.load(Ordering::SeqCst)
        {
            to.hear(carried);
        }
    }
}

/// Another host over the same database.
fn second(host: &TestHost) -> (Arc<Hub>, Arc<AtomicBool>) {
    let many = NonZeroUsize::new(100).unwrap();
    let limits = ConnectionLimits {
        per_account_max: many,
        per_tenant_max: many,
        max: many,
    };
    let store = host.store.clone();
    let other = Arc::new(Hub::new(Ports { store }, limits));
    let is_cut = Arc::new(AtomicBool::new(false));
    let pipe = |to: &Arc<Hub>| {
        Arc::new(Pipe {
            to: Arc::downgrade(to),
            is_cut: Arc::clone(&is_cut),
        })
    };
    host.live.join_bus(pipe(&other));
    other.join_bus(pipe(&host.live));
    (other, is_cut)
}

async fn ear_there(hub: &Hub, listener: Listener, channel: &str) -> Box<dyn Ear> {
    let mut ear = hub.listen(listener).unwrap();
    let _ = ear.join(channel, None).await.unwrap();
    ear
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_says_is_heard_on_both_once() {
    let host = herald().await;
    let (other, _) = second(&host);
    let mut here = ear_on(&host, LONG).await;
    let mut there = ear_there(&other, listener("bob"), LONG).await;
    for n in 1..=20 {
        say_on(&host, LONG, n).await;
    }
    for n in 1..=20 {
        for ear in [&mut here, &mut there] {
            assert_eq!(message(ear).await, ("said".into(), json!(n), Some(n)));
        }
    }
    say(&host, &json!({ "evict": [[LONG, "bob"]] })).await;
    assert_eq!(next(&mut there).await, Heard::Evicted(LONG.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_between_hosts_is_found_when_they_hear_of_each_other_again() {
    let host = herald().await;
    let (other, is_cut) = second(&host);
    let mut there = ear_there(&other, listener("bob"), LONG).await;
    is_cut.store(true, Ordering::SeqCst);
    for n in 1..=3 {
        say_on(&host, LONG, n).await;
    }
    is_cut.store(false, Ordering::SeqCst);
    // The next message shows the gap …
    let words = json!([word(LONG, 4), word("herald/news", 1)]);
    say(&host, &json!({ "words": words })).await;
    for n in 1..=4 {
        assert_eq!(message(&mut there).await.2, Some(n));
    }
    // … and so does the bus that comes back.
    is_cut.store(true, Ordering::SeqCst);
    say_on(&host, LONG, 5).await;
    is_cut.store(false, Ordering::SeqCst);
    other.lost_some();
    assert_eq!(message(&mut there).await.2, Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_travel_too() {
    let host = herald().await;
    let (other, _) = second(&host);
    let of = |account: &str, session: &str| Listener {
        session: Some(session.into()),
        ..listener(account)
    };
    let mut first = ear_there(&other, of("ada", "s1"), LONG).await;
    let mut second = ear_there(&other, of("ada", "s2"), LONG).await;
    let mut bob = ear_there(&other, of("bob", "s3"), LONG).await;
    host.live.end_session("s1");
    assert_eq!(next(&mut first).await, Heard::End(End::SessionEnded));
    host.live.end_account(Some(&tenant()), "ada");
    assert_eq!(next(&mut second).await, Heard::End(End::SessionEnded));
    let elsewhere = stoa_kernel::id::TenantId::parse("elsewhere").unwrap();
    host.live.end_account(Some(&elsewhere), "bob");
    say_on(&host, LONG, 1).await;
    assert_eq!(message(&mut bob).await.1, json!(1));
    host.live.end_account(None, "bob");
    assert_eq!(next(&mut bob).await, Heard::End(End::SessionEnded));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_by_account_tenant_and_host() {
    let host = TestHost::builder().start().await;
    let few = |n| NonZeroUsize::new(n).unwrap();
    let limits = ConnectionLimits {
        per_account_max: few(2),
        per_tenant_max: few(3),
        max: few(4),
    };
    let store = host.store.clone();
    let hub = Hub::new(Ports { store }, limits);
    let of = |tenant: &str, account: &str| {
        hub.listen(Listener {
            tenant: stoa_kernel::id::TenantId::parse(tenant).unwrap(),
            account: account.into(),
            session: None,
        })
    };
    let mut ears = vec![of("a", "ada").unwrap(), of("a", "ada").unwrap()];
    assert!(of("a", "ada").is_err(), "of the account");
    assert!(of("b", "ada").is_err(), "in every tenant");
    ears.push(of("a", "bob").unwrap());
    assert!(of("a", "dan").is_err(), "of the tenant");
    ears.push(of("b", "dan").unwrap());
    assert!(of("c", "eve").is_err(), "of the host");
    ears.pop();
    ears.push(of("c", "eve").unwrap());
    assert_eq!(hub.connections(), 4);
}
