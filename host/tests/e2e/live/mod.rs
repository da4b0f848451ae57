//! Live updates over real connections, through the guest `rooms`.

mod browser;
mod door;
mod events;
mod lasting;
mod official;
mod process;
mod socket;
mod sockets;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Authenticator as _, Credential, Role};
use stoa_testkit::{TestHost, TestHostBuilder};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use socket::{Socket, try_open};

/// Longer than a busy machine needs for anything here.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A host that listens, with the guest `rooms`.
pub struct Served {
    pub host: Arc<TestHost>,
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

pub async fn served() -> Served {
    serve(TestHost::builder()).await
}

pub async fn serve(builder: TestHostBuilder) -> Served {
    let host = Arc::new(builder.guest("rooms").start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let edge = Arc::clone(&host.edge);
    tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        edge.serve(listener, stopped).await.unwrap();
    });
    Served {
        host,
        address,
        stop: Some(stop),
    }
}

impl Served {
    /// The token of a user of the default tenant.
    pub fn token(&self, id: &str) -> String {
        self.token_in("main", id, Role::User)
    }

    pub fn token_in(&self, tenant: &str, id: &str, role: Role) -> String {
        let account = Account {
            id: id.into(),
            email: Some(format!("{id}@example.com")),
            role,
            tenant: Some(TenantId::parse(tenant).unwrap()),
            operator: false,
            credential: Credential::Development,
        };
        self.host.identity.issue_development(&account).unwrap().0
    }

    /// A user's WebSocket.
    pub async fn connect(&self, id: &str) -> Socket {
        Socket::open(self.address, "/api/live", &self.token(id)).await
    }

    /// Lets the room say so many messages of that size.
    pub async fn burst(&self, room: &str, count: usize, bytes: usize) {
        let burst = json!({ "count": count, "bytes": bytes });
        let path = format!("/rooms/{room}/burst");
        let admin = self.host.admin();
        let _ = admin.post(&path, &burst).await.expect(204);
    }

    /// Stops the host.
    pub fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// The code of a problem.
pub fn code(problem: &Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default()
}
