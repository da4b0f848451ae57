//! Failures of the database that a test asks for, so that it can show what follows from each.
//!
//! Only builds for development have them: in a release build nothing is counted and nothing happens, and no
//! configuration reaches them in any build.

use std::sync::{Mutex, PoisonError};

use crate::fault::Fault;

/// Whether this build has them.
const IS_POSSIBLE: bool = cfg!(debug_assertions);

/// What happens to a statement, or to a script of several that commit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// To any: nothing is done, and that is known.
    Refused,
    /// To one that may write: nothing is done, and nobody knows.
    Vanished,
    /// To one that may write: it is done, and nobody knows.
    Lost,
}

impl Mishap {
    fn concerns(self, text: &str) -> bool {
        let only_reads = text.starts_with("SELECT ") || text == "$r.*";
        self == Self::Refused || !only_reads
    }

    /// What is told in place of doing anything.
    pub(crate) fn instead(self) -> Option<Fault> {
        match self {
            Self::Refused => Some(Fault::failed("a test has the engine refuse this")),
            Self::Vanished => Some(self.unknown()),
            Self::Lost => None,
        }
    }

    /// What is told once it is done.
    pub(crate) fn afterwards(self) -> Option<Fault> {
        (self == Self::Lost).then(|| self.unknown())
    }

    fn unknown(self) -> Fault {
        Fault::Unknown(format!("a test has the engine say nothing: {self:?}"))
    }
}

/// The mishap that is to happen to one store, if any.
#[derive(Debug, Default)]
pub struct Mishaps(Mutex<Option<Armed>>);

#[derive(Debug)]
struct Armed {
    mishap: Mishap,
    /// Statements that it may concern until it happens, that one included.
    left: u32,
}

impl Mishaps {
    /// Lets it happen to the `nth` of the statements that it may concern, counted from 1 and from now on; nothing
    /// else is to happen any more.
    pub fn arm(&self, mishap: Mishap, nth: u32) {
        *self.armed() = Some(Armed { mishap, left: nth });
    }

    /// Lets nothing happen any more; whether what was to happen has happened.
    pub fn disarm(&self) -> bool {
        self.armed().take().is_none()
    }

    /// What happens to a statement of this text.
    pub(crate) fn to(&self, text: &str) -> Option<Mishap> {
        if !IS_POSSIBLE {
            return None;
        }
        let mut waiting = self.armed();
        let armed = waiting.as_mut()?;
        let mishap = armed.mishap;
        if !mishap.concerns(text) {
            return None;
        }
        armed.left = armed.left.saturating_sub(1);
        if armed.left > 0 {
            return None;
        }
        *waiting = None;
        Some(mishap)
    }

    fn armed(&self) -> std::sync::MutexGuard<'_, Option<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_happens_once_to_the_nth_that_it_concerns() {
        let (mishaps, write) = (Mishaps::default(), "UPSERT $r RETURN NONE");
        assert_eq!(mishaps.to(write), None);
        mishaps.arm(Mishap::Lost, 2);
        let happened =
            ["$r.*", write, "SELECT * FROM t", write, write].map(|text| mishaps.to(text));
        let expected = IS_POSSIBLE.then_some(Mishap::Lost);
        assert_eq!(happened, [None, None, None, expected, None]);
        assert_eq!(mishaps.disarm(), IS_POSSIBLE);
        mishaps.arm(Mishap::Refused, 2);
        assert_eq!(mishaps.to("$r.*"), None);
        assert!(!mishaps.disarm(), "one more statement was missing");
        assert_eq!(mishaps.to("$r.*"), None);
    }
}
