//! How many orders may wait for their payment.

use super::*;
use crate::Plugin;
use crate::provided::orders::Guest as _;

fn strap(shop: &Shop, who: Who) -> Result<Value> {
    shop.try_place(who, json!({ "items": items_of(&[("strap", 1)]) }))
}

#[test]
fn nobody_lets_more_orders_wait_than_the_operator_allows() {
    let shop = Shop::new();
    shop.0.set("unpaid_orders_max", 2);
    let (one, two) = (strap(&shop, ANNA).unwrap(), strap(&shop, ANNA).unwrap());
    let too_many = refusal(409, "too-many-unpaid-orders", None);
    let told = shop.0.events().len();
    assert_eq!(refused(strap(&shop, ANNA)), too_many);
    assert_eq!(stock("strap"), Some(8), "nothing is held back for it");
    assert_eq!(shop.0.events().len(), told);
    // Others are not meant.
    let _ = strap(&shop, Who::Buyer("ben")).unwrap();
    // One that is paid or called off makes room for another.
    Plugin::settle(id(&one), "pay1".into(), 1_00, "USD".into()).unwrap();
    let _ = strap(&shop, ANNA).unwrap();
    assert_eq!(refused(strap(&shop, ANNA)), too_many);
    shop.cancel(ANNA, &id(&two)).unwrap();
    let _ = strap(&shop, ANNA).unwrap();
}

#[test]
fn twenty_may_wait_unless_the_operator_says_otherwise() {
    let shop = Shop::new();
    let agent = || shop.try_place(ANNA, json!({ "items": items_of(&[("agent", 1)]) }));
    for _ in 0..20 {
        let _ = agent().unwrap();
    }
    assert_eq!(refused(agent()).1, "too-many-unpaid-orders");
    shop.0.set("unpaid_orders_max", 0);
    let _ = agent().unwrap();
}
