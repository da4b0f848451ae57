//! A provider changes its keys, goes away and comes back.

use stoa_identity::oidc::OidcError;

use crate::world::Side;
use stoa_testkit::oidc::{Peer, Wish};

/// More than the time between two questions.
const LATER_MS: u64 = 11_000;

#[tokio::test]
async fn new_keys_are_asked_for_but_not_all_the_time() {
    let peer = Peer::start(0);
    let (port, side) = (peer.port(), Side::of(&peer));
    let returned = side.returned(Wish::SignIn("ada")).await;
    side.finish(&returned).await.unwrap();

    drop(peer);
    let _with_new_keys = Peer::start(port);
    let returned = side.returned(Wish::SignIn("ada")).await;
    let error = side.finish(&returned).await.unwrap_err();
    assert!(error.to_string().contains("a moment ago"), "{error}");

    side.clock.forward(LATER_MS);
    let returned = side.returned(Wish::SignIn("ada")).await;
    side.finish(&returned).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_was_away_is_found_again() {
    let peer = Peer::start(0);
    let (port, side) = (peer.port(), Side::of(&peer));
    drop(peer);
    for _ in 0..2 {
        let error = side.provider.start(None).await.err().unwrap();
        assert!(matches!(error, OidcError::Provider(_)), "{error}");
    }
    let _back = Peer::start(port);
    side.clock.forward(LATER_MS);
    let returned = side.returned(Wish::SignIn("ada")).await;
    side.finish(&returned).await.unwrap();
}
