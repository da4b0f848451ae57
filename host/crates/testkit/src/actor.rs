//! Who does what in a test: an actor sends requests through the whole stack and reads answers.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Authenticator as _, Credential, Role};
use stoa_web::Edge;

use crate::TestHost;

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Actor {
    edge: Arc<Edge>,
    headers: HeaderMap,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl TestHost {
    /// Nobody in particular, in the default tenant.
    #[must_use]
    pub fn anonymous(&self) -> Actor {
        Actor {
            edge: Arc::clone(&self.edge),
            headers: HeaderMap::new(),
        }
    }

    /// An account of the default tenant.
    #[must_use]
    pub fn account(&self, id: &str, role: Role) -> Actor {
        self.account_in("main", id, role)
    }

    /// An account of another tenant.
    #[must_use]
    pub fn account_in(&self, tenant: &str, id: &str, role: Role) -> Actor {
        let account = Account {
            id: id.into(),
            email: Some(format!("{id}@example.com")),
            role,
            tenant: Some(TenantId::parse(tenant).expect("a tenant's id")),
            operator: false,
            credential: Credential::Development,
        };
        let (token, _) = self.identity.issue_development(&account).expect("a token");
        self.bearer(&token)
    }

    /// An operator of the platform, who is nobody within the default tenant.
    #[must_use]
    pub fn operator(&self, id: &str) -> Actor {
        let account = Account {
            id: id.into(),
            email: Some(format!("{id}@example.com")),
            role: Role::User,
            tenant: None,
            operator: true,
            credential: Credential::Development,
        };
        let (token, _) = self.identity.issue_development(&account).expect("a token");
        self.bearer(&token)
    }

    /// Whoever this bearer credential speaks for.
    #[must_use]
    pub fn bearer(&self, credential: &str) -> Actor {
        self.anonymous()
            .header("authorization", &format!("Bearer {credential}"))
    }

    /// A buyer.
    #[must_use]
    pub fn user(&self, id: &str) -> Actor {
        self.account(id, Role::User)
    }

    /// A seller.
    #[must_use]
    pub fn vendor(&self, id: &str) -> Actor {
        self.account(id, Role::Vendor)
    }

    /// The default tenant's administrator.
    #[must_use]
    pub fn admin(&self) -> Actor {
        self.account("admin", Role::Admin)
    }
}

impl Actor {
    /// The same, sending one more header with everything.
    #[must_use]
    pub fn header(&self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.insert(name, value.parse().expect("a header's value"));
        Self {
            edge: Arc::clone(&self.edge),
            headers,
        }
    }

    /// The same, sending an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(&self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends a request with raw bytes.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            if !body.is_empty() && !headers.contains_key("content-type") {
                headers.insert(
                    "content-type",
                    http::HeaderValue::from_static("application/json"),
                );
            }
        }
        let answer = self.edge.call(request.body(body).expect("a request")).await;
        let (parts, body) = answer.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, body.to_string()).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, body.to_string()).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Bytes::new()).await
    }
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{} {:?}: no JSON: {error}", self.status, self.body),
        }
    }

    /// The same answer, if it has this status; the test fails otherwise.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// The body as JSON, if the status is this.
    #[track_caller]
    pub fn json_of(self, status: u16) -> Value {
        self.expect(status).json()
    }

    /// Checks that this is a problem with this status and code, and gives its body.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(
            answer.text("content-type"),
            Some("application/problem+json")
        );
        let body = answer.json();
        let found = body.get("type").and_then(Value::as_str).unwrap_or_default();
        assert!(
            found.ends_with(&format!("/{code}")),
            "{code} is not in {body}"
        );
        body
    }

    /// A header's text.
    #[must_use]
    pub fn text(&self, header: &str) -> Option<&str> {
        self.headers.get(header)?.to_str().ok()
    }
}
