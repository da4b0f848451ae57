//! How the parts of the host are, as `/health` tells it.

/// A part of the host that can tell how it is.
pub trait Part: Send + Sync + 'static {
    /// What is known at this moment; nothing is asked for it.
    fn status(&self) -> PartStatus;
}

/// One part's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartStatus {
    /// `store`, `cache`, `redis`, or `plugin:<name>`.
    pub part: String,
    /// Whether it can do its work. A plugin whose newest file was refused is still ready while an earlier version serves.
    pub ready: bool,
    /// The version that serves.
    pub version: Option<String>,
    /// What is wrong, for the operator.
    pub detail: Option<String>,
}
