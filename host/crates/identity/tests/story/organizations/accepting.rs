//! Invitations from the invited one's side.

use serde_json::{Value, json};
use stoa_identity::records::{Account, Invitation, Plan};
use stoa_kernel::identity::{Credential, Role};

use super::world::{
    Answer, Caller, HOUSE, PARALLEL, World, body, refusal, refused, successes, tenant, world,
};

const WEEK_MS: u64 = 7 * 86_400_000;

/// Ada's organisation with an invitation of Eve as a vendor, and its token.
async fn invited() -> (World, Caller, String) {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let invited = json!({"email": "eve@example.com", "role": "vendor"});
    world.post(&ada, "invite", invited).await.unwrap();
    let token = world.token_for("eve@example.com").await;
    (world, ada, token)
}

async fn accept(world: &World, caller: &Caller, token: &str) -> Answer {
    let token = json!({"token": token});
    world.post(caller, "accept_invitation", token).await
}

fn whole(token: &str) -> Value {
    json!({"token": token, "name": "Eve", "password": "correct horse"})
}

#[tokio::test]
async fn somebody_new_makes_an_account_with_it() {
    let (world, ada, token) = invited().await;
    let acme = tenant("acme");
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", whole(&token))
        .await;
    let accepted = body(answer);
    let id = accepted["accountId"].as_str().unwrap();
    assert_eq!(
        accepted,
        json!({"accountId": id, "email": "eve@example.com", "organizationId": "acme",
            "organizationName": "Acme", "role": "vendor"})
    );
    assert_eq!(
        world.membership(&acme, id).await.unwrap().role,
        Role::Vendor
    );
    let account: Account = world.get(id).await.unwrap();
    assert_eq!(
        (account.name.as_str(), account.email.as_str()),
        ("Eve", "eve@example.com")
    );
    assert_eq!(account.home, Some(acme.clone()));
    assert!(account.verified, "the letter came to the address");
    let house = world.membership(&tenant(HOUSE), id).await;
    assert!(house.is_none(), "nobody has seen them there");
    let organization = world.organization(&acme).await;
    assert_eq!(
        (
            organization.members,
            organization.open_invitations(world.now())
        ),
        (2, 0)
    );
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 0);
}

#[tokio::test]
async fn somebody_new_needs_a_name_and_a_password() {
    let (world, _, token) = invited().await;
    for (bad, field) in [
        (json!({"token": token}), "name"),
        (json!({"token": token, "password": "x"}), "name"),
        (json!({"token": token, "name": "Eve"}), "password"),
    ] {
        let answer = world
            .post(&Caller::nobody(), "accept_invitation", bad)
            .await;
        assert_eq!(answer.unwrap_err().field.as_deref(), Some(field));
    }
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", whole(&token))
        .await;
    assert_eq!(answer.unwrap().status, 200, "a refusal uses nothing up");
}

#[tokio::test]
async fn who_is_signed_in_accepts_for_their_own_address() {
    let (world, _, token) = invited().await;
    world.person("eve").await;
    let eve = Caller::of("eve", Role::User, None);
    assert_eq!(body(accept(&world, &eve, &token).await)["accountId"], "eve");
    let membership = world.membership(&tenant("acme"), "eve").await.unwrap();
    assert_eq!(membership.role, Role::Vendor);
    let account: Account = world.get("eve").await.unwrap();
    assert_eq!(
        (account.verified, account.home),
        (true, Some(tenant("acme")))
    );
    // What she has done in the house before is hers still.
    let house = world.membership(&tenant(HOUSE), "eve").await.unwrap();
    assert_eq!(
        (house.role, account.appointed),
        (Role::User, Some(Role::User))
    );
}

#[tokio::test]
async fn whose_account_is_gone_joins_nothing() {
    let (world, _, token) = invited().await;
    let gone = Caller::of("eve", Role::User, None);
    assert_eq!(
        refusal(accept(&world, &gone, &token).await),
        refused(404, "not-found")
    );
    let founding = json!({"name": "Ghosts"});
    let answer = world.post(&gone, "create_organization", founding).await;
    assert_eq!(refusal(answer), refused(401, "unauthenticated"));
}

#[tokio::test]
async fn what_an_admin_offered_who_is_none_any_more_is_taken_back() {
    for handler in ["remove_member", "change_role"] {
        let (world, ada, _) = invited().await;
        let bob = world.joined(&ada, "bob", Role::Admin).await;
        let invited = json!({"email": "mallory@example.com", "role": "admin"});
        world.post(&bob, "invite", invited).await.unwrap();
        let token = world.token_for("mallory@example.com").await;
        let lower = json!({"role": "viewer"});
        world.on(&ada, handler, "bob", lower).await.unwrap();
        let answer = accept(&world, &Caller::nobody(), &token).await;
        assert_eq!(refusal(answer), refused(404, "not-found"), "{handler}");
        let open = body(world.get_from(&ada, "list_invitations", "").await);
        assert_eq!(open["total"], 1, "Eve's, who was invited by Ada");
    }
}

#[tokio::test]
async fn a_home_that_is_there_stays() {
    let (world, _, token) = invited().await;
    let beta = world.founded("eve", "Beta").await;
    let mut account: Account = world.get("eve").await.unwrap();
    account.home = Some(beta.clone());
    world.put("eve", &account).await;
    let eve = Caller::of("eve", Role::Admin, Some(&beta));
    body(accept(&world, &eve, &token).await);
    assert_eq!(world.get::<Account>("eve").await.unwrap().home, Some(beta));
}

#[tokio::test]
async fn every_token_that_is_not_good_gets_one_answer() {
    let (world, ada, token) = invited().await;
    world.person("bob").await;
    let bob = Caller::of("bob", Role::User, None);
    let unknown = accept(&world, &bob, "unknown").await;
    assert_eq!(refusal(unknown.clone()), refused(404, "not-found"));

    assert_eq!(
        accept(&world, &bob, &token).await,
        unknown,
        "somebody else's"
    );
    // What a token says about the address counts only where there is no account.
    let mut renamed = bob.clone();
    renamed.0.as_mut().unwrap().email = Some("eve@example.com".into());
    assert_eq!(
        accept(&world, &renamed, &token).await,
        unknown,
        "an old address"
    );
    assert_eq!(accept(&world, &ada, "").await, unknown, "empty");
    let stored = Invitation::id(&tenant("acme"), "eve@example.com");
    let stored: Invitation = world.get(&stored).await.unwrap();
    assert_eq!(
        accept(&world, &bob, &stored.token).await,
        unknown,
        "the digest"
    );

    world.host.clock.advance(WEEK_MS);
    world.person("eve").await;
    let eve = Caller::of("eve", Role::User, None);
    assert_eq!(accept(&world, &eve, &token).await, unknown, "ended");
    let nobody = world
        .post(&Caller::nobody(), "accept_invitation", whole(&token))
        .await;
    assert_eq!(nobody, unknown, "ended, for somebody new");
    assert!(world.membership(&tenant("acme"), "eve").await.is_none());
}

#[tokio::test]
async fn an_invitation_is_good_until_its_last_millisecond() {
    let (world, _, token) = invited().await;
    world.person("eve").await;
    world.host.clock.advance(WEEK_MS - 1);
    let eve = Caller::of("eve", Role::User, None);
    assert_eq!(accept(&world, &eve, &token).await.unwrap().status, 200);
    assert_eq!(
        refusal(accept(&world, &eve, &token).await),
        refused(404, "not-found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_accept_at_once_one_gets_in() {
    let (world, _, token) = invited().await;
    let attempts = (0..PARALLEL).map(|_| (Caller::nobody(), None, whole(&token)));
    let answers = world.race("accept_invitation", attempts).await;
    assert_eq!(successes(answers, &["not-found"]), 1);
    assert_eq!(world.organization(&tenant("acme")).await.members, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_accept_signed_in_at_once_one_gets_in() {
    let (world, _, token) = invited().await;
    world.person("eve").await;
    let eve = Caller::of("eve", Role::User, None);
    let attempts = (0..PARALLEL).map(|_| (eve.clone(), None, json!({"token": token})));
    let answers = world.race("accept_invitation", attempts).await;
    assert_eq!(successes(answers, &["not-found"]), 1);
    assert_eq!(world.organization(&tenant("acme")).await.members, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_accepting_and_taking_back_at_once_one_happens() {
    let (world, ada, token) = invited().await;
    let acme = tenant("acme");
    let id = Invitation::id(&acme, "eve@example.com");
    let nobody = Caller::nobody();
    let (accepted, revoked) = tokio::join!(
        world.post(&nobody, "accept_invitation", whole(&token)),
        world.on(&ada, "revoke_invitation", &id, Value::Null),
    );
    assert!(accepted.is_ok() != revoked.is_ok());
    let members = if accepted.is_ok() { 2 } else { 1 };
    let organization = world.organization(&acme).await;
    assert_eq!(
        (organization.members, organization.invitations.len()),
        (members, 0)
    );
}

#[tokio::test]
async fn a_plan_that_became_smaller_admits_nobody_beyond_it() {
    let (world, ada, token) = invited().await;
    let acme = tenant("acme");
    world.set_plan(&acme, Plan::Team).await;
    for n in 1..5 {
        world.joined(&ada, &format!("member-{n}"), Role::User).await;
    }
    world.set_plan(&acme, Plan::Free).await;
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", whole(&token))
        .await;
    assert_eq!(refusal(answer), refused(403, "plan-limit"));
    let stranger = Caller::of("member-1", Role::User, Some(&acme));
    let answer = accept(&world, &stranger, &token).await;
    assert_eq!(refusal(answer), refused(404, "not-found"));
    world.set_plan(&acme, Plan::Team).await;
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", whole(&token))
        .await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn a_development_token_without_an_account_speaks_for_the_address_in_it() {
    let (world, _, token) = invited().await;
    let eve = Caller::of("eve", Role::User, None).with(Credential::Development);
    assert_eq!(body(accept(&world, &eve, &token).await)["accountId"], "eve");
}
