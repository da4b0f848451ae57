//! Products: reading, adding, changing and deleting them.

use stoa_guest::prelude::*;

use crate::listing::{self, ProductList, ProductQuery};
use crate::product::{PRODUCTS, Product, Status};
use crate::reviews;
use crate::view::ProductView;
use crate::write::NewProduct;
use crate::{allowance, announce, check, copies, patch, rights, shop, uploads};

pub fn list_products(
    caller: Caller,
    Query(query): Query<ProductQuery>,
) -> Result<Json<ProductList>> {
    listing::public(&caller, &query).map(Json)
}

pub fn list_own_products(
    caller: Caller,
    Query(query): Query<ProductQuery>,
) -> Result<Json<ProductList>> {
    listing::own(&caller, &query).map(Json)
}

pub fn get_product(caller: Caller, Path(id): Path<String>) -> Result<Response> {
    // They may see more than everybody does.
    let sees_more = caller.is_admin() || caller.is_vendor();
    if !sees_more && let Some(copy) = copies::find(&id) {
        return Ok(answer(copy, "hit"));
    }
    let product = seen(&caller, &id)?;
    // An owner need not be a vendor (any more) and still sees the whole of it: that answer is nobody else's.
    let is_for_all = !sees_more && !rights::owns(&caller, &product);
    let view = Json(ProductView::of(id.clone(), product, &caller)).into_response()?;
    if is_for_all {
        copies::keep(&id, &view.body);
    }
    Ok(view.with_header("x-cache", "miss"))
}

pub fn create_product(
    caller: Caller,
    Json(new): Json<NewProduct>,
) -> Result<Created<Json<ProductView>>> {
    let id = new_id(&caller, new.id.as_deref())?;
    let vendor = rights::next_vendor(&caller, new.vendor_id.as_deref(), None)?;
    let status = rights::next_status(&caller, new.status, None)?;
    let mut product = Product::new(
        new.offer(&shop::currency())?,
        vendor,
        status,
        clock::now_ms(),
    );
    uploads::check_sold(&caller, &product.offer, None)?;
    product.is_featured = rights::next_mark(&caller, "isFeatured", new.is_featured, false)?;
    product.is_popular = rights::next_mark(&caller, "isPopular", new.is_popular, false)?;
    allowance::take()?;
    PRODUCTS.create(&id, &product)?;
    announce::created(&caller, &id, &product)?;
    Ok(Created(Json(ProductView::of(id, product, &caller))))
}

pub fn change_product(
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ProductView>> {
    let product = changeable(&caller, &id)?;
    let shown = ProductView::of(id.clone(), product.clone(), &caller);
    let new = patch::patched(&NewProduct::of(&id, &product), &shown, &request)?;
    rewrite(&caller, id, product, &new)
}

pub fn delete_product(caller: Caller, Path(id): Path<String>) -> Result<NoContent> {
    let product = changeable(&caller, &id)?;
    PRODUCTS.delete(&id)?;
    allowance::give_back()?;
    copies::drop(&id);
    announce::deleted(&id, &product)?;
    Ok(NoContent)
}

fn answer(body: Vec<u8>, cache: &str) -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body,
    }
    .with_header("x-cache", cache)
}

/// A product that the caller may know of.
pub fn seen(caller: &Caller, id: &str) -> Result<Product> {
    find(id)?
        .filter(|product| rights::may_see(caller, product))
        .ok_or_else(missing)
}

/// A product that the caller may change. Others' products look like missing ones.
fn changeable(caller: &Caller, id: &str) -> Result<Product> {
    find(id)?
        .filter(|product| rights::may_change(caller, product))
        .ok_or_else(missing)
}

/// The product, or none; what can't be an id is nobody's.
pub fn find(id: &str) -> Result<Option<Product>> {
    if check::is_id(id) {
        Ok(PRODUCTS.get(id)?)
    } else {
        Ok(None)
    }
}

fn missing() -> Problem {
    Problem::not_found("product")
}

/// A fresh id, or the one that an administrator chose and that no product has or had.
fn new_id(caller: &Caller, asked: Option<&str>) -> Result<String> {
    let Some(asked) = asked else {
        return Ok(random::ulid());
    };
    if !caller.is_admin() {
        return Err(Problem::forbidden(
            "Only an administrator chooses a product's id.",
        ));
    }
    let id = check::id("id", asked)?;
    if find(&id)?.is_some() || reviews::any_of(&id)? {
        return Err(
            Problem::conflict("id-taken", "A product has or had this id.").with_field("id"),
        );
    }
    Ok(id)
}

fn rewrite(
    caller: &Caller,
    id: String,
    before: Product,
    new: &NewProduct,
) -> Result<Json<ProductView>> {
    if new.id.as_ref().is_some_and(|asked| *asked != id) {
        return Err(Problem::invalid("id", "a product keeps its id."));
    }
    let offer = new.offer(&before.offer.price.currency)?;
    uploads::check_sold(caller, &offer, Some(&before.offer))?;
    let mut after = Product {
        vendor_id: rights::next_vendor(caller, new.vendor_id.as_deref(), Some(&before.vendor_id))?,
        status: rights::next_status(caller, new.status, Some(before.status))?,
        offer,
        is_featured: rights::next_mark(caller, "isFeatured", new.is_featured, before.is_featured)?,
        is_popular: rights::next_mark(caller, "isPopular", new.is_popular, before.is_popular)?,
        updated_at: clock::now_ms(),
        ..before
    };
    // It is not refused any more, whether it is offered again or on sale.
    if after.status != Status::Rejected {
        after.rejection_reason = None;
    }
    PRODUCTS.put(&id, &after)?;
    copies::drop(&id);
    announce::updated(before.status, &id, &after)?;
    Ok(Json(ProductView::of(id, after, caller)))
}
