//! The service as the edge and the API document see it: its manifest and the schemas of its types.

use stoa_kernel::wit::{Package, PackageError};

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
use crate::schemas::{Add, add, all};

/// What the routes take and answer.
const TYPES: &[Add] = &[
    add::<CodeSent>,
    add::<EmailSignIn>,
    add::<EmailSignUp>,
    add::<EmailVerification>,
    add::<Erasure>,
    add::<Export>,
    add::<ForgotPassword>,
    add::<JwkSet>,
    add::<KeyList>,
    add::<Login>,
    add::<MadeKey>,
    add::<Me>,
    add::<NewKey>,
    add::<PasswordChange>,
    add::<ProfileChange>,
    add::<Refresh>,
    add::<Registration>,
    add::<ResetPassword>,
    add::<SessionList>,
    add::<SignUp>,
    add::<SignedIn>,
    add::<Told>,
    add::<Verified>,
];

/// Manifest and schemas.
pub(super) fn package() -> Result<Package, PackageError> {
    Package::new(include_str!("service.toml"), all(TYPES)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use crate::records::ACCOUNTS;
    use crate::schemas::assert_whole;

    #[test]
    fn every_type_that_is_named_is_there() {
        assert_whole(&super::package().unwrap(), ACCOUNTS, "User");
    }
}
