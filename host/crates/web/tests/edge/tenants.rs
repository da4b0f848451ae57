//! Whose data a request is about.

use std::collections::HashMap;

use stoa_kernel::id::TenantId;
use stoa_web::EdgeConfig;

use crate::world::{World, world, world_with};

fn hosted() -> World {
    let hosts = [("shop.example", "shop"), ("other.example", "other")];
    let hosts = hosts.map(|(host, tenant)| (host.to_owned(), TenantId::parse(tenant).unwrap()));
    let hosts = HashMap::from(hosts);
    let default_tenant = TenantId::parse("main").unwrap();
    world_with(EdgeConfig {
        hosts,
        default_tenant,
        ..EdgeConfig::default()
    })
}

#[tokio::test]
async fn the_token_speaks_before_the_host_the_host_before_the_header() {
    let world = hosted();
    let token = ("authorization", "Bearer u1.user.acme");
    let unbound = ("authorization", "Bearer u1.user");
    let host = ("host", "SHOP.example:8080");
    let header = ("x-tenant", "other");
    for (headers, tenant) in [
        (vec![], "main"),
        (vec![("host", "elsewhere.example")], "main"),
        (vec![header], "other"),
        (vec![header, ("host", "elsewhere.example")], "other"),
        (vec![header, host], "shop"),
        (vec![header, host, token], "acme"),
        (vec![header, token], "acme"),
        (vec![host, unbound], "shop"),
    ] {
        let answer = world.get("/api/things", &headers).await;
        assert_eq!(answer.json()["tenant"], tenant, "{headers:?}");
    }
}

#[tokio::test]
async fn a_stranger_can_not_call_a_tenant_into_being() {
    let answer = hosted()
        .get("/api/things", &[("x-tenant", "invented")])
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (404, "not-found")
    );
}

#[tokio::test]
async fn the_authority_of_a_request_target_is_its_host() {
    let answer = hosted().get("http://shop.example/api/things", &[]).await;
    assert_eq!(answer.json()["tenant"], "shop");
}

#[tokio::test]
async fn a_malformed_tenant_is_refused_unless_a_token_overrules_it() {
    let world = world();
    for bad in ["", "Acme", "-a", "a_b", "a/b", "../x"] {
        let answer = world.get("/api/things", &[("x-tenant", bad)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{bad}"
        );
        assert_eq!(answer.json()["field"], "x-tenant");
        let token = ("authorization", "Bearer u1.user.acme");
        assert_eq!(
            world
                .get("/api/things", &[("x-tenant", bad), token])
                .await
                .json()["tenant"],
            "acme"
        );
    }
}
