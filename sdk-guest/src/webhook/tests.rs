//! Signatures that others computed, and all the ways in which one can be wrong.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use crate::secrets;
use crate::testing::Host;

/// The body that Stripe's libraries test with, and a signature of it at second 12345.
const BODY: &str = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
const V1: &str = "2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e";
const SIGNED_S: u64 = 12_345;

fn host() -> Host {
    let host = Host::new();
    host.secret("hook", &["whsec_test_secret"]);
    host
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn at(now_s: u64, tolerance_s: u64, header: &str) -> Result<(), String> {
    let verdict = verify_stripe("hook", Some(header), BODY.as_bytes(), now_s, tolerance_s);
    verdict.map_err(|problem| {
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (400, "invalid-signature")
        );
        problem.detail
    })
}

fn verified(header: &str) -> Result<(), String> {
    at(SIGNED_S, TOLERANCE_S, header)
}

#[test]
fn the_hash_is_the_one_of_stripes_vectors() {
    let host = Host::new();
    host.secret("key", &["test_secret"]);
    for (message, expected) in [
        (
            "",
            "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd",
        ),
        (
            r#"{"obj1":"hello","obj2":"world"}"#,
            "bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363",
        ),
        (
            "\u{1F600}",
            "837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43",
        ),
    ] {
        assert_eq!(
            hex(&secrets::sign("key", message.as_bytes()).unwrap()),
            expected
        );
    }
}

#[test]
fn a_signature_of_stripes_verifies_whatever_stands_beside_it() {
    let _host = host();
    for header in [
        format!("t=12345,v1={V1}"),
        format!("t=12345,v1={V1},v1=potato"),
        format!("t=12345,v1=potato,v1={V1}"),
        format!("t=12345,v0=potato,v1={V1},v2=later"),
        format!("t=12345,v1={},v1={V1}", "0".repeat(64)),
        format!("v1={V1},t=12345"),
        format!("t=12345, v1={}", V1.to_uppercase()),
    ] {
        assert_eq!(verified(&header), Ok(()), "{header}");
    }
}

#[test]
fn what_is_wrong_with_a_signature_is_told() {
    let _host = host();
    let zeros = "0".repeat(64);
    for (header, expected) in [
        (format!("v1={V1}"), "The signature has no time."),
        (format!("t=soon,v1={V1}"), "The signature has no time."),
        (format!("t=+12345,v1={V1}"), "The signature has no time."),
        (format!("t=-1,v1={V1}"), "The signature has no time."),
        (format!("t=,v1={V1}"), "The signature has no time."),
        ("potato".into(), "The signature has no time."),
        (String::new(), "The signature has no time."),
        ("t=12345".into(), "There is no signature of the scheme v1."),
        // The scheme of test events is no way around the real one.
        (
            format!("t=12345,v0={V1}"),
            "There is no signature of the scheme v1.",
        ),
        (format!("t=12345,v1={zeros}"), "No signature fits."),
        (format!("t=12346,v1={V1}"), "No signature fits."),
        ("t=12345,v1=potato".into(), "No signature fits."),
        (format!("t=12345,v1={}", &V1[..62]), "No signature fits."),
        (format!("t=12345,v1=+{}", &V1[1..]), "No signature fits."),
    ] {
        assert_eq!(verified(&header), Err(expected.into()), "{header}");
    }
    let absent = verify_stripe("hook", None, BODY.as_bytes(), SIGNED_S, TOLERANCE_S);
    assert_eq!(absent.unwrap_err().detail, "There is no signature.");
    let header = format!("t=12345,v1={V1}");
    let longer = format!("{BODY} ");
    let other = verify_stripe(
        "hook",
        Some(&header),
        longer.as_bytes(),
        SIGNED_S,
        TOLERANCE_S,
    );
    assert_eq!(other.unwrap_err().detail, "No signature fits.");
}

#[test]
fn a_signature_is_good_for_a_while_before_and_after_its_time() {
    let _host = host();
    let header = format!("t=12345,v1={V1}");
    for (now_s, tolerance_s, is_good) in [
        (SIGNED_S + 9, 10, true),
        (SIGNED_S + 10, 10, true),
        (SIGNED_S + 11, 10, false),
        (SIGNED_S + 15, 10, false),
        (SIGNED_S + 300, TOLERANCE_S, true),
        (SIGNED_S + 301, TOLERANCE_S, false),
        (SIGNED_S - 300, TOLERANCE_S, true),
        (SIGNED_S - 301, TOLERANCE_S, false),
        (u64::MAX, TOLERANCE_S, false),
    ] {
        assert_eq!(
            at(now_s, tolerance_s, &header).is_ok(),
            is_good,
            "{now_s} {tolerance_s}"
        );
    }
}

#[test]
fn more_signatures_than_anybody_sends_are_not_compared() {
    let _host = host();
    let zeros = format!(",v1={}", "0".repeat(64));
    let last = |before: usize| format!("t=12345{},v1={V1}", zeros.repeat(before));
    assert_eq!(verified(&last(SIGNATURES_MAX - 1)), Ok(()));
    assert!(verified(&last(SIGNATURES_MAX)).is_err());
}

/// A request as Stripe would send it now.
fn signed(host: &Host, body: &str) -> Request {
    host.set_time(SIGNED_S * 1_000);
    let mac = secrets::sign("hook", format!("{SIGNED_S}.{body}").as_bytes()).unwrap();
    let header = format!("t={SIGNED_S},v1={}", hex(&mac));
    let request = host.request("hook").body(body);
    request.header("Stripe-Signature", &header).build()
}

#[test]
fn an_event_is_read_once_it_is_verified() {
    let host = host();
    let body = r#"{"id":"evt_1","object":"event","type":"charge.refunded","created":7,"data":{"object":{"id":"ch_1"}}}"#;
    let event = stripe(&signed(&host, body), "hook").unwrap();
    assert_eq!(
        event,
        StripeEvent {
            id: "evt_1".into(),
            kind: "charge.refunded".into(),
            created_s: 7,
            object: serde_json::json!({"id": "ch_1"})
        }
    );
    let thin = r#"{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter"}"#;
    assert_eq!(
        stripe(&signed(&host, thin), "hook").unwrap_err().code,
        "thin-event"
    );
    for body in [
        "",
        "[]",
        "{}",
        "{",
        r#"{"id":"","type":"t","data":{"object":{}}}"#,
    ] {
        assert_eq!(
            stripe(&signed(&host, body), "hook").unwrap_err().status,
            400,
            "{body}"
        );
    }
    let unsigned = host.request("hook").body(body).build();
    assert_eq!(
        stripe(&unsigned, "hook").unwrap_err().code,
        "invalid-signature"
    );
}

#[test]
fn a_secret_that_is_not_set_is_the_operators_business() {
    let host = Host::new();
    let header = format!("t=12345,v1={V1}");
    let request = host
        .request("hook")
        .body(BODY)
        .header("stripe-signature", &header);
    let problem = stripe(&request.build(), "hook").unwrap_err();
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (503, "not-configured")
    );
}

#[test]
fn a_plain_signature_is_the_one_of_razorpays_vectors() {
    let host = Host::new();
    let (body, mac) = (
        r#"{"a":1,"b":2,"c":{"d":3}}"#,
        "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc",
    );
    let verdict = |secrets: &[&str], header: Option<&str>, body: &str| {
        host.secret("hook", secrets);
        let request = header.iter().fold(host.request("hook"), |request, value| {
            request.header("X-Razorpay-Signature", value)
        });
        plain(&request.body(body).build(), "hook", "x-razorpay-signature")
    };
    assert_eq!(verdict(&["123456"], Some(mac), body), Ok(()));
    // Events from before a change of the secret still bear the old one.
    assert_eq!(verdict(&["new", "123456"], Some(mac), body), Ok(()));
    for (secrets, header, body) in [
        (["new"], Some(mac), body),
        (["123456"], Some("potato"), body),
        (["123456"], Some(""), body),
        (["123456"], None, body),
        (["123456"], Some(mac), "{}"),
    ] {
        assert_eq!(
            verdict(&secrets, header, body).unwrap_err().code,
            "invalid-signature"
        );
    }
}

#[test]
fn what_razorpays_page_gives_is_verified_as_in_its_vectors() {
    let host = Host::new();
    for (secret, message, hex) in [
        (
            "key_secret",
            "fake_order_id|fake_payment_id",
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
        ),
        (
            "EnLs21M47BllR3X8PSFtjtbd",
            "order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l",
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
        ),
        (
            "EnLs21M47BllR3X8PSFtjtbd",
            "pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I",
            "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693",
        ),
        (
            "EnLs21M47BllR3X8PSFtjtbd",
            "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
            "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
        ),
    ] {
        host.secret("key", &[secret]);
        assert_eq!(
            verify_hex("key", message.as_bytes(), hex),
            Ok(()),
            "{message}"
        );
        let other = format!("{message}x");
        assert!(verify_hex("key", other.as_bytes(), hex).is_err());
        assert!(verify_hex("key", message.as_bytes(), "").is_err());
    }
}
