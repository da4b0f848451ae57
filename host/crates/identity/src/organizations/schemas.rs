//! The service as the edge and the API document see it: its manifest and the schemas of its types.

use serde_json::{Value, json};
use stoa_kernel::wit::{Manifest, Package, PackageError};

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
use crate::schemas::{Schemas, add};

/// Manifest and schemas.
pub(super) fn package() -> Result<Package, PackageError> {
    let package = Package {
        manifest: Manifest::from_toml(include_str!("service.toml"))?,
        schemas: schemas()?,
    };
    package.check()?;
    Ok(package)
}

fn schemas() -> Result<Schemas, serde_json::Error> {
    let mut schemas = Schemas::new();
    add::<AdminUser>(&mut schemas)?;
    add::<UserChange>(&mut schemas)?;
    add::<UserQuery>(&mut schemas)?;
    add::<Acceptance>(&mut schemas)?;
    add::<Accepted>(&mut schemas)?;
    add::<InvitationView>(&mut schemas)?;
    add::<MemberView>(&mut schemas)?;
    add::<NewInvitation>(&mut schemas)?;
    add::<NewOrganization>(&mut schemas)?;
    add::<OrganizationChange>(&mut schemas)?;
    add::<OrganizationItem>(&mut schemas)?;
    add::<OrganizationView>(&mut schemas)?;
    add::<PageQuery>(&mut schemas)?;
    add::<RoleChange>(&mut schemas)?;
    add::<SwitchedSession>(&mut schemas)?;
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

/// A page of a list.
fn page_of(item: &str) -> Value {
    let count =
        |description: &str| json!({"type": "integer", "minimum": 0, "description": description});
    json!({
        "type": "object",
        "description": "A page of a list.",
        "required": ["items", "total", "limit", "offset"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{item}")}},
            "total": count("All that match, on every page."),
            "limit": count("Elements of a page."),
            "offset": count("Elements that were skipped."),
            "nextCursor": {"type": "string", "description": "Present when there are more."},
        },
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_every_type_that_it_names_are_there() {
        let package = package().unwrap();
        assert_eq!(package.manifest.name, crate::records::ORGANIZATIONS);
        assert!(
            package
                .manifest
                .routes
                .iter()
                .all(|route| !route.summary.is_empty())
        );
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let schemas = schemas().unwrap();
        let text = serde_json::to_string(&schemas).unwrap();
        let references: Vec<&str> = text
            .split("#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(references.contains(&"PlanLimits"), "{references:?}");
        for name in references {
            assert!(schemas.contains_key(name), "{name} has no schema");
        }
    }
}
