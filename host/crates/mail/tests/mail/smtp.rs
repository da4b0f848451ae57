//! SMTP against a real server.

use serde_json::json;
use stoa_kernel::mail::Letter;
use stoa_mail::{Content, Message, SendError, Sender, Smtp, SmtpConfig, SmtpTls, Transport as _};
use tokio::net::TcpListener;

use crate::support::smtp::SmtpServer;
use crate::support::{CODE, Office, code_letter};

fn config(port: u16) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".into(),
        port,
        tls: SmtpTls::None,
        credentials: None,
        roots_pem: None,
    }
}

fn signed_in(port: u16, password: &str) -> SmtpConfig {
    SmtpConfig {
        credentials: Some(("stoa".into(), password.into())),
        ..config(port)
    }
}

async fn office(config: SmtpConfig) -> Office {
    Office::open(Smtp::new(config).unwrap()).await
}

fn message(to: &str) -> Message {
    let content = Content {
        subject: "s".into(),
        text: "t".into(),
        html: "h".into(),
    };
    let sender = Sender::parse("no-reply@shop.example").unwrap();
    Message::new("id", Office::START, &sender, to, content).unwrap()
}

fn invitation(organization: &str) -> Letter {
    Letter {
        to: "ada@b.example".into(),
        template: "invitation".into(),
        values: json!({
            "organization": organization,
            "inviter": "Zoë",
            "role": "vendor",
            "link": "https://shop.example/invitations/s3cret?x=1",
        }),
    }
}

#[tokio::test]
async fn a_letter_arrives_with_all_headers_and_both_parts() {
    let mut server = SmtpServer::start_with_sign_in("stoa:s3cret").await;
    let office = office(signed_in(server.port, "s3cret")).await;
    office.post_and_try(&invitation("Käse & Söhne")).await;
    let received = server.received().await;
    assert!(received.signed_in);
    assert_eq!(received.sender, "no-reply@shop.example");
    assert_eq!(received.recipients, ["ada@b.example"]);
    for (name, value) in [
        ("from", "The Shop <no-reply@shop.example>"),
        ("to", "ada@b.example"),
        ("subject", "Zoë invites you to Käse & Söhne"),
        ("date", "Thu, 01 Jan 2026 00:00:00 +0000"),
        ("mime-version", "1.0"),
    ] {
        assert_eq!(received.header(name), value);
    }
    let id = received.header("message-id");
    assert!(
        id.ends_with("@shop.example>") && id.len() == 1 + 26 + "@shop.example>".len(),
        "{id}"
    );
    assert_eq!(received.kind, "multipart/alternative");
    let [(first, text), (second, html)] = received.parts.as_slice() else {
        panic!("{received:?}")
    };
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("text/plain", "text/html")
    );
    assert!(
        text.contains("https://shop.example/invitations/s3cret?x=1"),
        "{text}"
    );
    assert!(text.contains("Käse & Söhne"), "{text}");
    assert!(html.contains("<strong>Käse &amp; Söhne</strong>"), "{html}");
    assert!(received.defects.is_empty(), "{received:?}");
    assert!(office.is_done());
}

#[tokio::test]
async fn nothing_that_people_chose_becomes_a_header_or_a_recipient() {
    let mut server = SmtpServer::start().await;
    let office = office(config(server.port)).await;
    let hostile = "x\r\nBcc: eve@d.example\r\n\r\n.\r\nMAIL FROM:<eve@d.example>\r\n--=_\n";
    office.post_and_try(&invitation(hostile)).await;
    let received = server.received().await;
    assert_eq!(received.recipients, ["ada@b.example"]);
    let mut names: Vec<&str> = received
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to"
        ]
    );
    assert_eq!(received.parts.len(), 2);
    assert!(server.stop().await.is_empty(), "one message is one message");
}

#[tokio::test]
async fn a_refused_recipient_is_dead_without_the_servers_prose() {
    let server = SmtpServer::start().await;
    let office = office(config(server.port)).await;
    office.post_and_try(&code_letter("refused@b.example")).await;
    assert_eq!(office.reason_of_death(), "smtp 550");
    assert!(!office.store.only("dead").to_string().contains(CODE));
    assert!(server.stop().await.is_empty());
}

#[tokio::test]
async fn a_server_that_says_later_is_asked_later() {
    let server = SmtpServer::start().await;
    let office = office(config(server.port)).await;
    office.post_and_try(&code_letter("later@b.example")).await;
    assert_eq!(office.reason_to_wait(), "smtp 451");
}

#[tokio::test]
async fn a_wrong_password_costs_no_letter() {
    let server = SmtpServer::start_with_sign_in("stoa:s3cret").await;
    let office = office(signed_in(server.port, "wrong")).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert_eq!(office.reason_to_wait(), "smtp 535");
    assert!(server.stop().await.is_empty());
}

#[tokio::test]
async fn a_letter_waits_for_a_server_that_is_down() {
    let first = SmtpServer::start().await;
    let port = first.port;
    let office = office(config(port)).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert!(office.is_done());
    assert_eq!(first.stop().await.len(), 1);

    office.post_and_try(&code_letter("bob@b.example")).await;
    assert_eq!(office.reason_to_wait(), "smtp: no connection");
    office.advance_and_try().await;
    assert_eq!(office.reason_to_wait(), "smtp: no connection");

    let mut second = SmtpServer::start_on(port).await;
    office.advance_and_try().await;
    assert_eq!(second.received().await.recipients, ["bob@b.example"]);
    assert!(office.is_done());
}

#[tokio::test]
async fn the_answer_to_a_message_that_was_cut_short_is_not_the_next_ones() {
    let mut server = SmtpServer::start().await;
    let smtp = Smtp::new(config(server.port)).unwrap();
    let slow = message("slow@b.example");
    tokio::select! {
        sent = smtp.send(&slow) => panic!("{sent:?}"),
        () = server.hesitating() => {}
    }
    let refused = smtp.send(&message("unwanted@b.example")).await;
    assert_eq!(refused, Err(SendError::temporary("smtp 554")));
    assert_eq!(smtp.send(&message("ada@b.example")).await, Ok(()));
    assert_eq!(server.received().await.recipients, ["ada@b.example"]);
}

#[tokio::test]
async fn without_the_tls_that_is_asked_for_nothing_is_sent() {
    let server = SmtpServer::start().await;
    for (tls, reason) in [
        (
            SmtpTls::StartTls,
            "smtp: the server lacks what we need, such as TLS or sign-in",
        ),
        (
            SmtpTls::Implicit,
            "smtp: received corrupt message of type InvalidContentType",
        ),
    ] {
        let office = office(SmtpConfig {
            tls,
            ..config(server.port)
        })
        .await;
        office.post_and_try(&code_letter("ada@b.example")).await;
        assert_eq!(office.reason_to_wait(), reason);
    }
    assert!(server.stop().await.is_empty());
}

/// A server with a certificate that it made itself, for this name.
async fn protected(how: &str, name: &str) -> (SmtpServer, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let server = SmtpServer::start_protected(how, &certificate, &key).await;
    (server, certificate.into_bytes())
}

const PROTECTIONS: [(&str, SmtpTls); 2] = [
    ("starttls", SmtpTls::StartTls),
    ("implicit", SmtpTls::Implicit),
];

#[tokio::test]
async fn a_letter_arrives_by_tls_at_a_server_whose_certificate_is_trusted() {
    for (how, tls) in PROTECTIONS {
        let (mut server, roots) = protected(how, "127.0.0.1").await;
        let office = office(SmtpConfig {
            tls,
            roots_pem: Some(roots),
            ..config(server.port)
        })
        .await;
        office.post_and_try(&code_letter("ada@b.example")).await;
        let received = server.received().await;
        assert_eq!(received.recipients, ["ada@b.example"], "{how}");
        assert!(received.protected, "{how}");
        assert!(office.is_done(), "{how}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_wrong_is_refused_and_said() {
    for (how, tls) in PROTECTIONS {
        let (server, _) = protected(how, "127.0.0.1").await;
        let (elsewhere, others) = protected(how, "mail.example").await;
        for (port, trusted, why) in [
            // Nobody has signed it; somebody of the same name; the right one, but for another server.
            (server.port, None, "UnknownIssuer"),
            (server.port, Some(others.clone()), "BadSignature"),
            (elsewhere.port, Some(others), "not valid for name"),
        ] {
            let config = SmtpConfig {
                tls,
                roots_pem: trusted,
                ..config(port)
            };
            let office = office(config).await;
            office.post_and_try(&code_letter("ada@b.example")).await;
            let reason = office.reason_to_wait();
            assert!(
                reason.starts_with("smtp: invalid peer certificate"),
                "{reason}"
            );
            assert!(reason.contains(why), "{how}: {reason}");
        }
        assert!(server.stop().await.is_empty());
        assert!(elsewhere.stop().await.is_empty());
    }
}

#[test]
fn what_is_no_certificate_is_refused_at_the_start() {
    let config = SmtpConfig {
        tls: SmtpTls::Implicit,
        roots_pem: Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into()),
        ..config(25)
    };
    assert!(Smtp::new(config).is_err());
}

#[tokio::test]
async fn a_server_that_hangs_up_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hangs_up = tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let office = office(config(port)).await;
    office.post_and_try(&code_letter("ada@b.example")).await;
    assert_eq!(office.reason_to_wait(), "smtp: no connection");
    hangs_up.abort();
}

#[test]
fn debug_shows_no_password() {
    let shown = format!("{:?}", signed_in(25, "s3cret"));
    assert!(!shown.contains("s3cret"), "{shown}");
}
