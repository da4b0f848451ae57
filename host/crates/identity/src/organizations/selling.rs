//! Who may sell: what plugins change about people.

use async_trait::async_trait;
use stoa_kernel::directory::{SELLING_CHANGED, SellingChange};
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, HOST, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::roster::{self, Change};
use crate::people;
use crate::platform::Platform;

/// Gives people the role of sellers and takes it, as plugins ask for. Whoever has a role by now that says more
/// keeps it.
pub struct Selling {
    platform: Platform,
    default: TenantId,
}

impl Selling {
    /// Over the platform's database; `default` is the tenant of those who work in no organisation.
    #[must_use]
    pub const fn new(platform: Platform, default: TenantId) -> Self {
        Self { platform, default }
    }
}

#[async_trait]
impl HostSubscriber for Selling {
    fn name(&self) -> &'static str {
        "selling"
    }

    fn events(&self) -> &'static [&'static str] {
        &[SELLING_CHANGED]
    }

    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem> {
        if event.plugin != HOST {
            // Nobody else can raise it; should that ever fail, nobody sells by it.
            return Ok(());
        }
        let told: SellingChange = serde_json::from_str(&event.payload)
            .map_err(|error| Problem::internal(format!("{SELLING_CHANGED}: {error}")))?;
        let (from, to) = if told.selling {
            (Role::User, Role::Vendor)
        } else {
            (Role::Vendor, Role::User)
        };
        let change = &Change {
            role: Some(to),
            selling_changed_by: Some(event.id.clone()),
            ..Change::default()
        };
        let account = &told.account;
        let handled = self.platform.transact(|unit| async move {
            let found = people::find(&unit, tenant, &self.default, account).await?;
            match found.map(|found| found.place) {
                // Changes come in the order of their ids, and any of them perhaps more than once.
                Some(place)
                    if place.role == from
                        && place.selling_changed_by.as_ref() < Some(&event.id) =>
                {
                    roster::change(&unit, place, change).await.map(drop)
                }
                _ => Ok(()),
            }
        });
        handled.await
    }
}
