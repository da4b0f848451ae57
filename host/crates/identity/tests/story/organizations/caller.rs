//! Who calls in a test, and the request that the edge makes of it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use stoa_kernel::call::Request;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Principal, Role, Scopes};

/// Who calls in a test.
#[derive(Clone)]
pub struct Caller(pub Option<Account>);

impl Caller {
    pub fn nobody() -> Self {
        Self(None)
    }

    /// Somebody who is signed in: their account's name is id, address and session at once.
    pub fn of(id: &str, role: Role, tenant: Option<&TenantId>) -> Self {
        Self(Some(Account {
            id: id.to_owned(),
            email: Some(format!("{id}@example.com")),
            role,
            tenant: tenant.cloned(),
            operator: false,
            credential: Credential::Session(format!("session-{id}").into()),
        }))
    }

    pub fn with(mut self, credential: Credential) -> Self {
        self.0.as_mut().unwrap().credential = credential;
        self
    }

    /// The same by an API key that may do everything.
    pub fn by_key(self) -> Self {
        let scopes = Arc::new(Scopes::parse(["*:write"]).unwrap());
        self.with(Credential::Key {
            id: "key".into(),
            scopes,
        })
    }
}

/// What a service gets of a caller.
pub fn request(caller: &Caller, id: Option<&str>, query: &str, body: Value) -> Request {
    let account = caller.0.clone();
    let named = account.as_ref().and_then(|account| account.tenant.clone());
    Request {
        id: "test".into(),
        address: None,
        tenant: named.unwrap_or_default(),
        principal: Principal {
            account,
            session: None,
        },
        params: id
            .map(|id| ("id".into(), id.to_owned()))
            .into_iter()
            .collect(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: match body {
            Value::Null => Bytes::new(),
            body => Bytes::from(body.to_string()),
        },
        cause: None,
        idempotency: None,
    }
}
