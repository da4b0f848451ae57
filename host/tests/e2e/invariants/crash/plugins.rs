//! The host dies while a plugin is replaced, and while one brings its data to a new version.

use stoa_testkit::{guest_file, plugin_file, repack};

use super::house::{House, died};
use super::rounds;
use super::sale::{Sale, Step};
use crate::process::Stoa;

/// A version of these bytes.
fn version(bytes: &[u8], version: &str) -> Vec<u8> {
    repack(bytes, |package| package.manifest.version = version.into())
}

/// Which version of a plugin serves.
async fn serving(host: &Stoa, plugin: &str) -> String {
    let (_, health) = host.ask("GET /health", &[], "").await.unwrap();
    let mut parts = health["parts"].as_array().unwrap().iter();
    let part = parts.find(|part| part["part"] == *format!("plugin:{plugin}"));
    part.unwrap()["version"].as_str().unwrap().into()
}

/// A sale is under way: its licence is issued by the version that the host did not live to serve.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_swap() {
    let house = House::open().await;
    let bytes = std::fs::read(plugin_file("downloads")).unwrap();
    let mut sold = Vec::new();
    for round in 0..rounds() {
        // The first version that passes is the one that the host starts with.
        let host = house.start_dying("before-swap:downloads:2").await;
        let mut sale = Sale::new(&house, format!("buyer-{round}"));
        let begun = sale.walk(&host, &[Step::Order, Step::Begin]).await;
        begun.expect("the host lives");
        let next = format!("0.{}.0", round + 2);
        house.install("downloads", &version(&bytes, &next));
        let _ = died(host).await;
        let host = house.start().await;
        assert_eq!(serving(&host, "downloads").await, next);
        sold.push(sale.finish(&host).await);
        host.kill();
        house.assert_whole(&sold).await;
    }
}

/// What a version makes of the data is there whole, with the mark that it is, or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_migration() {
    let house = House::empty().await;
    let bytes = std::fs::read(guest_file("probe")).unwrap();
    let mut before = "0.1.0".to_owned();
    house.install("probe", &version(&bytes, &before));
    house.start().await.kill();
    let mut from = String::new();
    for round in 0..rounds() {
        let next = format!("0.{}.0", round + 2);
        house.install("probe", &version(&bytes, &next));
        let _ = died(house.launch("before-migrated:probe")).await;
        // The version before finds its data as they were.
        house.install("probe", &version(&bytes, &before));
        let host = house.start().await;
        assert_eq!(migrated_from(&host).await, from);
        host.kill();
        // The next version is told what it really finds.
        house.install("probe", &version(&bytes, &next));
        let host = house.start().await;
        assert_eq!(migrated_from(&host).await, before);
        host.kill();
        (from, before) = (before, next);
    }
}

async fn migrated_from(host: &Stoa) -> String {
    let line = "GET /probe/counters/migrated";
    let (status, seen) = host.ask(line, &[], "").await.unwrap();
    assert_eq!(status, 200, "{seen}");
    seen["from"].as_str().unwrap().into()
}
