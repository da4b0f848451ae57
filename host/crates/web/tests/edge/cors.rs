//! Pages of other sites.

use stoa_web::EdgeConfig;

use crate::world::{World, world, world_with};

const SHOP: &str = "https://shop.example";

fn open_to_shop() -> World {
    world_with(EdgeConfig {
        // The last two are no origins, whatever an operator believes.
        cors_origins: [SHOP, "null", "*"].map(str::to_owned).into(),
        ..EdgeConfig::default()
    })
}

#[tokio::test]
async fn a_listed_origin_may_ask_and_read() {
    let world = open_to_shop();
    let preflight = [("origin", SHOP), ("access-control-request-method", "POST")];
    let answer = world.send("OPTIONS", "/api/things", &preflight, "").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, HEAD, POST, PUT, PATCH, DELETE")
    );
    let allowed = answer.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "idempotency-key"] {
        assert!(allowed.split(", ").any(|known| known == name), "{name}");
    }
    assert_eq!(answer.header("access-control-max-age"), Some("600"));

    let answer = world.get("/api/things", &[("origin", SHOP)]).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["x-session-id", "ratelimit", "retry-after"] {
        assert!(exposed.split(", ").any(|known| known == name), "{name}");
    }
    assert_eq!(answer.header("vary"), Some("origin"));
}

#[tokio::test]
async fn no_other_origin_may() {
    let world = open_to_shop();
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "http://shop.example",
        "null",
        "*",
    ] {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
        ];
        for answer in [
            world.send("OPTIONS", "/api/things", &preflight, "").await,
            world.get("/api/things", &[("origin", origin)]).await,
        ] {
            assert_eq!(
                answer.header("access-control-allow-origin"),
                None,
                "{origin}"
            );
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(
                answer.header("vary"),
                Some("origin"),
                "caches must tell origins apart"
            );
        }
    }
}

#[tokio::test]
async fn without_a_list_nobody_may() {
    let answer = world().get("/api/things", &[("origin", SHOP)]).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
