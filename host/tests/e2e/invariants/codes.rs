//! No write skew: rules over several documents hold against many who would each break them a little.

use http::Method;
use serde_json::json;
use stoa_testkit::TestHost;

use super::market::insist;
use super::{Place, at_once, count, on_both_stores};
use crate::carrier::{Carrier, NUMBER};
use crate::events::until_settled;
use crate::shop;

/// Attempts at once.
const PARALLEL: usize = 32;
/// Uses of a code.
const USES: usize = 5;
/// Wrong codes after which the right one is too late.
const GUESSES: usize = 5;
/// Administrators of an organisation, which may have five members as a new one.
const ADMINS: usize = 4;

on_both_stores!(
    a_code_is_used_as_often_as_it_may_be_and_not_once_more,
    of_admins_who_leave_at_once_one_stays,
    a_number_is_verified_once_and_few_guesses_count,
);

async fn a_code_is_used_as_often_as_it_may_be_and_not_once_more(place: Place) {
    let plugins = ["catalog", "cart", "orders", "discount-codes"];
    let builder = TestHost::builder().store(&place.url());
    let builder = plugins.iter().fold(builder, |host, name| host.plugin(name));
    let host = builder.start().await;
    let watch = json!({ "id": "watch", "price": 10, "stock": 1_000 });
    let _ = shop::sell(&host, watch).await;
    let code = json!({ "percent": 50, "usesLeft": USES });
    let _ = host
        .admin()
        .put("/api/discounts/spring", &code)
        .await
        .expect(200);

    let totals = at_once(PARALLEL, |number| {
        let buyer = host.user(&format!("u{number}"));
        async move {
            let body = json!({ "items": [{ "productId": "watch" }], "discountCode": "SPRING" });
            let answer = insist(&buyer, Method::POST, "/api/orders", &body).await;
            if answer.status == 422 {
                let _ = answer.problem(422, "discount-refused");
                return None;
            }
            Some(answer.json_of(201)["total"].clone())
        }
    })
    .await;
    assert_eq!(count(&totals, &Some(json!(5))), USES);
    assert_eq!(count(&totals, &None), PARALLEL - USES);
    let codes = host.admin().get("/api/discounts").await.json_of(200);
    assert_eq!(codes["items"][0]["usesLeft"], 0);
    // Who was refused has bought nothing for the full price, either.
    let all = host.admin().get("/api/orders?all=true").await.json_of(200);
    assert_eq!(all["total"], USES);
}

async fn a_number_is_verified_once_and_few_guesses_count(place: Place) {
    let carrier = Carrier::open().await;
    let builder = TestHost::builder().store(&place.url());
    let builder = carrier.next_to(builder.plugin("notifications"));
    let host = builder.start().await;
    let _dispatcher = host.dispatch().await;
    let wish = json!({ "lettersOff": [], "phone": NUMBER, "sms": true });
    let user = host.user("u1");
    let _ = user
        .put("/api/notifications/preferences", &wish)
        .await
        .expect(200);
    let told_at_once = async |code: String| {
        at_once(PARALLEL, |_| {
            let (user, told) = (host.user("u1"), json!({ "code": code }));
            async move {
                let path = "/api/notifications/phone/verify";
                let answer = insist(&user, Method::POST, path, &told).await;
                match answer.status.as_u16() {
                    200 => answer.json()["verified"].as_bool(),
                    _ => {
                        let _ = answer.expect(409);
                        None
                    }
                }
            }
        })
        .await
    };
    let ask = async || {
        let path = "/api/notifications/phone/code";
        let _ = user.post(path, &json!(null)).await.expect(202);
    };

    ask().await;
    let code = carrier.code(NUMBER, 1).await;
    until_settled(&host, "main").await;
    let wrong: u32 = code.parse().unwrap();
    let wrong = format!("{:06}", (wrong + 1) % 1_000_000);
    let guesses = told_at_once(wrong).await;
    assert_eq!(count(&guesses, &Some(false)), GUESSES);
    assert_eq!(count(&guesses, &None), PARALLEL - GUESSES);
    let late = told_at_once(code).await;
    assert_eq!(count(&late, &None), PARALLEL);

    ask().await;
    let code = carrier.code(NUMBER, 2).await;
    until_settled(&host, "main").await;
    let right = told_at_once(code).await;
    assert_eq!(count(&right, &Some(true)), 1);
    assert_eq!(count(&right, &None), PARALLEL - 1);
    until_settled(&host, "main").await;
    let texts = carrier.texts(NUMBER);
    assert_eq!(texts.len(), 3, "two codes and one welcome: {texts:?}");
}

/// Each of them sees another admin who would stay.
async fn of_admins_who_leave_at_once_one_stays(place: Place) {
    let host = TestHost::builder().store(&place.url()).start().await;
    let signed = |body| {
        let nobody = host.anonymous();
        async move { nobody.post("/api/auth/signup", &body).await.json_of(201) }
    };
    let new = |name: &str| {
        json!({
            "email": format!("{name}@example.com"), "password": "correct horse battery",
            "name": name, "organizationName": format!("{name} Ltd"),
        })
    };
    let founder = signed(new("ada")).await;
    let founder = host.bearer(founder["accessToken"].as_str().unwrap());
    let mut admins = vec![founder.clone()];
    for number in 1..ADMINS {
        let name = format!("admin-{number}");
        let invited = json!({ "email": format!("{name}@example.com"), "role": "admin" });
        let _ = founder.post("/api/invitations", &invited).await.expect(201);
        let to = format!("{name}@example.com");
        let link = host.letter(&to, "invitation", "link").await;
        let token = &link[link.rfind('=').unwrap() + 1..];
        let body = json!({ "token": token, "password": "correct horse battery", "name": name });
        let accepted = host
            .anonymous()
            .post("/api/invitations/accept", &body)
            .await;
        assert!(accepted.status.is_success(), "{}", accepted.json());
        let login = json!({ "email": to, "password": "correct horse battery" });
        let signed = host.anonymous().post("/api/auth/login", &login).await;
        let signed = signed.json_of(200);
        admins.push(host.bearer(signed["accessToken"].as_str().unwrap()));
    }
    let statuses = at_once(PARALLEL, |number| {
        let admin = admins[number % ADMINS].clone();
        async move {
            let path = "/api/organization/leave";
            let left = insist(&admin, Method::POST, path, &json!({})).await;
            left.status.as_u16()
        }
    })
    .await;
    assert_eq!(count(&statuses, &204), ADMINS - 1, "{statuses:?}");
    let mut stayed = 0;
    for admin in &admins {
        let shown = admin.get("/api/organization").await;
        stayed += u32::from(shown.status == 200);
    }
    assert_eq!(stayed, 1);
}
