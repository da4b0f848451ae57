//! From one organisation to another.

use serde_json::{Value, json};
use stoa_identity::records::{Account, Session};
use stoa_kernel::identity::{Credential, Role};

use super::world::{Caller, body, refusal, refused, world};

#[tokio::test]
async fn a_session_moves_and_remembers_where_it_went() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let beta = world.founded("ada", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let answer = world
        .on(&ada, "switch_organization", "beta", Value::Null)
        .await;
    assert_eq!(body(answer), json!({"accessToken": "session-ada in beta"}));
    let session: Session = world.get("session-ada").await.unwrap();
    assert_eq!(session.tenant, Some(beta.clone()));
    assert_eq!(world.get::<Account>("ada").await.unwrap().home, Some(beta));
}

#[tokio::test]
async fn foreign_missing_and_impossible_organisations_look_the_same() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    world.founded("eve", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let missing = world
        .on(&ada, "switch_organization", "missing", Value::Null)
        .await;
    assert_eq!(refusal(missing.clone()), refused(404, "not-found"));
    for id in ["beta", "_platform", "../acme", "Acme", ""] {
        let answer = world.on(&ada, "switch_organization", id, Value::Null).await;
        assert_eq!(answer, missing, "{id}");
    }
    assert_eq!(
        world.get::<Session>("session-ada").await.unwrap().tenant,
        None
    );
}

#[tokio::test]
async fn only_a_session_that_is_there_switches() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let development = ada.clone().with(Credential::Development);
    let answer = world
        .on(&development, "switch_organization", "acme", Value::Null)
        .await;
    assert_eq!(refusal(answer), refused(409, "no-session"));

    let ended = ada.with(Credential::Session("ended".into()));
    let answer = world
        .on(&ended, "switch_organization", "acme", Value::Null)
        .await;
    assert_eq!(refusal(answer), refused(401, "unauthenticated"));
    assert_eq!(
        world.get::<Account>("ada").await.unwrap().home,
        None,
        "a switch that fails leaves nothing behind"
    );
}
