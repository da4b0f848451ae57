//! API keys as bearers.

use std::sync::Arc;

use stoa_kernel::clock::Millis;
use stoa_kernel::identity::{Account, AuthenticationError, Credential, Role, Scopes};

use super::{Identity, read, refused};
use crate::accounts::apikey;
use crate::platform::{Platform, Unit, unavailable};
use crate::records::Key;

/// How precisely the last use of a key is kept: a write per request would cost more than the request.
const NOTED_EVERY_MS: Millis = 3_600_000;

impl Identity {
    pub(super) async fn by_key(&self, bearer: &str) -> Result<Account, AuthenticationError> {
        let parts = apikey::parse(bearer).ok_or_else(|| refused("it is no well-formed key"))?;
        let unit = self.platform.unit().await?;
        let key: Option<Key> = read(&unit, parts.id).await?;
        let key = key.filter(|key| apikey::is_secret_of(parts.secret, &key.secret));
        self.of_key(&unit, parts.id, key).await
    }

    /// Who a key speaks for whose secret was shown before.
    pub(super) async fn by_key_id(&self, id: &str) -> Result<Account, AuthenticationError> {
        let unit = self.platform.unit().await?;
        let key = read(&unit, id).await?;
        self.of_key(&unit, id, key).await
    }

    async fn of_key(
        &self,
        unit: &Unit,
        id: &str,
        key: Option<Key>,
    ) -> Result<Account, AuthenticationError> {
        let now = self.platform.now();
        let key = key
            .filter(|key| key.ends_at.is_none_or(|ends_at| ends_at > now))
            .ok_or_else(|| refused("there is no such key"))?;
        let account = self.account(unit, &key.account).await?;
        let (tenant, maker) = self.place(unit, &key.account, Some(&key.tenant)).await?;
        let scopes = Scopes::parse(key.scopes.iter().map(String::as_str));
        let scopes = scopes.map_err(|_| refused("its scopes are malformed"))?;
        self.note_use(id, &key, now);
        Ok(Account {
            id: key.account,
            email: Some(account.email),
            role: at_most(key.role, maker),
            tenant: Some(tenant),
            operator: account.operator,
            credential: Credential::Key {
                id: id.into(),
                scopes: Arc::new(scopes),
            },
        })
    }

    /// Notes the use, beside the request and not in its way.
    fn note_use(&self, id: &str, key: &Key, now: Millis) {
        let recent = |used_at: Option<Millis>| {
            used_at.is_some_and(|used_at| now < used_at.saturating_add(NOTED_EVERY_MS))
        };
        if recent(key.used_at) || recent(self.noted.get(id)) {
            return;
        }
        self.noted.insert(id.into(), now);
        let (platform, id) = (self.platform.clone(), id.to_owned());
        tokio::spawn(async move {
            if let Err(problem) = write_use(&platform, &id, now).await {
                tracing::warn!(key = id, %problem, "the use of a key could not be noted");
            }
        });
    }
}

async fn write_use(
    platform: &Platform,
    id: &str,
    now: Millis,
) -> Result<(), stoa_kernel::error::Problem> {
    platform
        .transact(|unit| async move {
            // A key that was revoked meanwhile does not come back.
            let Some(mut key) = unit.get::<Key>(id).await? else {
                return Ok(());
            };
            key.used_at = Some(now);
            unit.put(id, &key).await.map_err(unavailable)
        })
        .await
}

/// A key is at most what its maker is at this moment. An admin's keys may be anything; of the other roles none
/// contains another. A machine's role stays: no person has it, so no change of a person's role is about it.
fn at_most(key: Role, maker: Role) -> Role {
    match maker {
        Role::Admin => key,
        _ if key == Role::Worker => key,
        _ => maker,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_more_than_its_maker() {
        for (key, maker, expected) in [
            (Role::Admin, Role::Admin, Role::Admin),
            (Role::Viewer, Role::Admin, Role::Viewer),
            (Role::Admin, Role::User, Role::User),
            (Role::Vendor, Role::Viewer, Role::Viewer),
            (Role::Worker, Role::Developer, Role::Worker),
        ] {
            assert_eq!(at_most(key, maker), expected, "{key:?} of {maker:?}");
        }
    }
}
