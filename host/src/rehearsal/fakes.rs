//! What a story says instead of the world: who calls, who belongs to the tenant, what it pays for, what services
//! elsewhere answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use stoa_kernel::directory::{Directory, People, Person};
use stoa_kernel::event::{Event, EventStream};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{
    Account, AuthenticationError, Authenticator, Credential, InvalidToken, Role,
};
use stoa_kernel::outbound::{Outbound, OutboundAnswer, OutboundError, OutboundRequest};
use stoa_kernel::plans::{Plan, Plans};
use stoa_kernel::store::StoreError;
use stoa_kernel::wit::Manifest;

use super::story::{self, ServiceAnswer};

/// Bearers that say themselves who they are: `<role>:<id>`.
pub struct SelfDeclared(pub TenantId);

/// The bearer of an account.
pub fn bearer(id: &str, role: Role) -> String {
    format!("{}:{id}", role.as_str())
}

impl SelfDeclared {
    /// Whom such a bearer speaks for.
    pub fn account(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        let unknown = || InvalidToken("no bearer of a story".into());
        let (role, id) = bearer.split_once(':').ok_or_else(unknown)?;
        let role = serde_json::from_value(role.into()).map_err(|_| unknown())?;
        Ok(Account {
            id: id.into(),
            email: Some(format!("{id}@example.com")),
            role,
            tenant: Some(self.0.clone()),
            operator: false,
            credential: Credential::Development,
        })
    }
}

#[async_trait]
impl Authenticator for SelfDeclared {
    async fn authenticate(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        self.account(bearer)
    }

    async fn authenticate_lapsed(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        self.account(bearer)
    }

    async fn renew(&self, account: &Account) -> Result<Account, AuthenticationError> {
        Ok(account.clone())
    }

    async fn issue_ticket(&self, account: &Account) -> Result<(String, u32), StoreError> {
        Ok((bearer(&account.id, account.role), u32::MAX))
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Account, AuthenticationError> {
        self.account(ticket)
    }

    fn issue_development(&self, account: &Account) -> Result<(String, u32), InvalidToken> {
        Ok((bearer(&account.id, account.role), u32::MAX))
    }

    async fn has_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        Ok(*tenant == self.0)
    }
}

/// The story's people.
pub struct Members(Vec<Person>);

impl Members {
    pub fn new(people: &[story::Person]) -> Self {
        let person = |person: &story::Person| Person {
            id: person.id.clone(),
            email: person
                .email
                .clone()
                .unwrap_or_else(|| format!("{}@example.com", person.id)),
            name: person.name.clone(),
            role: person.role,
            email_verified: true,
            joined_at: 0,
        };
        Self(people.iter().map(person).collect())
    }
}

#[async_trait]
impl Directory for Members {
    async fn find(&self, _: &TenantId, ids: &[String]) -> Result<Vec<Person>, StoreError> {
        let found = self.0.iter().filter(|person| ids.contains(&person.id));
        Ok(found.cloned().collect())
    }

    async fn list(
        &self,
        _: &TenantId,
        role: Option<Role>,
        offset: u32,
        limit: u32,
    ) -> Result<People, StoreError> {
        let is_meant = |person: &&Person| role.is_none_or(|role| person.role == role);
        let all: Vec<Person> = self.0.iter().filter(is_meant).cloned().collect();
        let page = all.iter().skip(offset as usize).take(limit as usize);
        Ok(People {
            people: page.cloned().collect(),
            total: all.len() as u64,
        })
    }
}

/// What the story offers to tenants; the first is what this one pays for.
pub struct Offered(Vec<Plan>);

impl Offered {
    pub fn new(plans: &[story::Plan]) -> Self {
        let plan = |plan: &story::Plan| Plan {
            id: plan.id.clone(),
            name: plan.id.clone(),
            limits: plan
                .limits
                .iter()
                .map(|(name, most)| (name.clone(), Some(*most)))
                .collect(),
        };
        Self(plans.iter().map(plan).collect())
    }

    /// Limits nothing.
    fn unlimited() -> Plan {
        Plan {
            id: "rehearsal".into(),
            name: "Rehearsal".into(),
            limits: Vec::new(),
        }
    }
}

#[async_trait]
impl Plans for Offered {
    fn list(&self) -> Vec<Plan> {
        if self.0.is_empty() {
            return vec![Self::unlimited()];
        }
        self.0.clone()
    }

    async fn current(&self, _: &TenantId) -> Result<Plan, StoreError> {
        Ok(self.0.first().cloned().unwrap_or_else(Self::unlimited))
    }

    async fn is_bound(&self, _: &TenantId) -> Result<bool, StoreError> {
        Ok(!self.0.is_empty())
    }
}

/// A request that a service got.
#[derive(Debug, Clone)]
pub struct Got {
    /// The service's name.
    pub name: String,
    /// `METHOD /path`.
    pub request: String,
    /// The body.
    pub body: Bytes,
}

/// Services elsewhere, as the story has them.
pub struct Services {
    /// Names by where they are.
    places: BTreeMap<String, String>,
    answers: Mutex<Vec<ServiceAnswer>>,
    got: Mutex<Vec<Got>>,
}

impl Services {
    pub fn new(manifest: &Manifest, answers: &[ServiceAnswer]) -> Self {
        let places = manifest.outbound.iter();
        let place = |url: &str| url.trim_end_matches('/').to_owned();
        Self {
            places: places
                .map(|(name, service)| (place(&service.url), name.clone()))
                .collect(),
            answers: Mutex::new(answers.to_vec()),
            got: Mutex::default(),
        }
    }

    /// What they got since the last time that somebody asked.
    pub fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *lock(&self.got))
    }

    /// The next answer to such a request; the last one stays.
    fn next(&self, name: &str, request: &str) -> Option<ServiceAnswer> {
        let mut answers = lock(&self.answers);
        let is_meant = |answer: &ServiceAnswer| answer.name == name && answer.request == request;
        let first = answers.iter().position(is_meant)?;
        let others = answers.iter().skip(first + 1).any(is_meant);
        if others {
            Some(answers.remove(first))
        } else {
            answers.get(first).cloned()
        }
    }
}

/// Remembers the events that were delivered.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// What was delivered, in that order.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *lock(&self.0))
    }
}

#[async_trait]
impl EventStream for Recorder {
    async fn append(&self, _: &TenantId, events: &[Event]) -> Result<(), String> {
        lock(&self.0).extend_from_slice(events);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Outbound for Services {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let place = self.places.iter().find_map(|(place, name)| {
            let path = request.url.strip_prefix(place.as_str())?;
            Some((name, path))
        });
        let Some((name, path)) = place else {
            return Err(OutboundError::Unreachable(format!(
                "{} is no service",
                request.url
            )));
        };
        let shown = format!("{} {path}", request.method);
        lock(&self.got).push(Got {
            name: name.clone(),
            request: shown.clone(),
            body: request.body,
        });
        match self.next(name, &shown) {
            None => Err(OutboundError::Unreachable(format!(
                "the story has no [[service]] {name} that answers {shown}"
            ))),
            Some(answer) if answer.unreachable => {
                Err(OutboundError::Unreachable("the story says so".into()))
            }
            Some(answer) => Ok(OutboundAnswer {
                status: answer.status,
                headers: vec![("content-type".into(), "application/json".into())],
                body: answer
                    .json
                    .map_or_else(Bytes::new, |json| json.to_string().into()),
            }),
        }
    }
}
