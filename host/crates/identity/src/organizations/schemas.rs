//! The service as the edge and the API document see it: its manifest and the schemas of its types.

use stoa_kernel::paging::page_of;
use stoa_kernel::wit::{Package, PackageError};

use super::accept::{Acceptance, Accepted};
use super::create::NewOrganization;
use super::details::{OrganizationChange, OrganizationView};
use super::invite::NewInvitation;
use super::members::MemberView;
use super::own::OrganizationItem;
use super::pages::PageQuery;
use super::pending::InvitationView;
use super::role::RoleChange;
use super::switch::SwitchedSession;
use super::users::{AdminUser, UserChange, UserQuery};
use crate::schemas::{Add, Schemas, add, all};

/// What the routes take and answer, apart from lists.
const TYPES: &[Add] = &[
    add::<AdminUser>,
    add::<UserChange>,
    add::<UserQuery>,
    add::<Acceptance>,
    add::<Accepted>,
    add::<InvitationView>,
    add::<MemberView>,
    add::<NewInvitation>,
    add::<NewOrganization>,
    add::<OrganizationChange>,
    add::<OrganizationItem>,
    add::<OrganizationView>,
    add::<PageQuery>,
    add::<RoleChange>,
    add::<SwitchedSession>,
];

/// Manifest and schemas.
pub(super) fn package() -> Result<Package, PackageError> {
    Package::new(include_str!("service.toml"), schemas()?)
}

fn schemas() -> Result<Schemas, serde_json::Error> {
    let mut schemas = all(TYPES)?;
    for (list, item) in [
        ("AdminUserList", "AdminUser"),
        ("InvitationList", "InvitationView"),
        ("MemberList", "MemberView"),
        ("OrganizationList", "OrganizationItem"),
    ] {
        schemas.insert(list.to_owned(), page_of(item));
    }
    Ok(schemas)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use crate::records::ORGANIZATIONS;
    use crate::schemas::assert_whole;

    #[test]
    fn every_type_that_is_named_is_there() {
        assert_whole(&super::package().unwrap(), ORGANIZATIONS, "PlanLimits");
    }
}
