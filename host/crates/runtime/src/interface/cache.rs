//! `stoa:cache/cache`.

use bytes::Bytes;
use stoa_kernel::limits::{CACHE_KEY_BYTES_MAX, CACHE_TTL_MS_MAX, CACHE_VALUE_BYTES_MAX};

use crate::bindings::stoa::cache::cache::Host;
use crate::cache::CacheKey;
use crate::grants::Capability;
use crate::scope::Scope;
use crate::state::State;

impl State {
    fn cache_key(&self, scope: &Scope, key: String) -> Option<CacheKey> {
        let fits = (1..=CACHE_KEY_BYTES_MAX).contains(&key.len());
        fits.then(|| {
            CacheKey::new(
                self.revision.name.clone(),
                scope.request.tenant.clone(),
                key,
            )
        })
    }
}

impl Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        let scope = self.charge(Capability::Cache, key.len())?;
        let Some(key) = self.cache_key(&scope, key) else {
            return Ok(None);
        };
        let value = scope
            .cache_changes
            .get(&scope.cache, &key, scope.ports.clock.now());
        self.charge_bytes(value.as_ref().map_or(0, Bytes::len))?;
        Ok(value.map(|bytes| bytes.to_vec()))
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_ms: u64) -> wasmtime::Result<()> {
        let scope = self.charge(Capability::Cache, key.len() + value.len())?;
        if value.len() <= CACHE_VALUE_BYTES_MAX
            && let Some(key) = self.cache_key(&scope, key)
        {
            let expires_at = scope.ports.clock.now() + ttl_ms.clamp(1, CACHE_TTL_MS_MAX);
            scope.cache_changes.set(key, Bytes::from(value), expires_at);
        }
        Ok(())
    }

    async fn remove(&mut self, key: String) -> wasmtime::Result<()> {
        let scope = self.charge(Capability::Cache, key.len())?;
        if let Some(key) = self.cache_key(&scope, key) {
            scope.cache_changes.remove(key);
        }
        Ok(())
    }
}
