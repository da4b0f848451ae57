//! `stoa:directory/roles`: who may sell. A change is an event of the host in the guest's unit of work; whoever keeps
//! the people's roles handles it after the commit.

use stoa_kernel::directory::{SELLING_CHANGED, SellingChange};
use stoa_kernel::identity::Role;
use stoa_kernel::store::StoreError;

use super::{directory, host_events};
use crate::bindings::stoa::directory::roles::{Error, Host};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

impl Host for State {
    async fn set_selling(
        &mut self,
        account: String,
        selling: bool,
    ) -> wasmtime::Result<Result<(), Error>> {
        let scope = self.charge(Capability::Roles, account.len())?;
        Ok(set_selling(&self.revision, &scope, account, selling).await)
    }
}

async fn set_selling(
    revision: &Revision,
    scope: &Scope,
    account: String,
    selling: bool,
) -> Result<(), Error> {
    if !directory::is_account_id(&account) {
        return Err(Error::NotFound);
    }
    scope.outside.open();
    let ids = std::slice::from_ref(&account);
    let found = &scope.ports.people.directory;
    let found = found.find(&scope.request.tenant, ids).await;
    let person = found.map_err(unavailable)?.pop().ok_or(Error::NotFound)?;
    if !matches!(person.role, Role::User | Role::Vendor) {
        let role = person.role.as_str();
        return Err(Error::Denied(format!(
            "the role {role} says more than that"
        )));
    }
    let change = SellingChange { account, selling };
    // What is told of one person happens in its order.
    let key = change.account.clone();
    host_events::raise(revision, scope, SELLING_CHANGED, &key, &change).map_err(unavailable)
}

fn unavailable(error: StoreError) -> Error {
    tracing::warn!(%error, "a role can't be read or changed");
    Error::Unavailable("roles can't be read or changed right now".into())
}
