//! Events in a test: a dispatcher over a test's host.

use std::sync::Arc;

use stoa_identity::organizations::Selling;
use stoa_kernel::event::{EventStream, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_live::Forgetting;
use stoa_runtime::{Dispatcher, DispatcherPorts};

use crate::TestHost;

impl TestHost {
    /// Begins to deliver events and to take turns, until what comes back is dropped. Without it they wait in the
    /// outbox, where a test can look at them. Two of one host compete for what waits when they start, as two
    /// hosts would; of what is raised then the later one hears.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn dispatch(&self) -> Arc<Dispatcher> {
        let main = TenantId::parse("main").expect("a tenant's id");
        let subscribers: Vec<Arc<dyn HostSubscriber>> = vec![
            Arc::new(Selling::new(self.platform.clone(), main)),
            self.plans.clone(),
            Arc::new(Forgetting::new(self.store.clone())),
        ];
        self.dispatch_to(subscribers, None).await
    }

    /// The same with parts of the host that handle events, and with consumers outside.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn dispatch_to(
        &self,
        subscribers: Vec<Arc<dyn HostSubscriber>>,
        stream: Option<Arc<dyn EventStream>>,
    ) -> Arc<Dispatcher> {
        let ports = DispatcherPorts {
            outbox: self.store.clone(),
            subscribers,
            stream,
            tells_tallies: true,
        };
        Dispatcher::start(self.runtime.clone(), ports)
            .await
            .expect("the dispatcher")
    }
}
