//! Quotas over a real Redis server, started by each test for itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod bus;
mod server;
mod stream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::Server;
use stoa_kernel::clock::Clock;
use stoa_kernel::quota::{Quota, Quotas, Verdict};
use stoa_kernel::status::Part;
use stoa_quota::{InvalidRedisUrl, RedisConfig, RedisQuotas};

/// So slow that no call comes back while a test runs.
const FIFTY: Quota = Quota {
    calls: 50,
    window_s: 86_400,
};

/// What a busy machine needs at most; who waits that long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

struct ClockAt(u64);

impl Clock for ClockAt {
    fn now(&self) -> u64 {
        self.0
    }
}

/// A host that waits for its Redis as long as a busy machine may take.
async fn host(server: &Server) -> Arc<RedisQuotas> {
    host_at(server, 1_800_000_000_000, PATIENCE).await
}

async fn host_at(server: &Server, now: u64, patience: Duration) -> Arc<RedisQuotas> {
    let config = RedisConfig {
        answer_ms_max: u64::try_from(patience.as_millis()).unwrap(),
        ..RedisConfig::new(server.url(), "test:")
    };
    let clock = Arc::new(ClockAt(now));
    Arc::new(RedisQuotas::connect(&config, clock).await.unwrap())
}

async fn admitted(quotas: &RedisQuotas, key: &str, calls: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..calls {
        passed += u32::from(quotas.take(key, FIFTY).await.admitted);
    }
    passed
}

/// Waits until `/health` would say what is wanted.
async fn wait_until(quotas: &RedisQuotas, is_shared: bool) {
    let deadline = Instant::now() + PATIENCE;
    while quotas.status().detail.is_none() != is_shared {
        assert!(Instant::now() < deadline, "{:?}", quotas.status());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_call_is_told_what_is_left() {
    let server = Server::start();
    let quotas = host(&server).await;
    let three = Quota {
        calls: 3,
        window_s: 3_600,
    };
    for expected in [
        (true, 2, 1_200, 0),
        (true, 1, 2_400, 0),
        (true, 0, 3_600, 0),
        (false, 0, 3_600, 1_200),
    ] {
        let told = quotas.take("a", three).await;
        assert_eq!((told.admitted, told.remaining), (expected.0, expected.1));
        // Redis has a clock of its own: seconds may have passed since the first call.
        for (told, expected) in [(told.reset_s, expected.2), (told.retry_after_s, expected.3)] {
            assert!(
                (expected - expected.min(60)..=expected).contains(&told),
                "{told} is not about {expected}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hosts_share_one_quota_exactly_whatever_their_clocks_say() {
    let server = Server::start();
    let hosts = [
        host_at(&server, 1_800_000_000_000, PATIENCE).await,
        host_at(&server, 1_800_003_600_000, PATIENCE).await,
        host_at(&server, 0, PATIENCE).await,
    ];
    let mut callers = Vec::new();
    for host in hosts.iter().cycle().take(12) {
        let host = Arc::clone(host);
        callers.push(tokio::spawn(async move { admitted(&host, "a", 40).await }));
    }
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    assert_eq!(passed, FIFTY.calls);
    for host in &hosts {
        assert_eq!(host.status().detail, None, "Redis counted all of them");
    }
}

#[tokio::test]
async fn calls_come_back_at_the_even_rate_by_the_servers_clock() {
    let server = Server::start();
    let quotas = host(&server).await;
    // A call every 200 ms.
    let quick = Quota {
        calls: 5,
        window_s: 1,
    };
    let started = Instant::now();
    let mut passed = 0;
    while started.elapsed() < Duration::from_secs(2) {
        passed += u64::from(quotas.take("a", quick).await.admitted);
    }
    let most = 5 + u64::try_from(started.elapsed().as_millis()).unwrap() / 200;
    assert!((6..=most).contains(&passed), "{passed} of {most}");
}

#[tokio::test]
async fn a_server_whose_clock_is_set_back_keeps_nobody_waiting_for_it() {
    let server = Server::start();
    let quotas = host(&server).await;
    let quick = Quota {
        calls: 5,
        window_s: 1,
    };
    // What it wrote in another century, by a clock that was wrong.
    server.command(&["SET", "test:a", "9999999999000000"]);
    assert!(!quotas.take("a", quick).await.admitted);
    let deadline = Instant::now() + PATIENCE;
    while !quotas.take("a", quick).await.admitted {
        assert!(Instant::now() < deadline, "it waits for the clock");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn keys_have_our_prefix_and_go_when_their_quota_is_full_again() {
    let server = Server::start();
    let quotas = host(&server).await;
    quotas.take("a", FIFTY).await;
    assert_eq!(
        server.command(&["STRLEN", "test:a"]),
        "16",
        "a time in microseconds, to the last digit"
    );
    let ttl_ms: i64 = server.command(&["PTTL", "test:a"]).parse().unwrap();
    let interval_ms = 86_400_000 / 50;
    assert!(
        (interval_ms - 60_000..=interval_ms).contains(&ttl_ms),
        "{ttl_ms}"
    );
    let brief = Quota {
        calls: 1_000,
        window_s: 1,
    };
    quotas.take("b", brief).await;
    let deadline = Instant::now() + PATIENCE;
    while server.command(&["EXISTS", "test:b"]) != "0" {
        assert!(Instant::now() < deadline, "the key stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_lost_server_is_replaced_at_once_and_used_again_when_it_is_back() {
    let mut server = Server::start();
    let (one, other) = (host(&server).await, host(&server).await);
    assert_eq!(one.status().detail, None);
    assert_eq!(admitted(&one, "a", 30).await, 30);
    assert_eq!(admitted(&other, "a", 30).await, 20);

    server.kill();
    assert_eq!(
        admitted(&one, "a", 60).await,
        FIFTY.calls,
        "this host's own memory counts now, from the first call on"
    );
    assert_eq!(admitted(&one, "a", 10).await, 0);
    let lost = one.status();
    assert_eq!((lost.part.as_str(), lost.ready), ("redis", true));
    assert!(lost.detail.unwrap().contains("does not answer"));
    assert_eq!(admitted(&other, "a", 60).await, FIFTY.calls);

    server.revive();
    wait_until(&one, true).await;
    wait_until(&other, true).await;
    assert_eq!(
        admitted(&one, "a", 30).await + admitted(&other, "a", 30).await,
        FIFTY.calls,
        "the hosts share one quota again"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_once() {
    let server = Server::start();
    let patience = Duration::from_millis(500);
    let quotas = host_at(&server, 0, patience).await;
    wait_until(&quotas, true).await;
    server.freeze();
    let started = Instant::now();
    assert_eq!(admitted(&quotas, "a", 60).await, FIFTY.calls);
    assert!(
        started.elapsed() < 20 * patience,
        "sixty calls waited {:?}",
        started.elapsed()
    );
    assert!(quotas.status().detail.is_some());
    server.thaw();
    wait_until(&quotas, true).await;
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_as_good_as_none() {
    let server = Server::start();
    let quotas = host(&server).await;
    // A replica of nobody: it answers, and refuses every write.
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(admitted(&quotas, "a", 60).await, FIFTY.calls);
    assert!(quotas.status().detail.is_some());
    server.command(&["REPLICAOF", "NO", "ONE"]);
    wait_until(&quotas, true).await;
    assert_eq!(admitted(&quotas, "a", 60).await, FIFTY.calls);
}

#[tokio::test]
async fn a_host_starts_without_its_redis_and_finds_it_later() {
    let mut server = Server::start();
    server.kill();
    let quotas = host(&server).await;
    assert!(quotas.status().detail.is_some());
    let Verdict {
        admitted,
        remaining,
        ..
    } = quotas.take("a", FIFTY).await;
    assert_eq!((admitted, remaining), (true, 49));
    server.revive();
    wait_until(&quotas, true).await;
    assert_eq!(
        quotas.take("a", FIFTY).await.remaining,
        49,
        "Redis begins anew"
    );
}

#[tokio::test]
async fn a_server_with_a_password_is_used_with_it_and_not_without() {
    let server = Server::start();
    server.command(&["CONFIG", "SET", "requirepass", "hunter2"]);
    let refused = host(&server).await;
    assert!(refused.status().detail.is_some());
    let address = server.url().replace("redis://", "redis://:hunter2@");
    let config = RedisConfig::new(address, "test:");
    let taken = RedisQuotas::connect(&config, Arc::new(ClockAt(0)))
        .await
        .unwrap();
    wait_until(&taken, true).await;
}

#[tokio::test]
async fn an_address_that_is_none_is_an_error_that_does_not_show_it() {
    for address in [
        "",
        "hunter2",
        "http://:hunter2@localhost",
        "redis://:hunter2@[::",
    ] {
        let config = RedisConfig::new(address, "test:");
        assert!(config.check().is_err());
        let connected = RedisQuotas::connect(&config, Arc::new(ClockAt(0))).await;
        let Err(error @ InvalidRedisUrl) = connected else {
            panic!("{address} was taken");
        };
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

/// A certificate of 127.0.0.1's own with its key, in PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

async fn by_tls(server: &Server, roots_pem: Option<&str>) -> RedisQuotas {
    let config = RedisConfig {
        roots_pem: roots_pem.map(Into::into),
        answer_ms_max: u64::try_from(PATIENCE.as_millis()).unwrap(),
        ..RedisConfig::new(server.tls_url(), "test:")
    };
    let quotas = RedisQuotas::connect(&config, Arc::new(ClockAt(1))).await;
    quotas.unwrap()
}

#[tokio::test]
async fn hosts_count_together_by_tls() {
    let (certificate, key) = certificate();
    let server = Server::start_with_certificate(&certificate, &key);
    let one = by_tls(&server, Some(&certificate)).await;
    let other = by_tls(&server, Some(&certificate)).await;
    assert_eq!(one.status().detail, None);
    assert_eq!(admitted(&one, "a", 30).await, 30);
    assert_eq!(admitted(&other, "a", 30).await, 20);
}

#[tokio::test]
async fn a_redis_whose_certificate_nobody_has_signed_gets_nothing() {
    let (right, key) = certificate();
    let server = Server::start_with_certificate(&right, &key);
    for roots in [None, Some(certificate().0)] {
        let alone = by_tls(&server, roots.as_deref()).await;
        assert!(alone.status().detail.is_some());
        // This host's memory counts.
        assert_eq!(admitted(&alone, "a", 60).await, 50);
    }
    let told = by_tls(&server, Some(&right)).await;
    assert_eq!(
        admitted(&told, "a", 60).await,
        50,
        "nobody has counted there"
    );
}

#[test]
fn certificates_that_are_none_and_checks_turned_off_are_refused() {
    let with = |url: &str, roots: Option<&str>| RedisConfig {
        roots_pem: roots.map(Into::into),
        ..RedisConfig::new(url, "test:")
    };
    with("rediss://cache:6380/1", None).check().unwrap();
    with("rediss://cache", Some(&certificate().0))
        .check()
        .unwrap();
    let none = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bad in [
        with("rediss://cache", Some(none)),
        with("rediss://cache/#insecure", None),
        with("redis://cache/#insecure", None),
    ] {
        assert!(matches!(bad.check(), Err(InvalidRedisUrl)), "{}", bad.url);
    }
}
