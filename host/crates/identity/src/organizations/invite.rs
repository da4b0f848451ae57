//! Offering somebody a place.

use serde::Deserialize;
use serde_json::json as object;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use stoa_kernel::mail::Letter;
use utoipa::ToSchema;

use super::access::{Insider, changer, organization};
use super::address::address;
use super::filters::equal;
use super::pending::InvitationView;
use super::role::of_person;
use super::{Organizations, plans, roster, times, token};
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Account, Invitation, Membership, Organization};
use crate::wire::{body, json};

/// How long an invitation can be accepted: a week, so that a holiday or two are no reason to ask again.
const LIFETIME_MS: Millis = 7 * 86_400_000;

/// The name of the letter's template.
const TEMPLATE: &str = "invitation";

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewInvitation {
    email: String,
    /// What they will be: `admin`, `developer`, `viewer`, `vendor` or `user`.
    #[schema(value_type = String)]
    role: Role,
}

/// `POST /api/invitations`
pub(super) async fn invite(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let new: NewInvitation = body(request)?;
    let (email, role) = (address(&new.email)?, of_person(new.role)?);
    let email = &email;
    let invited = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        let invitation = offer(service, &unit, caller, email, role).await?;
        json(201, &InvitationView::from(invitation))
    });
    invited.await
}

async fn offer(
    service: &Organizations,
    unit: &Unit,
    caller: Insider<'_>,
    email: &str,
    role: Role,
) -> Result<Stored<Invitation>, Problem> {
    let now = service.platform.now();
    let mut organization = organization(unit, caller.tenant).await?;
    refuse_member(unit, caller, email).await?;
    let id = Invitation::id(caller.tenant, email);
    organization
        .invitations
        .retain(|other, ends_at| *other != id && *ends_at > now);
    plans::check_invitation(&organization, now)?;

    let secret = token::fresh(service.platform.random());
    let invitation = Invitation {
        tenant: caller.tenant.clone(),
        email: email.to_owned(),
        role,
        invited_by: caller.account.id.clone(),
        token: token::stored(&secret),
        created_at: now,
        ends_at: now.saturating_add(LIFETIME_MS),
    };
    organization
        .invitations
        .insert(id.clone(), invitation.ends_at);
    unit.put(&id, &invitation).await.map_err(unavailable)?;
    let put = unit.put(caller.tenant.as_str(), &organization).await;
    put.map_err(unavailable)?;
    let link = link(&service.config.public_url, &secret);
    let letter = letter(unit, caller, &organization, &invitation, &link).await?;
    unit.post(&letter).await?;
    Ok(Stored {
        id,
        record: invitation,
    })
}

async fn refuse_member(unit: &Unit, caller: Insider<'_>, email: &str) -> Result<(), Problem> {
    let Some(account) = unit.find::<Account>(equal(&[("email", email)])?).await? else {
        return Ok(());
    };
    let membership = Membership::id(caller.tenant, &account.id);
    match unit.get::<Membership>(&membership).await? {
        Some(_) => Err(roster::already_member()),
        None => Ok(()),
    }
}

/// Where the token goes with a page's own request: what stands behind `#` reaches no server and no log.
fn link(public_url: &str, secret: &str) -> String {
    format!(
        "{}/invitations/accept#token={secret}",
        public_url.trim_end_matches('/')
    )
}

async fn letter(
    unit: &Unit,
    caller: Insider<'_>,
    organization: &Organization,
    invitation: &Invitation,
    link: &str,
) -> Result<Letter, Problem> {
    let inviter = unit.get::<Account>(&caller.account.id).await?;
    Ok(Letter {
        to: invitation.email.clone(),
        template: TEMPLATE.into(),
        values: object!({
            "organization": organization.name,
            "inviter": inviter.map(|account| account.name),
            "role": invitation.role,
            "link": link,
            "expiresAt": times::rfc3339(invitation.ends_at),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn a_link_begins_with_the_configured_address() {
        for url in ["https://shop.example", "https://shop.example/"] {
            assert_eq!(
                link(url, "abc"),
                "https://shop.example/invitations/accept#token=abc"
            );
        }
    }
}
