//! All of the caller's organisations.

use serde_json::json;
use stoa_kernel::identity::Role;

use super::world::{Caller, body, world};

#[tokio::test]
async fn the_caller_sees_their_own_and_nobody_elses() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    world.host.clock.advance(1);
    let beta = world.founded("bob", "Beta").await;
    let bob = Caller::of("bob", Role::Admin, Some(&beta));
    let ada = world.joined(&bob, "ada", Role::Developer).await;
    let list = body(world.get_from(&ada, "list_organizations", "").await);
    assert_eq!(
        list,
        json!({"items": [
            {"id": "acme", "name": "Acme", "role": "admin", "plan": "free", "current": false,
                "joinedAt": "2026-01-01T00:00:00.000Z"},
            {"id": "beta", "name": "Beta", "role": "developer", "plan": "free", "current": true,
                "joinedAt": "2026-01-01T00:00:00.001Z"},
        ], "total": 2, "limit": 20, "offset": 0})
    );
    let bobs = body(world.get_from(&bob, "list_organizations", "").await);
    assert_eq!(bobs["total"], 1);
    assert_eq!(bobs["items"][0]["id"], "beta");

    let key = Caller::of("ada", Role::Admin, Some(&acme)).by_key();
    let by_key = body(world.get_from(&key, "list_organizations", "").await);
    assert_eq!(by_key["total"], 1, "a key knows its own organisation alone");
    assert_eq!(by_key["items"][0]["id"], "acme");
}
