//! The next pair of tokens. Each refresh token is good once; one that was used before is in two hands, and the
//! session ends for both.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::filters::equal;
use super::sign_in::{Origin, ends_at, issue, next_token};
use super::{Accounts, SignedIn, tenant, token, view};
use crate::oidc::{Provider, REFRESH_COOKIE, refresh_cookie};
use crate::platform::{Unit, unavailable};
use crate::records::{Account, Session};
use crate::wire::{body, json};

/// How long after its replacement a used token is no sign of theft: two tabs of one browser, or an answer that
/// was lost on its way. It is refused all the same.
const GRACE_MS: Millis = 5_000;

/// A refresh token; without a body, the browser's cookie holds it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    refresh_token: String,
}

/// `POST /api/auth/refresh`
pub(super) async fn refresh(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    // Of a browser that signed in elsewhere and was sent on.
    let cookie = request.cookie(REFRESH_COOKIE);
    let in_cookie = cookie.filter(|_| request.body.is_empty());
    let refresh_token = match in_cookie {
        Some(token) => token.to_owned(),
        None => body::<Refresh>(request)?.refresh_token,
    };
    let (token, origin) = (&refresh_token, &Origin::of(request));
    let rotated = service
        .platform
        .transact(|unit| async move { rotate(service, &unit, token, origin).await });
    // That a session ended is committed, so the refusal is told only now.
    let signed_in = rotated.await?.ok_or_else(refused)?;
    let mut answer = json(200, &signed_in)?;
    if let (Some(_), Some(next)) = (in_cookie, &signed_in.refresh_token) {
        let is_secure = service
            .provider
            .as_ref()
            .is_some_and(Provider::has_secure_cookies);
        let kept = refresh_cookie(next, is_secure);
        answer.headers.push(("set-cookie".into(), kept));
    }
    Ok(answer)
}

async fn rotate(
    service: &Accounts,
    unit: &Unit,
    refresh_token: &str,
    origin: &Origin,
) -> Result<Option<SignedIn>, Problem> {
    let now = service.platform.now();
    let Some((family, _)) = refresh_token.split_once('.') else {
        return Ok(None);
    };
    let of_family = equal(&[("family", &token::stored(family))])?;
    let Some(found) = unit.find::<Session>(of_family).await? else {
        return Ok(None);
    };
    let id = found.id;
    let session: Option<Session> = unit.get(&id).await?;
    let Some(mut session) = session.filter(|session| session.ends_at > now) else {
        return Ok(None);
    };
    let presented = token::stored(refresh_token);
    if session.token != presented {
        if !is_just_replaced(&session, &presented, now) {
            unit.delete::<Session>(&id).await?;
        }
        return Ok(None);
    }
    let Some(account) = holder(service, unit, &session).await? else {
        unit.delete::<Session>(&id).await?;
        return Ok(None);
    };
    let next = next_token(service, family);
    session.before = Some((presented, now));
    session.token = token::stored(&next);
    session.used_at = now;
    session.ends_at = ends_at(service, session.created_at, now);
    session.user_agent.clone_from(&origin.user_agent);
    session.address.clone_from(&origin.address);
    unit.put(&id, &session).await.map_err(unavailable)?;
    let tenant = session.tenant.as_ref();
    let user = view::user(service, unit, &session.account, &account, tenant).await?;
    issue(service, user, &id, Some(next)).map(Some)
}

fn is_just_replaced(session: &Session, presented: &str, now: Millis) -> bool {
    session
        .before
        .as_ref()
        .is_some_and(|(before, at)| before == presented && now.abs_diff(*at) < GRACE_MS)
}

/// The account, if the session may still speak for it where it works.
async fn holder(
    service: &Accounts,
    unit: &Unit,
    session: &Session,
) -> Result<Option<Account>, Problem> {
    let account: Option<Account> = unit.get(&session.account).await?;
    let account = account.filter(|account| !account.suspended && account.epoch == session.epoch);
    let place = tenant::role(service, unit, &session.account, session.tenant.as_ref()).await?;
    Ok(account.filter(|_| place.is_some()))
}

fn refused() -> Problem {
    Problem::new(
        401,
        "invalid-refresh-token",
        "The refresh token is not good: sign in again.",
    )
}
