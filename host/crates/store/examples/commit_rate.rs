//! Commits per second of single-document requests on disk, alone and under 32 clients, and the reads beside.
//!
//! `cargo run --example commit_rate -p stoa-store [--release]`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::{Filter, Path, Query, SortKey};
use stoa_kernel::store::{Expiry, Realm, Store};
use stoa_kernel::wit::Collection;
use stoa_store::{StoreConfig, SurrealStore, SyncPolicy};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(3);

/// A request, given its client's number and its own.
type Request = fn(
    Arc<SurrealStore>,
    usize,
    usize,
) -> std::pin::Pin<Box<dyn Future<Output = Outcome<()>> + Send>>;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        let elapsed = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

fn items() -> CollectionName {
    CollectionName::new("shop", "items")
}

fn tenant() -> Outcome<TenantId> {
    Ok(TenantId::parse("acme")?)
}

async fn put(store: Arc<SurrealStore>, client: usize, n: usize) -> Outcome<()> {
    let work = store.begin(&tenant()?).await?;
    let document = json!({"status": "open", "created_at": n, "name": "something nice"});
    work.put(
        &items(),
        &format!("{client}-{}", n % 100),
        None,
        document,
        Expiry::Never,
    )
    .await?;
    Ok(work.commit().await?)
}

async fn put_with_event(store: Arc<SurrealStore>, client: usize, n: usize) -> Outcome<()> {
    let work = store.begin(&tenant()?).await?;
    work.put(
        &items(),
        &format!("{client}-{}", n % 100),
        None,
        json!({"status": "open", "created_at": n}),
        Expiry::Never,
    )
    .await?;
    // Ids of events are never given twice; the counter stands for the host's ULIDs.
    static EVENTS: AtomicUsize = AtomicUsize::new(0);
    let id = format!("{:012}", EVENTS.fetch_add(1, Ordering::Relaxed));
    work.raise(Event {
        id,
        tenant: None,
        plugin: "shop".into(),
        name: "item.put".into(),
        key: "k".into(),
        payload: "{}".into(),
        raised_at: 0,
        due_at: None,
        trace: None,
    })?;
    Ok(work.commit().await?)
}

async fn get(store: Arc<SurrealStore>, client: usize, n: usize) -> Outcome<()> {
    let work = store.begin(&tenant()?).await?;
    work.get(&items(), &format!("{client}-{}", n % 100)).await?;
    Ok(())
}

async fn page(store: Arc<SurrealStore>, _: usize, _: usize) -> Outcome<()> {
    let work = store.begin(&tenant()?).await?;
    let filter = json!({"eq": ["status", "open"]});
    let sort = vec![SortKey {
        path: Path::parse("created_at")?,
        descending: true,
    }];
    let query = Query {
        filter: Filter::parse(&filter.to_string())?,
        sort,
        limit: 20,
        offset: 0,
        cursor: None,
        fields: vec![],
        total: false,
    };
    work.query(&items(), &query).await?;
    Ok(())
}

async fn measure(
    store: &Arc<SurrealStore>,
    name: &str,
    clients: usize,
    request: Request,
) -> Outcome<()> {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut done = 0;
            while begun.elapsed() < RUN {
                request(Arc::clone(&store), client, done).await?;
                done += 1;
            }
            Outcome::Ok(done)
        });
    }
    let mut total = 0;
    for done in tasks.join_all().await {
        total += done?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{name:28} {clients:3} clients {:9.0}/s",
        total as f64 / seconds
    );
    Ok(())
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default()
        / 1_024
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let directory = tempfile::TempDir::new()?;
    let url = format!("surrealkv://{}", directory.path().join("db").display());
    // Every page is to come from the engine.
    let config = StoreConfig {
        url,
        sync: SyncPolicy::Every,
        query_cache_entries_max: 0,
        ..StoreConfig::default()
    };
    let store = SurrealStore::open(config, Arc::new(SystemClock)).await?;
    let indexes = vec![vec!["status".to_owned(), "created_at".to_owned()]];
    store
        .declare(
            Realm::Tenants,
            "shop",
            &[(
                "items".into(),
                Collection {
                    indexes,
                    ..Collection::default()
                },
            )],
        )
        .await?;
    put(Arc::clone(&store), 0, 0).await?;
    println!("resident when idle: {} MiB", resident_mib());
    for clients in [1, 32] {
        measure(&store, "put", clients, |store, client, n| {
            Box::pin(put(store, client, n))
        })
        .await?;
        measure(&store, "put with an event", clients, |store, client, n| {
            Box::pin(put_with_event(store, client, n))
        })
        .await?;
        measure(&store, "get, cached", clients, |store, client, n| {
            Box::pin(get(store, client, n))
        })
        .await?;
        measure(
            &store,
            "page of 20, not cached",
            clients,
            |store, client, n| Box::pin(page(store, client, n)),
        )
        .await?;
    }
    println!("resident afterwards: {} MiB", resident_mib());
    store.shutdown().await;
    Ok(())
}
