//! Places for connections: so many in all, who comes later waits; and so many for one address, so that nobody keeps
//! everybody else waiting.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use stoa_kernel::call::network_of;
use stoa_kernel::places;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::EdgeConfig;

/// All of them.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    max: u32,
    by_address: Arc<places::Places<IpAddr>>,
}

/// A place for a connection.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    of_address: Option<places::Place<IpAddr>>,
}

impl Places {
    /// All of them free.
    pub(crate) fn new(config: &EdgeConfig) -> Self {
        Self {
            free: Arc::new(Semaphore::new(config.connections_max as usize)),
            max: config.connections_max,
            by_address: places::Places::new(config.connections_per_address_max),
        }
    }

    /// The next one that is free.
    pub(crate) async fn next(&self) -> io::Result<Place> {
        let free = Arc::clone(&self.free).acquire_owned().await;
        Ok(Place {
            _permit: free.map_err(io::Error::other)?,
            of_address: None,
        })
    }

    /// Waits until every connection has ended.
    pub(crate) async fn all_free(&self) {
        let _ = self.free.acquire_many(self.max).await;
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        (self.max as usize).saturating_sub(self.free.available_permits())
    }
}

impl Place {
    /// Gives it to whoever is at this address; none if they have as many as they may.
    pub(crate) fn give(mut self, places: &Places, address: IpAddr) -> Option<Self> {
        // One client has a whole network of IPv6, and may come by IPv4 written as IPv6.
        let network = network_of(address.to_canonical());
        self.of_address = Some(places.by_address.enter(&network)?);
        Some(self)
    }
}
