//! Places at which a host can be made to die, so that tests can show that a crash there leaves nothing half done.
//!
//! Only builds for development have them. In a release build [`arm`] refuses and [`pass`] is nothing.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether this build has them.
pub const IS_POSSIBLE: bool = cfg!(debug_assertions);

/// A step of the host's work, between two of which it may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// A client's request has come to its plugin; no code of the guest has run for it.
    BeforeGuest,
    /// The guest has answered a client's request; nothing of what it did is committed.
    BeforeCommit,
    /// A client's request is committed; the client has no answer.
    AfterCommit,
    /// It is an event's turn; its subscriber has not heard of it.
    BeforeDelivery,
    /// A subscriber has handled an event; nothing of what it did is committed.
    BeforeHandled,
    /// A plugin has migrated a tenant's data; nothing of that is committed.
    BeforeMigrated,
    /// A version of a plugin has been tried out; it does not serve yet.
    BeforeSwap,
}

impl CrashPoint {
    const ALL: [Self; 7] = [
        Self::BeforeGuest,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeDelivery,
        Self::BeforeHandled,
        Self::BeforeMigrated,
        Self::BeforeSwap,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::BeforeGuest => "before-guest",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::BeforeDelivery => "before-delivery",
            Self::BeforeHandled => "before-handled",
            Self::BeforeMigrated => "before-migrated",
            Self::BeforeSwap => "before-swap",
        }
    }
}

/// Where a host dies: the `nth` time that a plugin's work passes a point. As text `before-commit:orders`, or
/// `before-commit:orders:3` for the third time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashAt {
    point: CrashPoint,
    plugin: String,
    nth: u32,
}

/// It is no place at which a host can die.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of POINT:PLUGIN and POINT:PLUGIN:N, with the points {all}", all = points())]
pub struct NoCrashPoint(String);

fn points() -> String {
    CrashPoint::ALL.map(CrashPoint::word).join(", ")
}

impl FromStr for CrashAt {
    type Err = NoCrashPoint;

    fn from_str(text: &str) -> Result<Self, NoCrashPoint> {
        let refused = || NoCrashPoint(text.to_owned());
        let mut parts = text.split(':');
        let word = parts.next().unwrap_or_default();
        let mut all = CrashPoint::ALL.into_iter();
        let point = all.find(|point| point.word() == word);
        let plugin = parts.next().filter(|plugin| !plugin.is_empty());
        let nth = parts.next().map_or(Ok(1), str::parse);
        match (point, plugin, nth, parts.next()) {
            (Some(point), Some(plugin), Ok(nth @ 1..), None) => Ok(Self {
                point,
                plugin: plugin.to_owned(),
                nth,
            }),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for CrashAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.point.word(), self.plugin, self.nth)
    }
}

/// Crash points are only in builds for development, and one of a process is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this host can't be made to die")]
pub struct NotArmed;

struct Armed {
    at: CrashAt,
    passed: AtomicU32,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// From now on this process dies there.
///
/// # Errors
/// [`NotArmed`] in a release build, and when it is to die somewhere already.
pub fn arm(at: CrashAt) -> Result<(), NotArmed> {
    let armed = Armed {
        at,
        passed: AtomicU32::new(0),
    };
    let is_set = IS_POSSIBLE && ARMED.set(armed).is_ok();
    is_set.then_some(()).ok_or(NotArmed)
}

/// A plugin's work passes a point. The process ends here if that is where it is to die: at once, as by a signal,
/// without closing or writing anything.
pub fn pass(point: CrashPoint, plugin: &str) {
    if !IS_POSSIBLE {
        return;
    }
    let Some(armed) = ARMED.get() else { return };
    if armed.at.point == point
        && armed.at.plugin == plugin
        && armed.passed.fetch_add(1, Ordering::SeqCst) + 1 == armed.at.nth
    {
        std::process::abort();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for point in CrashPoint::ALL {
            let at: CrashAt = format!("{}:orders", point.word()).parse().unwrap();
            assert_eq!((at.point, at.nth), (point, 1));
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        let third: CrashAt = "after-commit:vendors:3".parse().unwrap();
        assert_eq!((third.plugin.as_str(), third.nth), ("vendors", 3));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "before-commit",
            "before-commit:",
            "now:orders",
            "before-commit:orders:0",
            "before-commit:orders:x",
            "before-commit:orders:1:2",
        ] {
            assert!(text.parse::<CrashAt>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_release_build_can_not_be_armed() {
        let at: CrashAt = "before-commit:nobody".parse().unwrap();
        assert_eq!(arm(at.clone()).is_ok(), IS_POSSIBLE);
        // Whoever passes elsewhere goes on, and one place is all that there is.
        pass(CrashPoint::AfterCommit, "nobody");
        pass(CrashPoint::BeforeCommit, "somebody");
        assert_eq!(arm(at), Err(NotArmed));
    }
}
