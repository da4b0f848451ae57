//! Deciding what is sold.

use super::*;
use crate::Plugin;
use crate::provided::moderation::{Choice, Error, Guest};

fn shop() -> Shop {
    let shop = Shop::new();
    for (id, status) in [("new", "pending"), ("sold", "active"), ("mine", "draft")] {
        let members = json!({ "id": id, "name": id, "status": status, "vendorId": "v" });
        shop.try_add(Who::Admin, members).unwrap();
    }
    shop
}

fn all() -> Choice {
    Choice {
        status: None,
        vendor_id: None,
        text: None,
        offset: 0,
        limit: 10,
    }
}

fn ids(choice: Choice) -> Vec<String> {
    let page = Plugin::list(choice).unwrap();
    page.listings
        .into_iter()
        .map(|listing| listing.id)
        .collect()
}

#[test]
fn every_status_is_listed_newest_first() {
    let _shop = shop();
    assert_eq!(ids(all()), ["mine", "sold", "new"]);
    let pending = Choice {
        status: Some("pending".into()),
        ..all()
    };
    assert_eq!(ids(pending), ["new"]);
    let named = Choice {
        text: Some("sold".into()),
        vendor_id: Some("v".into()),
        ..all()
    };
    assert_eq!(ids(named), ["sold"]);
    assert_eq!(
        ids(Choice {
            vendor_id: Some("w".into()),
            ..all()
        }),
        Vec::<String>::new()
    );
    let page = Plugin::list(Choice {
        limit: 1,
        offset: 1,
        ..all()
    })
    .unwrap();
    assert_eq!((page.total, page.listings[0].id.as_str()), (3, "sold"));
    for wrong in [
        Choice {
            status: Some("great".into()),
            ..all()
        },
        Choice {
            offset: 10_001,
            ..all()
        },
    ] {
        assert!(matches!(Plugin::list(wrong), Err(Error::Invalid(_))));
    }
    let mut tally = Plugin::tally().unwrap();
    tally.sort();
    let expected = [("active", 1), ("draft", 1), ("pending", 1)];
    assert_eq!(
        tally,
        expected.map(|(word, count)| (word.to_string(), count))
    );
}

#[test]
fn what_is_approved_is_on_sale_and_what_is_rejected_is_not() {
    let shop = shop();
    let visible = || {
        shop.about(Who::Anybody, "get_product", "new", &Value::Null)
            .is_ok()
    };
    assert!(!visible());
    assert_eq!(Plugin::approve("new".into()).unwrap().status, "active");
    assert!(visible());
    let told = shop.0.events();
    assert_eq!(told.last().unwrap().name, "product.approved");
    Plugin::approve("new".into()).unwrap();
    assert_eq!(shop.0.events().len(), told.len(), "nothing new is told");
    assert!(matches!(
        Plugin::reject("new".into(), "  ".into()),
        Err(Error::Invalid(_))
    ));
    let rejected = Plugin::reject("new".into(), "Not yours.".into()).unwrap();
    assert_eq!(rejected.reason.as_deref(), Some("Not yours."));
    assert!(!visible(), "no copy of it is told, either");
    assert_eq!(
        shop.0.events().last().unwrap().payload["reason"],
        "Not yours."
    );
    assert_eq!(Plugin::approve("new".into()).unwrap().reason, None);
}

#[test]
fn drafts_are_their_vendors_and_missing_is_missing() {
    let _shop = shop();
    assert!(matches!(
        Plugin::approve("mine".into()),
        Err(Error::InvalidStatus(_))
    ));
    assert!(matches!(
        Plugin::approve("nothing".into()),
        Err(Error::NotFound)
    ));
    assert!(matches!(
        Plugin::reject("nothing".into(), "No.".into()),
        Err(Error::NotFound)
    ));
    assert!(matches!(
        Plugin::file("nothing".into()),
        Err(Error::NotFound)
    ));
    assert_eq!(Plugin::file("sold".into()).unwrap(), None);
}

#[test]
fn a_vendor_reads_why_a_product_was_refused_and_nobody_else() {
    let shop = shop();
    Plugin::reject("new".into(), "No imprint.".into()).unwrap();
    for who in [Who::Vendor("v"), Who::Admin] {
        let seen = shop.see(who, "new").unwrap();
        assert_eq!(seen["rejectionReason"], "No imprint.");
    }
    for who in [Who::Anybody, Who::User("u"), Who::Vendor("w")] {
        assert_eq!(refused(shop.see(who, "new")), refusal(404, "not-found"));
    }
    let own = shop.by(Who::Vendor("v"), "list_own_products");
    let own = own.query("status=rejected").send(crate::dispatch).unwrap();
    assert_eq!(own.json()["items"][0]["rejectionReason"], "No imprint.");
    // Offered again, it is not refused any more; nor once it is on sale.
    let offer = json!({"status": "pending"});
    let offered = shop.about(Who::Vendor("v"), "change_product", "new", &offer);
    assert_eq!(offered.unwrap().json().get("rejectionReason"), None);
    Plugin::reject("new".into(), "Still none.".into()).unwrap();
    Plugin::approve("new".into()).unwrap();
    let seen = shop.see(Who::Vendor("v"), "new").unwrap();
    assert_eq!(seen.get("rejectionReason"), None);
}
