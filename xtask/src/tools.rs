//! Programs that several of our commands start, besides those that plugins are made with.

use crate::prerequisites::Tool;

/// A browser, for pages that listen.
pub const CHROMIUM: Tool = Tool {
    file: "chromium",
    package: "chromium",
};
/// Counts for several hosts.
pub const REDIS: Tool = Tool {
    file: "redis-server",
    package: "redis-server",
};
