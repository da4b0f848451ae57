//! Bounds and types of bodies.

use std::io::Read;

use stoa_web::EdgeConfig;

use crate::world::{world, world_with};

const VENDOR: (&str, &str) = ("authorization", "Bearer u1.vendor.acme");

#[tokio::test]
async fn a_body_has_a_bound() {
    let world = world_with(EdgeConfig {
        body_bytes_max: 8,
        ..EdgeConfig::default()
    });
    assert_eq!(
        world
            .send("POST", "/api/echo", &[], "12345678")
            .await
            .status,
        200
    );
    let answer = world.send("POST", "/api/echo", &[], "123456789").await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (413, "body-too-large")
    );
}

#[tokio::test]
async fn what_comes_with_the_question_for_a_page_is_not_looked_at() {
    let world = world_with(EdgeConfig {
        body_bytes_max: 8,
        ..EdgeConfig::default()
    });
    for page in ["/health", "/openapi.json"] {
        let answer = world.send("GET", page, &[], "123456789").await;
        assert_eq!(answer.status, 200, "{page}");
    }
}

#[tokio::test]
async fn a_route_that_declares_a_type_takes_json_alone() {
    let world = world();
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        let answer = world
            .send(
                "POST",
                "/api/things",
                &[VENDOR, ("content-type", kind)],
                "{}",
            )
            .await;
        assert_eq!(answer.status, status, "{kind}");
    }
    let answer = world.send("POST", "/api/things", &[VENDOR], "{}").await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (415, "unsupported-media-type")
    );
    let packed = [
        VENDOR,
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    assert_eq!(
        world
            .send("POST", "/api/things", &packed, "{}")
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn without_a_type_or_a_body_anything_goes() {
    let world = world();
    assert_eq!(
        world
            .send("POST", "/api/echo", &[("content-type", "text/plain")], "x")
            .await
            .status,
        200
    );
    assert_eq!(
        world
            .send("POST", "/api/things", &[VENDOR], "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_asks() {
    let world = world();
    let plain = world.get("/do/big", &[]).await;
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        (None, Some("accept-encoding"))
    );

    let packed = world
        .get("/do/big", &[("accept-encoding", "br, gzip")])
        .await;
    assert_eq!(
        (packed.header("content-encoding"), packed.header("vary")),
        (Some("gzip"), Some("accept-encoding"))
    );
    assert!(packed.body.len() < plain.body.len() / 10);
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(text, plain.body);

    let short = world
        .get("/do/created", &[("accept-encoding", "gzip")])
        .await;
    assert_eq!(
        (short.header("content-encoding"), short.body.as_ref()),
        (None, &b"{}"[..])
    );
}

#[tokio::test]
async fn an_answer_without_content_has_none() {
    let answer = world().get("/do/empty", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
}
