//! What operators do by command, without signing in: people, their roles, and tenants.

use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::query::Filter;

use super::address::{address, local_part};
use super::person::Newcomer;
use super::{Accounts, lookup};
use crate::news;
use crate::organizations;
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Account, Organization, Plan};

impl Accounts {
    /// Makes an account whose address counts as verified, because the operator vouches for it, and answers its
    /// id. Without a name they are called by the part before the @. An operator stands outside of every
    /// organisation; a place is given to them as by [`Accounts::appoint`], or neither place nor account.
    ///
    /// # Errors
    /// 400 for an address, name or password that can't be; 409 `email-taken`; for the place as `appoint`.
    pub async fn make_person(
        &self,
        email: &str,
        name: Option<&str>,
        password: &str,
        operator: bool,
        place: Option<(&TenantId, Role)>,
    ) -> Result<String, Problem> {
        let name = name.unwrap_or_else(|| local_part(email));
        let newcomer = &Newcomer::checked(address(email)?, name, password)?;
        let hash = &self
            .passwords
            .hash(password, self.platform.random())
            .await?;
        let made = self.platform.transact(|unit| async move {
            let tenant = &self.config.default_tenant;
            let (id, account) = newcomer.make(self, &unit, Some(hash.clone())).await?;
            let account = Account {
                verified: true,
                operator,
                ..account
            };
            news::registered(&self.platform, &unit, tenant, &id, &account)?;
            unit.put(&id, &account).await.map_err(unavailable)?;
            if let Some((tenant, role)) = place {
                self.place(&unit, tenant, &id, role).await?;
            }
            Ok(id)
        });
        made.await
    }

    /// Whether somebody of this address is an operator.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn is_operator(&self, email: &str) -> Result<bool, Problem> {
        let unit = self.platform.unit().await.map_err(unavailable)?;
        let known = lookup::by_email(&unit, &address(email)?).await?;
        Ok(known.is_some_and(|known| known.record.operator))
    }

    /// Whether there is any account.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn has_people(&self) -> Result<bool, Problem> {
        let unit = self.platform.unit().await.map_err(unavailable)?;
        let first = unit.find::<Account>(Filter::And(Vec::new())).await?;
        Ok(first.is_some())
    }

    /// Every account.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn people(&self) -> Result<Vec<Stored<Account>>, Problem> {
        let unit = self.platform.unit().await.map_err(unavailable)?;
        unit.all(Filter::And(Vec::new())).await
    }

    /// Every organisation.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn tenants(&self) -> Result<Vec<Stored<Organization>>, Problem> {
        let unit = self.platform.unit().await.map_err(unavailable)?;
        unit.all(Filter::And(Vec::new())).await
    }

    /// Makes an organisation that somebody runs.
    ///
    /// # Errors
    /// 404 when nobody has the address; 400 for a name that can't be; 403 `too-many-organizations`.
    pub async fn make_tenant(&self, name: &str, admin: &str) -> Result<TenantId, Problem> {
        let (admin, platform) = (&address(admin)?, &self.platform);
        let made = platform.transact(|unit| async move {
            let admin = lookup::by_email(&unit, admin).await?;
            let admin = admin.ok_or_else(Problem::not_found)?;
            organizations::found(platform, &unit, &admin.id, name).await
        });
        made.await
    }

    /// Puts an organisation on a plan.
    ///
    /// # Errors
    /// 404 when there is no such organisation.
    pub async fn set_plan(&self, tenant: &TenantId, plan: Plan) -> Result<(), Problem> {
        organizations::set_plan(&self.platform, tenant, plan).await
    }

    /// Says what somebody is in a tenant from the next request on; makes them a member if they are none. In the
    /// default tenant everybody is a user at least, and nothing is counted.
    ///
    /// # Errors
    /// 404 when there is no such account or organisation; 403 `plan-limit`; 409 `last-admin`.
    pub async fn appoint(&self, email: &str, tenant: &TenantId, role: Role) -> Result<(), Problem> {
        let (email, platform) = (&address(email)?, &self.platform);
        let appointed = platform.transact(|unit| async move {
            let person = lookup::by_email(&unit, email).await?;
            let person = person.ok_or_else(Problem::not_found)?;
            self.place(&unit, tenant, &person.id, role).await
        });
        appointed.await
    }

    async fn place(
        &self,
        unit: &Unit,
        tenant: &TenantId,
        account: &str,
        role: Role,
    ) -> Result<(), Problem> {
        let now = self.platform.now();
        if *tenant == self.config.default_tenant {
            organizations::place(unit, tenant, account, role, now).await
        } else {
            organizations::appoint(unit, tenant, account, role, now).await
        }
    }
}
