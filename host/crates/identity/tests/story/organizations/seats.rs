//! The plan's places, members and invitations together.

use serde_json::json;
use stoa_identity::records::Plan;
use stoa_kernel::identity::Role;

use super::world::{Caller, PARALLEL, body, refusal, refused, successes, world};

const WEEK_MS: u64 = 7 * 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_limit_holds_when_many_are_invited_at_once() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let attempts = (0..PARALLEL).map(|n| {
        let invited = json!({"email": format!("guest-{n}@example.com"), "role": "user"});
        (ada.clone(), None, invited)
    });
    let answers = world.race("invite", attempts).await;
    let status = answers.iter().find_map(|answer| answer.as_ref().err());
    assert_eq!(status.map(|problem| problem.status), Some(403));
    assert_eq!(
        successes(answers, &["plan-limit"]),
        4,
        "five with the founder"
    );
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 4);
    assert_eq!(world.letters().await.len(), 4);

    // Who is invited already takes no second place.
    let again = list["items"][0]["email"].clone();
    let again = json!({"email": again, "role": "viewer"});
    body(world.post(&ada, "invite", again).await);

    // A larger plan has room, and so has the old one once the invitations have ended.
    world.set_plan(&acme, Plan::Team).await;
    body(
        world
            .post(
                &ada,
                "invite",
                json!({"email": "eve@example.com", "role": "vendor"}),
            )
            .await,
    );
    world.set_plan(&acme, Plan::Free).await;
    let another = json!({"email": "one@more.example", "role": "user"});
    let answer = world.post(&ada, "invite", another.clone()).await;
    assert_eq!(refusal(answer), refused(403, "plan-limit"));
    world.host.clock.advance(WEEK_MS);
    body(world.post(&ada, "invite", another).await);
    let view = body(world.get_from(&ada, "show_organization", "").await);
    assert_eq!(view["usage"], json!({"members": 1, "openInvitations": 1}));
    assert_eq!(world.organization(&acme).await.invitations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_invited_many_times_at_once_has_one_invitation() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let attempts = (0..PARALLEL).map(|_| {
        (
            ada.clone(),
            None,
            json!({"email": "eve@example.com", "role": "vendor"}),
        )
    });
    let answers = world.race("invite", attempts).await;
    assert_eq!(successes(answers, &[]), PARALLEL);
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 1);
    assert_eq!(
        world
            .organization(&acme)
            .await
            .open_invitations(world.now()),
        1
    );
}
