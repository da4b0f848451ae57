//! Streams of events.

use stoa_kernel::event::{Event, EventStream};
use stoa_kernel::id::TenantId;
use stoa_quota::{RedisConfig, RedisStream};

use crate::server::Server;

fn stream(server: &Server, entries_max: u64) -> RedisStream {
    let config = RedisConfig::new(server.url(), "stoa:events:");
    RedisStream::new(&config, entries_max).unwrap()
}

fn event(n: u32) -> Event {
    Event {
        id: format!("id{n:04}"),
        tenant: None,
        plugin: "shop".into(),
        name: "item.made".into(),
        key: "k".into(),
        payload: "{\"a\":\"ä b\"}".into(),
        raised_at: 5,
        due_at: None,
        trace: None,
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn length(server: &Server, tenant: &str) -> u32 {
    let answer = server.command(&["XLEN", &format!("stoa:events:{tenant}")]);
    answer.parse().unwrap()
}

/// A consumer's view: the fields of all entries, in order.
async fn entries(server: &Server) -> Vec<Vec<String>> {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let found: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
        .arg("stoa:events:acme")
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    found.into_iter().map(|(_, fields)| fields).collect()
}

#[tokio::test]
async fn every_event_is_an_entry_of_its_tenants_stream_in_order() {
    let server = Server::start();
    let stream = stream(&server, 1_000);
    stream.append(&acme(), &[event(1), event(2)]).await.unwrap();
    stream.append(&acme(), &[event(3)]).await.unwrap();
    let entries = entries(&server).await;
    let ids: Vec<&str> = entries.iter().map(|fields| fields[1].as_str()).collect();
    assert_eq!(ids, ["id0001", "id0002", "id0003"]);
    let expected = [
        "id",
        "id0001",
        "name",
        "item.made",
        "source",
        "shop",
        "key",
        "k",
        "payload",
        "{\"a\":\"ä b\"}",
        "raised_at",
        "5",
    ];
    assert_eq!(entries.first().unwrap(), &expected);
    assert_eq!(length(&server, "other"), 0);
}

#[tokio::test]
async fn the_oldest_entries_go_first() {
    let server = Server::start();
    let stream = stream(&server, 100);
    for hundred in 0..20 {
        let events: Vec<Event> = (0..100).map(|n| event(hundred * 100 + n)).collect();
        stream.append(&acme(), &events).await.unwrap();
    }
    // Redis cuts whole nodes of a hundred entries or so.
    let length = length(&server, "acme");
    assert!((100..400).contains(&length), "{length}");
    let last = entries(&server).await.pop().unwrap();
    assert_eq!(last[1], "id1999");
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let mut server = Server::start();
    let stream = stream(&server, 100);
    stream.append(&acme(), &[event(1)]).await.unwrap();
    server.kill();
    assert!(stream.append(&acme(), &[event(2)]).await.is_err());
    server.revive();
    // The old connection may have to fail once more.
    let _ = stream.append(&acme(), &[event(2)]).await;
    stream.append(&acme(), &[event(3)]).await.unwrap();
    assert_eq!(entries(&server).await.pop().unwrap()[1], "id0003");
}

#[test]
fn an_address_that_is_none_is_refused_and_not_repeated() {
    let config = RedisConfig::new("nonsense:secret", "");
    let Err(error) = RedisStream::new(&config, 1) else {
        panic!("it is accepted");
    };
    assert!(!error.to_string().contains("secret"));
}
