//! Whom a call counts for.

use stoa_kernel::call::{Request, network_of};

/// A caller, of whom one failed call says as much as a hundred.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Voice(String);

impl Voice {
    /// An account, whatever speaks for it; an address without one, since sessions are there for the asking; or what
    /// the host itself calls for, so that nobody gets more voices by raising more events.
    pub fn of(request: &Request) -> Self {
        let account = request.principal.account.as_ref();
        Self(match (&request.cause, account, request.address) {
            (Some(cause), ..) => format!("cause {}", cause.kind),
            (None, Some(account), _) => format!("account {}", account.id),
            (None, None, Some(address)) => format!("address {}", network_of(address)),
            (None, None, None) => "nobody".to_owned(),
        })
    }
}

#[cfg(test)]
impl From<&str> for Voice {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}
