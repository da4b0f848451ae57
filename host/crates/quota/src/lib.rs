//! How often somebody may call: GCRA in memory, or in Redis for several hosts. And what else goes to Redis:
//! events for consumers outside, and what hosts tell each other of those who listen.
//!
//! It is the only crate that names redis. Both ways keep one number per key, the time at which all of its quota
//! is there again, and share the arithmetic in [`rate`].

mod memory;
mod rate;
mod redis;
mod steady;

pub use memory::MemoryQuotas;
pub use redis::{InvalidRedisUrl, RedisBus, RedisConfig, RedisQuotas, RedisStream};
