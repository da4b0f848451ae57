//! Admins manage the people of their tenant, the house included.

use serde_json::{Value, json};
use stoa_identity::organizations::place;
use stoa_identity::records::{Account, Key, Session};
use stoa_kernel::identity::Role;

use super::world::{
    Caller, HOUSE, PARALLEL, World, body, refusal, refused, successes, tenant, world,
};

/// An admin of the house, which is no organisation.
async fn steward(world: &World, id: &str) -> Caller {
    if world.get::<Account>(id).await.is_none() {
        world.person(id).await;
    }
    let house = &tenant(HOUSE);
    let placed = world
        .platform
        .transact(|unit| async move { place(&unit, house, id, Role::Admin, 0).await });
    placed.await.unwrap();
    Caller::of(id, Role::Admin, Some(house))
}

async fn shown(world: &World, admin: &Caller, id: &str) -> Value {
    body(world.on(admin, "show_person", id, Value::Null).await)
}

#[tokio::test]
async fn people_are_listed_in_pages_with_all_that_an_admin_wants_to_know() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    for id in ["bob", "cyd"] {
        world.host.clock.advance(1_000);
        world.joined(&ada, id, Role::Vendor).await;
    }
    let page = body(world.get_from(&ada, "list_people", "limit=2").await);
    assert_eq!((&page["total"], &page["limit"]), (&json!(3), &json!(2)));
    let ids = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].clone()).collect()
    };
    assert_eq!(ids(&page), ["cyd", "bob"]);
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = format!("limit=2&cursor={cursor}");
    let rest = body(world.get_from(&ada, "list_people", &next).await);
    assert_eq!(ids(&rest), ["ada"]);
    let vendors = body(world.get_from(&ada, "list_people", "role=vendor").await);
    assert_eq!(
        (ids(&vendors), &vendors["total"]),
        (vec!["cyd".into(), "bob".into()], &json!(2))
    );
    let bad = world.get_from(&ada, "list_people", "role=god").await;
    assert_eq!(refusal(bad), refused(400, "invalid-request"));

    let bob = shown(&world, &ada, "bob").await;
    let expected = json!({
        "id": "bob", "email": "bob@example.com", "name": "BOB", "firstName": "BOB", "lastName": "",
        "role": "vendor", "status": "active", "isActive": true, "isEmailVerified": true,
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(bob[member], *value, "{member}");
    }
}

#[tokio::test]
async fn foreign_and_missing_people_look_the_same() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    world.founded("eve", "Rival").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    for (handler, sent) in [
        ("show_person", Value::Null),
        ("change_person", json!({"name": "X"})),
        ("remove_person", Value::Null),
    ] {
        for id in ["eve", "nobody", "a b", ""] {
            let answer = world.on(&ada, handler, id, sent.clone()).await;
            assert_eq!(refusal(answer), refused(404, "not-found"), "{handler} {id}");
        }
    }
}

#[tokio::test]
async fn a_change_is_about_the_place_and_not_about_the_account() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Viewer).await;
    let change = json!({"firstName": "Robert", "lastName": "Paulson", "role": "developer"});
    let bob = body(world.on(&ada, "change_person", "bob", change).await);
    assert_eq!(
        (&bob["name"], &bob["role"]),
        (&json!("Robert Paulson"), &json!("developer"))
    );
    assert_eq!(
        (&bob["firstName"], &bob["lastName"]),
        (&json!("Robert"), &json!("Paulson"))
    );
    assert_eq!(world.get::<Account>("bob").await.unwrap().name, "BOB");
    assert_eq!(shown(&world, &ada, "bob").await, bob);
    for bad in [
        json!({"name": ""}),
        json!({"role": "worker"}),
        json!({"status": "gone"}),
        json!({"status": "active", "isActive": false}),
        json!({"email": "x@y.example"}),
    ] {
        let answer = world.on(&ada, "change_person", "bob", bad.clone()).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"), "{bad}");
    }
    let by_key = world
        .on(
            &ada.clone().by_key(),
            "change_person",
            "bob",
            json!({"name": "X"}),
        )
        .await;
    assert_eq!(refusal(by_key), refused(403, "forbidden"));
}

#[tokio::test]
async fn somebody_suspended_keeps_the_place_and_an_admin_has_to_be_left() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let suspend = json!({"status": "suspended"});
    let alone = world
        .on(&ada, "change_person", "ada", suspend.clone())
        .await;
    assert_eq!(refusal(alone), refused(409, "last-admin"));

    let bob = world.joined(&ada, "bob", Role::Admin).await;
    world.key("key", "bob", &acme, Role::Admin).await;
    let suspended = body(
        world
            .on(&ada, "change_person", "bob", suspend.clone())
            .await,
    );
    assert_eq!(
        (&suspended["status"], &suspended["isActive"]),
        (&json!("suspended"), &json!(false))
    );
    assert_eq!(world.organization(&acme).await.admins, 1);
    assert_eq!(world.organization(&acme).await.members, 2);
    let acting = world
        .on(&bob, "change_person", "ada", json!({"name": "X"}))
        .await;
    assert_eq!(refusal(acting), refused(403, "forbidden"));
    let alone = world
        .on(&ada, "change_role", "ada", json!({"role": "user"}))
        .await;
    assert_eq!(
        refusal(alone),
        refused(409, "last-admin"),
        "the other one is suspended"
    );
    let switching = Caller::of("bob", Role::User, None);
    let switched = world
        .on(&switching, "switch_organization", "acme", Value::Null)
        .await;
    assert_eq!(refusal(switched), refused(404, "not-found"));

    let back = body(
        world
            .on(&ada, "change_person", "bob", json!({"isActive": true}))
            .await,
    );
    assert_eq!(back["status"], "active");
    assert_eq!(world.organization(&acme).await.admins, 2);
    assert!(world.get::<Key>("key").await.is_some());
    body(
        world
            .on(&bob, "change_person", "ada", json!({"role": "viewer"}))
            .await,
    );
    assert_eq!(world.organization(&acme).await.admins, 1);
}

#[tokio::test]
async fn a_suspended_admin_who_goes_is_not_counted_twice() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Admin).await;
    let suspend = json!({"status": "suspended"});
    body(world.on(&ada, "change_person", "bob", suspend).await);
    world
        .on(&ada, "remove_person", "bob", Value::Null)
        .await
        .unwrap();
    let organization = world.organization(&acme).await;
    assert_eq!((organization.admins, organization.members), (1, 1));
    assert!(
        world.get::<Account>("bob").await.is_some(),
        "only the place is gone"
    );
    assert!(world.membership(&acme, "bob").await.is_none());
}

#[tokio::test]
async fn the_houses_people_are_managed_like_members() {
    let world = world().await;
    let boss = steward(&world, "boss").await;
    world.person("guest").await;
    let listed = body(world.get_from(&boss, "list_people", "").await);
    assert_eq!(listed["total"], 2);
    assert_eq!(shown(&world, &boss, "guest").await["role"], "user");

    let change = json!({"role": "vendor", "name": "The Guest"});
    let guest = body(world.on(&boss, "change_person", "guest", change).await);
    assert_eq!(
        (&guest["role"], &guest["name"]),
        (&json!("vendor"), &json!("The Guest"))
    );
    let vendors = body(world.get_from(&boss, "list_people", "role=vendor").await);
    assert_eq!(vendors["items"][0]["id"], "guest");

    for change in [json!({"role": "user"}), json!({"status": "suspended"})] {
        let answer = world.on(&boss, "change_person", "boss", change).await;
        assert_eq!(refusal(answer), refused(409, "last-admin"));
    }
    steward(&world, "other").await;
    body(
        world
            .on(&boss, "change_person", "boss", json!({"role": "user"}))
            .await,
    );
}

#[tokio::test]
async fn of_two_stewards_who_take_each_others_role_one_is_too_late() {
    let world = world().await;
    for _ in 0..PARALLEL / 4 {
        let (one, two) = (steward(&world, "one").await, steward(&world, "two").await);
        let lower = json!({"role": "user"});
        let answers = world
            .race(
                "change_person",
                [
                    (one, Some("two".to_owned()), lower.clone()),
                    (two, Some("one".to_owned()), lower),
                ],
            )
            .await;
        assert_eq!(successes(answers, &["forbidden", "last-admin"]), 1);
    }
}

#[tokio::test]
async fn who_leaves_the_house_and_belongs_nowhere_else_is_gone() {
    let world = world().await;
    let boss = steward(&world, "boss").await;
    world.person("guest").await;
    world
        .on(&boss, "remove_person", "guest", Value::Null)
        .await
        .unwrap();
    assert!(world.get::<Account>("guest").await.is_none());
    let again = world.on(&boss, "remove_person", "guest", Value::Null).await;
    assert_eq!(refusal(again), refused(404, "not-found"));

    let own = world.on(&boss, "remove_person", "boss", Value::Null).await;
    assert_eq!(refusal(own), refused(409, "own-account"));
    world.person("op").await;
    let operator = Account {
        operator: true,
        ..world.get::<Account>("op").await.unwrap()
    };
    world.put("op", &operator).await;
    for (handler, body) in [
        ("remove_person", Value::Null),
        ("change_person", json!({ "status": "suspended" })),
    ] {
        let answer = world.on(&boss, handler, "op", body).await;
        assert_eq!(refusal(answer), refused(409, "operator"), "{handler}");
    }
    let role = json!({ "role": "viewer" });
    let changed = world.on(&boss, "change_person", "op", role).await;
    assert!(changed.is_ok(), "{changed:?}");
}

#[tokio::test]
async fn who_leaves_the_house_and_belongs_elsewhere_goes_there() {
    let world = world().await;
    let boss = steward(&world, "boss").await;
    let acme = world.founded("ada", "Acme").await;
    world.session("in-acme", "ada", Some(&acme)).await;
    steward(&world, "ada").await;
    world
        .on(&boss, "remove_person", "ada", Value::Null)
        .await
        .unwrap();
    let ada = world.get::<Account>("ada").await.unwrap();
    assert_eq!((ada.home, ada.appointed), (Some(acme.clone()), None));
    assert!(world.membership(&tenant(HOUSE), "ada").await.is_none());
    assert!(world.membership(&acme, "ada").await.is_some());
    assert!(world.get::<Session>("session-ada").await.is_none());
    assert!(world.get::<Session>("in-acme").await.is_some());
    let missing = world.on(&boss, "show_person", "ada", Value::Null).await;
    assert_eq!(refusal(missing), refused(404, "not-found"));
}

#[tokio::test]
async fn who_was_suspended_in_the_house_stays_so_without_a_place_there() {
    let world = world().await;
    let boss = steward(&world, "boss").await;
    world.founded("mallory", "Elsewhere").await;
    let suspended = json!({ "status": "suspended" });
    world
        .on(&boss, "change_person", "mallory", suspended)
        .await
        .unwrap();
    world
        .on(&boss, "remove_person", "mallory", Value::Null)
        .await
        .unwrap();
    let place = world.membership(&tenant(HOUSE), "mallory").await.unwrap();
    assert!(place.suspended);
}
