//! Requests of a plugin's own tests.

use std::collections::BTreeSet;

use serde::Serialize;

use super::state::with;
use crate::bindings::stoa::types::types::{Caller, CallerKind};
use crate::{Request, Response, Result};

/// A request being put together.
#[derive(Debug)]
pub struct RequestBuilder {
    request: Request,
    headers: Vec<(String, String)>,
}

impl RequestBuilder {
    pub(super) fn new(handler: &str) -> Self {
        let caller = Caller {
            kind: CallerKind::Anonymous,
            id: String::new(),
            email: None,
            role: String::new(),
            session: None,
        };
        let request = Request {
            handler: handler.into(),
            params: Vec::new(),
            query: String::new(),
            body: Vec::new(),
            caller,
        };
        Self {
            request,
            headers: Vec::new(),
        }
    }

    /// From a signed-in buyer.
    #[must_use]
    pub fn user(self, id: &str) -> Self {
        self.account(id, "user")
    }

    /// From a signed-in account with a role.
    #[must_use]
    pub fn account(mut self, id: &str, role: &str) -> Self {
        let caller = &mut self.request.caller;
        caller.kind = CallerKind::User;
        caller.id = id.into();
        caller.role = role.into();
        caller.email = Some(format!("{id}@example.com"));
        self
    }

    /// From a browser's session.
    #[must_use]
    pub fn session(mut self, session: &str) -> Self {
        let caller = &mut self.request.caller;
        if caller.kind == CallerKind::Anonymous {
            caller.kind = CallerKind::Session;
        }
        caller.session = Some(session.into());
        self
    }

    /// With a path parameter; call it in path order.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.request.params.push((name.into(), value.into()));
        self
    }

    /// With a query string.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.request.query = query.into();
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_lowercase(), value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn json<T: Serialize>(mut self, body: &T) -> Self {
        self.request.body = serde_json::to_vec(body).unwrap_or_default();
        self
    }

    /// With a body of any bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = body.into();
        self
    }

    /// The request itself, to be given to an extractor or a function under test.
    #[must_use]
    pub fn build(self) -> Request {
        with(|state| state.headers = self.headers.into_iter().collect());
        self.request
    }

    /// Lets the plugin answer. As in the real host, a problem undoes everything the request did.
    ///
    /// # Errors
    /// The handler's problem.
    pub fn send(self, dispatch: fn(&Request) -> Result<Response>) -> Result<Response> {
        let request = self.build();
        transact(
            || dispatch(&request),
            |answer| answer.as_ref().is_ok_and(|response| response.status < 400),
        )
    }
}

/// Runs a call of the plugin; unless it succeeds, nothing of what it did stays.
pub(super) fn transact<T>(act: impl FnOnce() -> T, succeeded: impl FnOnce(&T) -> bool) -> T {
    let before = with(|state| {
        state.written = Some(BTreeSet::new());
        state.pushed_before = state.data.pushed.len();
        state.data.clone()
    });
    let outcome = act();
    let succeeded = succeeded(&outcome);
    with(|state| {
        state.written = None;
        if !succeeded {
            state.data = before;
        }
    });
    outcome
}

impl Response {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
