//! Each share on each way in which a plugin can be called: there is one share, however it is used.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stoa_kernel::call::Request;
use stoa_kernel::clock::Clock as _;
use stoa_kernel::deployment::{Deployer as _, Used};
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::{Account, Credential, Principal, Role};
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::random::ulid;
use stoa_kernel::store::Store as _;
use stoa_runtime::ShareLimits;
use stoa_testkit::{SeededRandom, TestHost};

use crate::deployed::{guest, tenant};
use crate::events::until;
use crate::outbound::service::Service;

/// A way to the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A client's request.
    Request,
    /// A message over a socket.
    Message,
    /// An event.
    Event,
    /// A turn of a schedule.
    Turn,
    /// Another plugin.
    Call,
}

const WAYS: [Way; 5] = [Way::Request, Way::Message, Way::Event, Way::Turn, Way::Call];

/// How long a way that has to wait is watched: several tries of the host.
const WATCHED: Duration = Duration::from_millis(150);

/// What came of a call: its word, or nothing where nobody is told.
type Told = Option<String>;

struct Stage {
    host: TestHost,
    service: Service,
    _dispatcher: Arc<stoa_runtime::Dispatcher>,
}

impl Stage {
    /// A host on which the sharer does this deed, one second before its turn.
    async fn of(deed: &str, shares: ShareLimits) -> Arc<Self> {
        let service = Service::start().await;
        let caller = guest("probe", |package| {
            for point in package.manifest.extensions.values_mut() {
                point.budget_ms = 5_000;
            }
        });
        let host = TestHost::builder()
            .shares(shares)
            .outbound("sharer", "gate", &service.url())
            .setting("sharer", "deed", json!(deed))
            .guest("sharer")
            .with("probe", caller)
            .start()
            .await;
        let dispatcher = host.dispatch().await;
        let schedules = CollectionName::new("host", "schedules");
        let due = until("the turn is known", async || {
            let unit = host.store.begin(&main()).await.unwrap();
            let found = unit.get(&schedules, "sharer.strike").await.unwrap()?;
            let body: serde_json::Value = serde_json::from_str(&found.body).unwrap();
            body["next_at"].as_u64()
        })
        .await;
        host.clock.advance(due - host.clock.now() - 1_000);
        Arc::new(Self {
            host,
            service,
            _dispatcher: dispatcher,
        })
    }

    fn used(&self) -> Used {
        let standings = self.host.runtime.standings();
        let mut of_sharer = standings.iter().filter(|each| each.plugin == "sharer");
        let standing = of_sharer.next().unwrap();
        standing.used.get(&main()).copied().unwrap_or_default()
    }

    /// Calls the plugin, and says what whoever called is told.
    async fn come(&self, way: Way) -> Told {
        match way {
            Way::Request => {
                let answer = self.host.anonymous().post("/sharer", &json!({})).await;
                Some(match answer.status.as_u16() {
                    204 => "done".to_owned(),
                    _ => word(answer.json()["type"].as_str().unwrap_or_default()),
                })
            }
            Way::Message => {
                let snapshot = self.host.runtime.snapshot();
                let door = snapshot.channel("sharer/door").unwrap();
                let said = snapshot.say(&door, "act", message()).await;
                Some(match said {
                    Ok(_) => "done".to_owned(),
                    Err(problem) => problem.code.into(),
                })
            }
            Way::Call => {
                let asker = self.host.anonymous();
                let answer = asker.post("/probe/tax/DE", &json!({})).await.json_of(200);
                let answer = &answer["answer"];
                Some(match answer["unavailable"].as_str() {
                    Some(word) => word.to_owned(),
                    None => "done".to_owned(),
                })
            }
            Way::Event => {
                let host = &self.host;
                let now = host.clock.now();
                let unit = host.store.begin(&main()).await.unwrap();
                let event = Event {
                    id: ulid(now, &SeededRandom::new(1)),
                    tenant: None,
                    plugin: "sharer".into(),
                    name: "sharer.asked".into(),
                    key: "key".into(),
                    payload: "{}".into(),
                    raised_at: now,
                    due_at: None,
                    trace: None,
                };
                unit.raise(event).unwrap();
                unit.commit().await.unwrap();
                None
            }
            Way::Turn => {
                self.host.clock.advance(1_000);
                None
            }
        }
    }

    /// The plugin is called, and does what it does.
    async fn is_served(&self, way: Way) {
        let before = self.used().calls;
        let told = self.come(way).await;
        assert!(
            matches!(told.as_deref(), None | Some("done")),
            "{way:?}: {told:?}"
        );
        self.was_called(way, before + 1).await;
    }

    async fn was_called(&self, way: Way, times: u64) {
        until(&format!("{way:?} comes through"), async || {
            (self.used().calls >= times).then_some(())
        })
        .await;
    }

    /// The plugin is not called: whoever waits for an answer is told why, and what can wait does.
    async fn is_turned_away(&self, way: Way) {
        let before = self.used().calls;
        let told = self.come(way).await;
        let expected = match way {
            Way::Request | Way::Message => Some("plugin-share"),
            Way::Call => Some("share"),
            Way::Event | Way::Turn => None,
        };
        assert_eq!(told.as_deref(), expected, "{way:?}");
        tokio::time::sleep(WATCHED).await;
        assert_eq!(self.used().calls, before, "{way:?}");
    }

    /// What waited comes through once it may, as the call of this number; who was told why comes again.
    async fn comes_through_later(&self, way: Way, call: u64) {
        if !matches!(way, Way::Event | Way::Turn) {
            // A call is counted before its place is free.
            return until(&format!("{way:?} is served"), async || {
                let told = self.come(way).await.unwrap_or_default();
                assert!(
                    ["done", "plugin-share", "share"].contains(&&*told),
                    "{way:?}: {told}"
                );
                (told == "done").then_some(())
            })
            .await;
        }
        until(&format!("{way:?} comes through later"), async || {
            self.host.clock.advance(1_000);
            (self.used().calls >= call).then_some(())
        })
        .await;
        assert_eq!(self.used().calls, call, "{way:?}: once");
    }
}

fn main() -> TenantId {
    tenant("main")
}

fn word(kind: &str) -> String {
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

fn message() -> Request {
    Request {
        id: "r1".into(),
        tenant: main(),
        address: None,
        principal: Principal {
            account: Some(Account {
                id: "ada".into(),
                email: None,
                role: Role::User,
                tenant: Some(main()),
                operator: false,
                credential: Credential::Development,
            }),
            session: None,
        },
        params: Vec::new(),
        query: String::new(),
        headers: Vec::new(),
        body: "{}".into(),
        cause: None,
        idempotency: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_have_one_rate_however_they_are_raised() {
    let shares = ShareLimits {
        events_per_minute: 3,
        ..ShareLimits::DEFAULT
    };
    for way in WAYS {
        let stage = Stage::of("raise", shares).await;
        stage.is_served(way).await;
        assert_eq!(stage.used().events, 3, "{way:?}");
        stage.is_served(Way::Request).await;
        assert_eq!(stage.used().events, 3, "{way:?}, and a request after it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_elsewhere_have_one_rate_however_they_are_sent() {
    let shares = ShareLimits {
        outbound_per_minute: 2,
        ..ShareLimits::DEFAULT
    };
    for way in WAYS {
        let stage = Stage::of("send", shares).await;
        stage.is_served(way).await;
        stage.is_served(Way::Request).await;
        assert_eq!(stage.used().outbound, 2, "{way:?}");
        assert_eq!(stage.service.asked().len(), 2, "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_have_one_bound_however_they_are_written() {
    let shares = ShareLimits {
        stored_bytes_max: 30_000,
        ..ShareLimits::DEFAULT
    };
    let things = CollectionName::new("sharer", "things");
    for way in WAYS {
        let stage = Stage::of("store", shares).await;
        stage.is_served(way).await;
        let stored = async || {
            let unit = stage.host.store.begin(&main()).await.unwrap();
            let mut stored = 0;
            for number in 0..5 {
                let found = unit.get(&things, &number.to_string()).await.unwrap();
                stored += u32::from(found.is_some());
            }
            stored
        };
        until(&format!("{way:?} has stored"), async || {
            (stored().await == 2).then_some(())
        })
        .await;
        stage.is_served(Way::Request).await;
        assert_eq!(stored().await, 2, "{way:?}, and a request after it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn computing_is_one_share_however_it_is_used_up() {
    let shares = ShareLimits {
        cpu_ms_per_minute: 20,
        ..ShareLimits::DEFAULT
    };
    for way in WAYS {
        let stage = Stage::of("compute", shares).await;
        stage.is_served(way).await;
        // A call is counted when it begins, and what it has computed when it ends.
        until(&format!("{way:?} has computed"), async || {
            let computed_ms = stage.used().cpu_us / 1_000;
            (computed_ms >= shares.cpu_ms_per_minute).then_some(())
        })
        .await;
        stage.is_turned_away(Way::Request).await;
        // And the other way round.
        let stage = Stage::of("compute", shares).await;
        stage.is_served(Way::Request).await;
        stage.is_turned_away(way).await;
        let others = stage.host.account_in("other", "oscar", Role::User);
        let _ = others.post("/sharer", &json!({})).await.expect(204);
        stage.host.clock.advance(60_000);
        stage.comes_through_later(way, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_the_same_time_are_one_share_however_they_begin() {
    let shares = ShareLimits {
        concurrency_max: 1,
        ..ShareLimits::DEFAULT
    };
    for way in WAYS {
        for (first, second) in [(way, Way::Request), (Way::Request, way)] {
            let stage = Stage::of("wait", shares).await;
            let waiting = {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move { stage.come(first).await })
            };
            stage.service.was_asked(1).await;
            stage.is_turned_away(second).await;
            stage.service.open_gate();
            stage.was_called(first, 1).await;
            let told = waiting.await.unwrap();
            assert!(told.is_none_or(|told| told == "done"), "{first:?}");
            stage.service.open_gate();
            stage.comes_through_later(second, 2).await;
        }
    }
}
