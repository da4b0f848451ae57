//! What organisations need of accounts.

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;

use super::person::Newcomer;
use super::{Accounts, erase, lookup, sign_in, view};
use crate::organizations;
use crate::passwords::Verdict;
use crate::platform::{Ending, Unit, unavailable};
use crate::records::{Account, Session};

#[async_trait]
impl organizations::Sessions for Accounts {
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
        // Its connections listen to the tenant that it leaves.
        unit.end(Ending::Session(session.to_owned()));
        let account: Option<Account> = unit.get(&record.account).await?;
        let account = account.ok_or_else(Problem::unauthenticated)?;
        let user = view::user(self, unit, &record.account, &account, Some(tenant)).await?;
        let answer = sign_in::issue(self, user, session, None)?;
        serde_json::to_value(answer).map_err(|error| Problem::internal(error.to_string()))
    }
}

#[async_trait]
impl organizations::Accounts for Accounts {
    async fn ensure(
        &self,
        unit: &Unit,
        tenant: &TenantId,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<(String, bool), Problem> {
        if let Some(known) = lookup::by_email(unit, email).await? {
            let hash = known.record.password.as_deref();
            let verdict = self.passwords.verify(password, hash).await?;
            return match verdict {
                Verdict::Right | Verdict::Outdated if !known.record.suspended => {
                    Ok((known.id, false))
                }
                _ => Err(sign_in::refused()),
            };
        }
        let newcomer = Newcomer::checked(email.to_owned(), name, password)?;
        let random = self.platform.random();
        let hash = self.passwords.hash(password, random).await?;
        let id = newcomer.join(self, unit, tenant, Some(hash)).await?;
        Ok((id, true))
    }

    async fn end(&self, unit: &Unit, account: &str) -> Result<(), Problem> {
        erase::end(self, unit, account).await
    }
}
