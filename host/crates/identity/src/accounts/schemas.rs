//! The service as the edge and the API document see it: its manifest and the schemas of its types.

use stoa_kernel::wit::{Manifest, Package, PackageError};

use super::email::{CodeSent, EmailSignIn, EmailSignUp, EmailVerification};
use super::erase::Erasure;
use super::export::Export;
use super::forgot::ForgotPassword;
use super::jwks::JwkSet;
use super::keys::{KeyList, MadeKey, NewKey};
use super::login::Login;
use super::password::PasswordChange;
use super::profile::ProfileChange;
use super::refresh::Refresh;
use super::reset::ResetPassword;
use super::sessions::SessionList;
use super::signup::{Registration, SignUp};
use super::verify::Verified;
use super::view::{Me, SignedIn, Told};
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
    add::<CodeSent>(&mut schemas)?;
    add::<EmailSignIn>(&mut schemas)?;
    add::<EmailSignUp>(&mut schemas)?;
    add::<EmailVerification>(&mut schemas)?;
    add::<Erasure>(&mut schemas)?;
    add::<Export>(&mut schemas)?;
    add::<ForgotPassword>(&mut schemas)?;
    add::<JwkSet>(&mut schemas)?;
    add::<KeyList>(&mut schemas)?;
    add::<Login>(&mut schemas)?;
    add::<MadeKey>(&mut schemas)?;
    add::<Me>(&mut schemas)?;
    add::<NewKey>(&mut schemas)?;
    add::<PasswordChange>(&mut schemas)?;
    add::<ProfileChange>(&mut schemas)?;
    add::<Refresh>(&mut schemas)?;
    add::<Registration>(&mut schemas)?;
    add::<ResetPassword>(&mut schemas)?;
    add::<SessionList>(&mut schemas)?;
    add::<SignUp>(&mut schemas)?;
    add::<SignedIn>(&mut schemas)?;
    add::<Told>(&mut schemas)?;
    add::<Verified>(&mut schemas)?;
    Ok(schemas)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_every_type_that_it_names_are_there() {
        let package = package().unwrap();
        assert_eq!(package.manifest.name, crate::records::ACCOUNTS);
        let routes = &package.manifest.routes;
        assert!(routes.iter().all(|route| !route.summary.is_empty()));
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
        assert!(references.contains(&"User"), "{references:?}");
        for name in references {
            assert!(schemas.contains_key(name), "{name} has no schema");
        }
    }
}
