//! Who may see and change what.

use stoa_guest::prelude::*;

use crate::check;
use crate::product::{Product, Status};

/// Whether the product is the caller's own.
pub fn owns(caller: &Caller, product: &Product) -> bool {
    !caller.id.is_empty() && caller.id == product.vendor_id
}

/// Whether the caller may change the product and see what only its vendor sees.
pub fn may_change(caller: &Caller, product: &Product) -> bool {
    caller.is_admin() || owns(caller, product)
}

/// Whether the caller may know of the product.
pub fn may_see(caller: &Caller, product: &Product) -> bool {
    product.status == Status::Active || may_change(caller, product)
}

/// The status that a product gets: what the caller asks for, within what the caller may ask for.
/// Vendors may hold a product back and offer it again, but publish nothing themselves.
pub fn next_status(
    caller: &Caller,
    asked: Option<Status>,
    current: Option<Status>,
) -> Result<Status> {
    let by_default = if caller.is_admin() {
        Status::Active
    } else {
        Status::Pending
    };
    let status = asked.or(current).unwrap_or(by_default);
    let is_harmless = matches!(status, Status::Draft | Status::Pending) || Some(status) == current;
    if is_harmless || caller.is_admin() {
        Ok(status)
    } else {
        Err(Problem::forbidden(format!(
            "Only an administrator makes a product {}.",
            status.word()
        )))
    }
}

/// The value of a mark that only administrators change, such as `isFeatured`.
pub fn next_mark(caller: &Caller, field: &str, asked: Option<bool>, current: bool) -> Result<bool> {
    match asked {
        Some(mark) if mark != current && !caller.is_admin() => Err(Problem::forbidden(format!(
            "Only an administrator changes {field}."
        ))),
        asked => Ok(asked.unwrap_or(current)),
    }
}

/// Whose product it is to be: the caller's, unless an administrator names another vendor.
pub fn next_vendor(caller: &Caller, asked: Option<&str>, current: Option<&str>) -> Result<String> {
    let present = current.unwrap_or(&caller.id);
    let asked = asked.unwrap_or(present);
    if asked != present && !caller.is_admin() {
        return Err(Problem::forbidden(
            "Only an administrator names another vendor.",
        ));
    }
    check::line("vendorId", asked, check::ACCOUNT_CHARS_MAX)
}
