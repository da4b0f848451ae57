//! Stand-ins for what accounts, sessions and the post do for organisations.

use async_trait::async_trait;
use serde_json::{Value, json};
use stoa_identity::organizations::{Accounts, Sessions};
use stoa_identity::platform::{Platform, Unit, unavailable};
use stoa_identity::records::{Account as Person, Session};
use stoa_kernel::error::Problem;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::store::{Expiry, StoreError, UnitOfWork};

/// Writes letters into a collection, so that those of a unit that is rolled back are none.
pub struct Drawer;

pub fn letters() -> CollectionName {
    CollectionName::new("drawer", "letters")
}

#[async_trait]
impl Post for Drawer {
    async fn enqueue(&self, unit: &dyn UnitOfWork, letter: &Letter) -> Result<(), StoreError> {
        let collection = letters();
        let body = serde_json::to_value(letter).unwrap();
        let id = letter.values["link"].to_string();
        let created = unit.create(&collection, &id, body, Expiry::Never);
        created.await.map(drop)
    }

    fn wake(&self) {}
}

/// Moves sessions and says where they are.
pub struct Moving;

#[async_trait]
impl Sessions for Moving {
    async fn switch(
        &self,
        unit: &Unit,
        session: &str,
        tenant: &TenantId,
    ) -> Result<Value, Problem> {
        let found: Option<Session> = unit.get(session).await?;
        let mut record = found.ok_or_else(Problem::unauthenticated)?;
        record.tenant = Some(tenant.clone());
        unit.put(session, &record).await.map_err(unavailable)?;
        Ok(json!({"accessToken": format!("{session} in {tenant}")}))
    }
}

/// Makes accounts whose password is stored as it is.
pub struct Making(pub Platform);

#[async_trait]
impl Accounts for Making {
    async fn ensure(
        &self,
        unit: &Unit,
        _: &TenantId,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<(String, bool), Problem> {
        let id = self.0.fresh_id();
        let mut account = person(email, name);
        account.password = Some(password.to_owned());
        unit.create(&id, &account).await.map_err(unavailable)?;
        Ok((id, true))
    }

    async fn end(&self, unit: &Unit, account: &str) -> Result<(), Problem> {
        unit.delete::<Person>(account).await.map(drop)
    }
}

/// An account as it is at first.
pub fn person(email: &str, name: &str) -> Person {
    Person::new(email, name, 0)
}
