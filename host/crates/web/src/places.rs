//! Places for connections: so many in all, who comes later waits; and so many for one address, so that nobody keeps
//! everybody else waiting.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::call::network_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::EdgeConfig;

/// All of them.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    max: u32,
    per_address_max: u32,
    /// Those that addresses have, without addresses that have none.
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// A place for a connection from wherever it comes.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    of_address: Option<(Arc<Places>, IpAddr)>,
}

impl Places {
    /// All of them free.
    pub(crate) fn new(config: &EdgeConfig) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(config.connections_max as usize)),
            max: config.connections_max,
            per_address_max: config.connections_per_address_max,
            taken: Mutex::default(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Gives it to whoever is at this address; None if they have as many as they may.
    pub(crate) fn give(mut self, places: &Arc<Places>, address: IpAddr) -> Option<Self> {
        // One client has a whole network of IPv6, and may come by IPv4 written as IPv6.
        let address = network_of(address.to_canonical());
        let mut taken = places.taken();
        let count = taken.get(&address).copied().unwrap_or(0);
        if count >= places.per_address_max {
            return None;
        }
        taken.insert(address, count + 1);
        self.of_address = Some((Arc::clone(places), address));
        drop(taken);
        Some(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, address)) = self.of_address.take() else {
            return;
        };
        let mut taken = places.taken();
        match taken.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&address)),
        }
    }
}
