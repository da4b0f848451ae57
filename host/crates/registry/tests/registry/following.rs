//! Two hosts over one database: what one switches, the other does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stoa_kernel::deployment::Scope;
use stoa_kernel::live::{LiveBus, Signal};
use stoa_registry::{Change, Grants};

use crate::support::{Pretender, World, install, operator, world};

const STORAGE: &str = "capabilities = [\"storage\"]";

/// What a host tells the others.
#[derive(Default)]
struct Bus(Mutex<Vec<Signal>>);

impl LiveBus for Bus {
    fn tell(&self, signal: Arc<Signal>) {
        self.0.lock().unwrap().push(Signal::clone(&signal));
    }
}

fn served(runtime: &Pretender) -> Option<String> {
    let key = (Scope::Deployment, "acme-notes".to_owned());
    let serving = runtime.serving.lock().unwrap();
    serving
        .get(&key)
        .map(|deployment| deployment.digest.clone())
}

/// Waits until the other host's runtime serves this.
async fn until(runtime: &Pretender, wanted: Option<&String>) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while served(runtime).as_ref() != wanted {
        assert!(Instant::now() < deadline, "{:?}", served(runtime));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_does_what_this_one_switches_revokes_and_takes_back() {
    let world = world().await;
    let (there, runtime) = world.beside().await;
    there.follow();
    let bus = Arc::new(Bus::default());
    world.bell.join_bus(bus.clone());
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    assert_eq!(*bus.0.lock().unwrap(), [Signal::PluginsSwitched]);
    until(&runtime, Some(&first)).await;
    world.deploy(install(&second, Grants::All)).await.unwrap();
    until(&runtime, Some(&second)).await;
    world.deploy(Change::Rollback).await.unwrap();
    until(&runtime, Some(&first)).await;
    world.deploy(Change::Disable).await.unwrap();
    until(&runtime, None).await;
    world.deploy(Change::Enable).await.unwrap();
    until(&runtime, Some(&first)).await;
    let who = operator();
    world.registry.revoke(&who, &first, "stolen").await.unwrap();
    until(&runtime, None).await;
    assert_eq!(world.serving(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_before_settings_changed_is_taken_back_there_too() {
    let world = world().await;
    let (there, runtime) = world.beside().await;
    let first = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    there.restore().await.unwrap();
    let grants = || {
        let key = (Scope::Deployment, "acme-notes".to_owned());
        runtime.serving.lock().unwrap()[&key].grants.len()
    };
    assert_eq!(grants(), 1);
    // It comes to know of the last one only.
    for change in [
        Change::Grant(BTreeSet::new()),
        Change::Settings(BTreeMap::new()),
    ] {
        world.deploy(change).await.unwrap();
    }
    there.follow();
    let deadline = Instant::now() + Duration::from_secs(30);
    while grants() > 0 {
        assert!(Instant::now() < deadline, "it keeps its grants");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_would_not_have_the_others_keep() {
    let world: World = world().await;
    let (there, runtime) = world.beside().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    let third = world.publish("1.2.0", STORAGE).await;
    runtime.refused.lock().unwrap().insert(second.clone());
    there.follow();
    world.deploy(install(&first, Grants::All)).await.unwrap();
    until(&runtime, Some(&first)).await;
    world.deploy(install(&second, Grants::All)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let detail = stoa_kernel::status::Part::status(&*there).detail;
        if detail
            .as_ref()
            .is_some_and(|why| why.contains("it clashes"))
        {
            break;
        }
        assert!(Instant::now() < deadline, "{detail:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(served(&runtime), Some(first));
    assert_eq!(
        world.serving(),
        Some(second),
        "where it was asked for, it serves"
    );
    world.deploy(install(&third, Grants::All)).await.unwrap();
    until(&runtime, Some(&third)).await;
}
