//! Work at intervals.

/// A turn of a schedule: the argument of the function that takes it. What the function writes and raises commits
/// together with the mark that the turn is done; turns of one schedule never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When the turn was due, in milliseconds since 1970.
    pub due_ms: u64,
}
