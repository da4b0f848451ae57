//! The time as a port, so that tests control it.

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Millis;
}
