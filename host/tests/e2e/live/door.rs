//! Who may open a connection, and how they say who they are.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{TestHost, guest_file, repack};

use super::socket::{Socket, try_open};
use super::{code, serve, served};

const DOORS: [&str; 4] = [
    "/api/live",
    "/rooms/ws",
    "/rooms/ws/",
    "/api/live/events?channel=rooms/room/r1",
];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_a_good_credential() {
    let served = served().await;
    let anybody = served.host.anonymous();
    for path in DOORS {
        anybody.get(path).await.problem(401, "unauthenticated");
        let garbage = served.host.bearer("garbage").get(path).await;
        garbage.problem(401, "invalid-token");
        let joint = if path.contains('?') { '&' } else { '?' };
        let ticket = anybody.get(&format!("{path}{joint}ticket=garbage")).await;
        ticket.problem(401, "invalid-token");
        // A token is no parameter, whatever it is called.
        let token = served.token("uma");
        let query = format!("{path}{joint}token={token}&access_token={token}");
        anybody.get(&query).await.problem(401, "unauthenticated");
    }
    let tickets = anybody.post("/api/live/tickets", &json!({})).await;
    tickets.problem(401, "unauthenticated");
    let uma = served.host.user("uma");
    uma.get("/api/live").await.problem(426, "upgrade-required");
    let _ = uma.post("/api/live", &json!({})).await.expect(405);
    let _ = uma.post("/rooms/ws", &json!({})).await.expect(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_show_a_subprotocol_or_a_ticket_that_is_good_once() {
    let served = served().await;
    let offer = format!("stoa.v1, bearer.{}", served.token("uma"));
    let opened = try_open(
        served.address,
        "/api/live",
        &[("sec-websocket-protocol", &offer)],
    )
    .await;
    let mut socket = opened.ok().unwrap();
    assert_eq!(
        socket.ask(json!({ "op": "ping", "ref": 1 })).await,
        json!({ "op": "pong", "ref": 1 })
    );

    let ticket = async || {
        let uma = served.host.user("uma");
        let issued = uma.post("/api/live/tickets", &json!({})).await.json_of(200);
        assert_eq!(issued["expiresIn"], 60);
        format!("/rooms/ws?ticket={}", issued["ticket"].as_str().unwrap())
    };
    let path = ticket().await;
    let mut socket = try_open(served.address, &path, &[]).await.ok().unwrap();
    assert_eq!(socket.frame().await["channel"], "rooms/inbox/uma");
    let again = try_open(served.address, &path, &[]).await.err().unwrap();
    assert_eq!((again.0, code(&again.1)), (401, "invalid-token"));

    let path = ticket().await;
    served.host.clock.advance(60_000);
    let late = try_open(served.address, &path, &[]).await.err().unwrap();
    assert_eq!((late.0, code(&late.1)), (401, "invalid-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_only_a_tenants_own_version_has_opens_as_browsers_open_it() {
    let served = served().await;
    let host = &served.host;
    let own = repack(&std::fs::read(guest_file("rooms")).unwrap(), |package| {
        package.manifest.version = "0.2.0".into();
        for channel in &mut package.manifest.channels {
            if let Some(socket) = &mut channel.socket {
                *socket = "/rooms/own".into();
            }
        }
    });
    let vendor = host
        .vendor("vera")
        .header("content-type", "application/wasm");
    let uploaded = vendor
        .send(Method::POST, "/api/platform/plugins", own)
        .await;
    let _ = uploaded.expect(201);
    let body = json!({ "version": "0.2.0", "grantAll": true, "tenant": "acme" });
    let activated = host
        .operator("olga")
        .post("/api/platform/plugins/rooms/activations", &body)
        .await;
    let _ = activated.expect(201);

    let offer = |tenant: &str| {
        format!(
            "stoa.v1, bearer.{}",
            served.token_in(tenant, "ada", Role::User)
        )
    };
    let (ada, stranger) = (offer("acme"), offer("other"));
    let open = async |path: &str, offer: &str| {
        try_open(served.address, path, &[("sec-websocket-protocol", offer)]).await
    };
    let mut socket = open("/rooms/own", &ada).await.ok().unwrap();
    assert_eq!(socket.frame().await["channel"], "rooms/inbox/ada");
    let ticket = host
        .account_in("acme", "ada", Role::User)
        .post("/api/live/tickets", &json!({}))
        .await;
    let ticket = ticket.json_of(200)["ticket"].as_str().unwrap().to_owned();
    let by_ticket = format!("/rooms/own?ticket={ticket}");
    assert!(try_open(served.address, &by_ticket, &[]).await.is_ok());

    for (path, offer) in [("/rooms/own", &stranger), ("/rooms/nowhere", &ada)] {
        let refused = open(path, offer).await.err().unwrap();
        assert_eq!((refused.0, code(&refused.1)), (404, "not-found"), "{path}");
    }
    let refused = try_open(served.address, "/rooms/own", &[])
        .await
        .err()
        .unwrap();
    assert_eq!((refused.0, code(&refused.1)), (401, "unauthenticated"));
    host.anonymous()
        .get("/rooms/own")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_ends_with_the_session_that_asked_for_it() {
    let served = served().await;
    let host = &served.host;
    let signup = json!({
        "email": "uma@example.com", "password": "correct horse battery", "name": "Uma", "organizationName": "Uma Ltd",
    });
    let signed_in = host
        .anonymous()
        .post("/api/auth/signup", &signup)
        .await
        .json_of(201);
    let uma = host.bearer(signed_in["accessToken"].as_str().unwrap());
    let issued = uma.post("/api/live/tickets", &json!({})).await.json_of(200);
    let out = uma.post("/api/auth/logout", &json!({})).await;
    assert!(out.status.is_success());
    let path = format!("/api/live?ticket={}", issued["ticket"].as_str().unwrap());
    let refused = try_open(served.address, &path, &[]).await.err().unwrap();
    assert_eq!((refused.0, code(&refused.1)), (401, "invalid-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_open_no_socket() {
    let served = serve(TestHost::builder().cors_origin("https://app.example")).await;
    let bearer = format!("Bearer {}", served.token("uma"));
    let own = format!("http://{}", served.address);
    for path in [
        "/api/live",
        "/rooms/ws",
        "/socket.io/?EIO=4&transport=websocket",
    ] {
        for (origin, expected) in [
            (own.as_str(), None),
            ("https://app.example", None),
            ("https://evil.example", Some(403)),
            ("null", Some(403)),
        ] {
            let headers = [("authorization", bearer.as_str()), ("origin", origin)];
            let opened = try_open(served.address, path, &headers).await;
            assert_eq!(
                opened.err().map(|(status, _)| status),
                expected,
                "{path} {origin}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_may_not_hear_is_what_is_not_there() {
    let served = served().await;
    let admin = served.host.admin();
    let _ = admin
        .post("/rooms/r1/ban/uma", &json!({}))
        .await
        .expect(204);
    let mut socket = served.connect("uma").await;
    let mut told = Vec::new();
    for channel in [
        "rooms/room/r1",
        "rooms/inbox/other",
        "rooms/staff",
        "rooms/nowhere/1",
        "nobody/room/1",
        "",
    ] {
        let answer = socket
            .ask(json!({ "op": "join", "channel": channel, "ref": "a" }))
            .await;
        assert_eq!(
            (&answer["op"], &answer["ref"]),
            (&json!("error"), &json!("a")),
            "{answer}"
        );
        let mut problem = answer["problem"].clone();
        problem.as_object_mut().unwrap().remove("instance");
        // The plugin words its own refusal.
        let status = problem["status"].as_u64().unwrap();
        assert_eq!((status, code(&problem)), (404, "not-found"), "{channel}");
        if channel != "rooms/room/r1" {
            told.push(problem);
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    // Nothing of it was joined: nothing may be said, and nothing is heard.
    let said = socket
        .ask(json!({ "op": "say", "channel": "rooms/room/r1", "event": "typing" }))
        .await;
    assert_eq!(code(&said["problem"]), "not-joined");
    served.burst("r1", 1, 1).await;
    assert_eq!(socket.ask(json!({ "op": "ping" })).await["op"], "pong");

    let admin = served.token_in("main", "ada", Role::Admin);
    let mut admin = Socket::open(served.address, "/api/live", &admin).await;
    admin.join("rooms/staff").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_hear_nothing_of_each_other() {
    let served = served().await;
    let mut here = served.connect("uma").await;
    let there = served.token_in("elsewhere", "uma", Role::User);
    let mut there = Socket::open(served.address, "/api/live", &there).await;
    for socket in [&mut here, &mut there] {
        socket.join("rooms/room/r1").await;
    }
    let say =
        json!({ "op": "say", "channel": "rooms/room/r1", "event": "message.new", "data": "here" });
    here.send(say).await;
    let mut heard = [here.frame().await, here.frame().await];
    heard.sort_by_key(|frame| frame["op"].as_str().unwrap().to_owned());
    assert_eq!(heard[0]["data"]["message"], "here");
    let pong = there.ask(json!({ "op": "ping" })).await;
    assert_eq!(pong["op"], "pong", "nothing came before it: {pong}");
    let joined = there
        .ask(json!({ "op": "join", "channel": "rooms/room/r1", "after": 0 }))
        .await;
    assert_eq!(
        (&joined["last"], &joined["gap"]),
        (&json!(0), &Value::Bool(false))
    );
}
