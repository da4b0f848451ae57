//! The people of a tenant: an organisation's members or, in the default tenant, which is no organisation, those
//! who work in none and those who were given a role there.

use async_trait::async_trait;
use stoa_kernel::directory::{self, Directory};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::query::{Filter, Query};
use stoa_kernel::store::StoreError;

use crate::filters::{equal, newest_first, path};
use crate::identity::unreadable;
use crate::platform::{Platform, Unit, unavailable};
use crate::records::{Account, Membership};

/// Somebody of a tenant.
#[derive(Clone)]
pub(crate) struct Resident {
    /// The account's id.
    pub(crate) id: String,
    /// The account.
    pub(crate) account: Account,
    /// Their place there. In the default tenant most have none that is stored: they are users.
    pub(crate) place: Membership,
}

impl Resident {
    /// What they are called there.
    pub(crate) fn name(&self) -> &str {
        self.place.name.as_deref().unwrap_or(&self.account.name)
    }
}

/// One of the tenant's people; none for whoever is of another.
pub(crate) async fn find(
    unit: &Unit,
    tenant: &TenantId,
    default: &TenantId,
    id: &str,
) -> Result<Option<Resident>, Problem> {
    let place: Option<Membership> = unit.get(&Membership::id(tenant, id)).await?;
    let Some(account) = unit.get::<Account>(id).await? else {
        return Ok(None);
    };
    Ok(resident(tenant, default, id, account, place))
}

/// Lets somebody be at home in an organisation from now on, whose account the caller writes.
pub(crate) async fn move_out(
    unit: &Unit,
    default: &TenantId,
    id: &str,
    account: &mut Account,
    home: &TenantId,
) -> Result<(), Problem> {
    if account.home.is_none() {
        stay(unit, default, id, account).await?;
    }
    account.home = Some(home.clone());
    Ok(())
}

/// Gives a place in the default tenant to whoever is at home elsewhere and works there, too, or did before: they have
/// sessions there, and what they ordered is theirs still. The caller writes the account.
pub(crate) async fn stay(
    unit: &Unit,
    default: &TenantId,
    id: &str,
    account: &mut Account,
) -> Result<(), Problem> {
    let key = Membership::id(default, id);
    if unit.get::<Membership>(&key).await?.is_some() {
        return Ok(());
    }
    let place = Membership::new(default.clone(), id, Role::User, account.created_at);
    account.appointed = Some(place.role);
    unit.put(&key, &place).await.map_err(unavailable)
}

fn resident(
    tenant: &TenantId,
    default: &TenantId,
    id: &str,
    account: Account,
    place: Option<Membership>,
) -> Option<Resident> {
    let is_at_home = tenant == default && account.home.is_none();
    let place = place.or_else(|| {
        is_at_home.then(|| Membership::new(tenant.clone(), id, Role::User, account.created_at))
    })?;
    Some(Resident {
        id: id.to_owned(),
        account,
        place,
    })
}

/// A page of people.
pub(crate) struct Residents {
    pub(crate) people: Vec<Resident>,
    pub(crate) total: u64,
    pub(crate) next_cursor: Option<String>,
}

/// Those of the tenant's people that `part` asks for, which is about order and bounds alone; of one role, if it
/// is given.
pub(crate) async fn list(
    unit: &Unit,
    tenant: &TenantId,
    default: &TenantId,
    role: Option<Role>,
    part: Query,
) -> Result<Residents, Problem> {
    let mut people = Vec::new();
    if tenant == default {
        let filter = Some(of_default(role)?);
        let found = unit.list::<Account>(&Query { filter, ..part }).await?;
        for stored in found.records {
            let place = unit.get(&Membership::id(tenant, &stored.id)).await?;
            people.extend(resident(tenant, default, &stored.id, stored.record, place));
        }
        return Ok(Residents {
            people,
            total: found.total,
            next_cursor: found.next_cursor,
        });
    }
    let mut pairs = vec![("tenant", tenant.as_str())];
    pairs.extend(role.map(|role| ("role", role.as_str())));
    let filter = Some(equal(&pairs)?);
    let found = unit.list::<Membership>(&Query { filter, ..part }).await?;
    for stored in found.records {
        let id = stored.record.account.clone();
        if let Some(account) = unit.get::<Account>(&id).await? {
            people.extend(resident(tenant, default, &id, account, Some(stored.record)));
        }
    }
    Ok(Residents {
        people,
        total: found.total,
        next_cursor: found.next_cursor,
    })
}

/// The accounts of the default tenant. Whoever was given no role there and is at home is a user.
fn of_default(role: Option<Role>) -> Result<Filter, Problem> {
    let (home, appointed) = (path("home")?, path("appointed")?);
    let at_home = Filter::Eq(home, serde_json::Value::Null);
    let unappointed = Filter::Eq(appointed.clone(), serde_json::Value::Null);
    Ok(match role {
        None => Filter::Or(vec![at_home, Filter::Not(Box::new(unappointed))]),
        Some(role) => {
            let named = Filter::Eq(appointed, role.as_str().into());
            match role {
                Role::User => Filter::Or(vec![named, Filter::And(vec![at_home, unappointed])]),
                _ => named,
            }
        }
    })
}

/// The directory that plugins see.
pub struct TenantDirectory {
    platform: Platform,
    default: TenantId,
}

impl TenantDirectory {
    /// Over the platform's database; `default` is the tenant of those who work in no organisation.
    #[must_use]
    pub const fn new(platform: Platform, default: TenantId) -> Self {
        Self { platform, default }
    }
}

#[async_trait]
impl Directory for TenantDirectory {
    async fn find(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<Vec<directory::Person>, StoreError> {
        let unit = self.platform.unit().await?;
        let mut people = Vec::with_capacity(ids.len());
        for id in ids {
            let found = find(&unit, tenant, &self.default, id).await;
            people.extend(found.map_err(|problem| unreadable(&problem))?.map(told));
        }
        Ok(people)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        role: Option<Role>,
        offset: u32,
        limit: u32,
    ) -> Result<directory::People, StoreError> {
        let unit = self.platform.unit().await?;
        let listed = async {
            let part = Query {
                sort: newest_first()?,
                limit,
                offset,
                total: true,
                ..Query::default()
            };
            list(&unit, tenant, &self.default, role, part).await
        };
        let listed = listed.await.map_err(|problem| unreadable(&problem))?;
        Ok(directory::People {
            people: listed.people.into_iter().map(told).collect(),
            total: listed.total,
        })
    }
}

fn told(resident: Resident) -> directory::Person {
    directory::Person {
        name: resident.name().to_owned(),
        id: resident.id,
        email: resident.account.email,
        role: resident.place.role,
        email_verified: resident.account.verified,
        joined_at: resident.place.created_at,
    }
}
