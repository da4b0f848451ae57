//! Bounds an instance's memory as a whole: wasmtime's own limiter counts each memory by itself.

use wasmtime::ResourceLimiter;

use crate::engine::{
    CORE_INSTANCES_PER_COMPONENT_MAX, MEMORIES_PER_COMPONENT_MAX, TABLES_PER_COMPONENT_MAX,
};

/// Table elements of all tables of an instance together: each costs the host eight bytes.
const TABLE_ELEMENTS_MAX: usize = 40_000;

/// Counts what an instance holds.
#[derive(Debug)]
pub struct Limiter {
    memory_bytes_max: usize,
    memory_bytes: usize,
    table_elements: usize,
    refused: bool,
}

impl Limiter {
    /// Nothing held yet, `memory_bytes_max` at most.
    #[must_use]
    pub const fn new(memory_bytes_max: usize) -> Self {
        Self {
            memory_bytes_max,
            memory_bytes: 0,
            table_elements: 0,
            refused: false,
        }
    }

    /// Bytes of all memories now; memories never shrink, so also the peak.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Whether the guest asked for more than it may have: tells a trap by exhaustion from any other.
    #[must_use]
    pub const fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .memory_bytes
            .saturating_add(desired.saturating_sub(current));
        if total > self.memory_bytes_max {
            self.refused = true;
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .table_elements
            .saturating_add(desired.saturating_sub(current));
        if total > TABLE_ELEMENTS_MAX {
            self.refused = true;
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_PER_COMPONENT_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_PER_COMPONENT_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_PER_COMPONENT_MAX as usize
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn several_memories_share_one_bound() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(
            !limiter.memory_growing(0, 60, None).unwrap(),
            "a second memory of 60 makes 120"
        );
        assert!(
            limiter.memory_growing(60, 100, None).unwrap(),
            "the first may grow to what is left"
        );
        assert!(!limiter.memory_growing(100, 101, None).unwrap());
        assert_eq!(limiter.memory_bytes(), 100);
    }
}
