//! The list of members.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use super::world::{Caller, World, body, refusal, refused, world};

/// Ada's organisation with three more, who joined one after the other.
async fn four() -> (World, Caller) {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    for id in ["dora", "bob", "carl"] {
        world.host.clock.advance(1);
        world.joined(&ada, id, Role::User).await;
    }
    (world, ada)
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .filter_map(|item| item["id"].as_str())
        .collect()
}

#[tokio::test]
async fn members_come_in_the_order_of_joining_with_address_name_and_role() {
    let (world, ada) = four().await;
    let list = body(world.get_from(&ada, "list_members", "").await);
    assert_eq!(ids(&list), ["ada", "dora", "bob", "carl"]);
    assert_eq!(
        (&list["total"], &list["limit"], &list["offset"]),
        (&json!(4), &json!(20), &json!(0))
    );
    assert!(list.get("nextCursor").is_none());
    assert_eq!(
        list["items"][1],
        json!({"id": "dora", "email": "dora@example.com", "name": "DORA", "role": "user",
            "joinedAt": "2026-01-01T00:00:00.001Z"})
    );
}

#[tokio::test]
async fn a_list_is_paged_by_cursor_and_by_offset() {
    let (world, ada) = four().await;
    let first = body(world.get_from(&ada, "list_members", "limit=3").await);
    assert_eq!(ids(&first), ["ada", "dora", "bob"]);
    assert_eq!(first["total"], 4);
    let cursor = first["nextCursor"].as_str().unwrap();
    let query = format!("limit=3&cursor={cursor}");
    let rest = body(world.get_from(&ada, "list_members", &query).await);
    assert_eq!(ids(&rest), ["carl"]);
    assert!(rest.get("nextCursor").is_none());
    let skipped = body(
        world
            .get_from(&ada, "list_members", "offset=2&limit=1")
            .await,
    );
    assert_eq!(ids(&skipped), ["bob"]);
    for bad in ["limit=0", "cursor=nonsense", "offset=-1"] {
        let answer = world.get_from(&ada, "list_members", bad).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"), "{bad}");
    }
}

#[tokio::test]
async fn another_organisations_members_are_never_listed() {
    let (world, _) = four().await;
    let beta = world.founded("eve", "Beta").await;
    let eve = Caller::of("eve", Role::Admin, Some(&beta));
    let list = body(world.get_from(&eve, "list_members", "").await);
    assert_eq!(ids(&list), ["eve"]);
}
