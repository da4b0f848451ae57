//! Tickets: what speaks for an account once, where no header can be sent.

use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Account, AuthenticationError, Credential};
use stoa_kernel::store::StoreError;

use super::{Identity, refused, unavailable, unreadable};
use crate::platform::unavailable as unreachable;
use crate::records::{Bearer, Ticket};
use crate::token;

/// How long a ticket is good: a page asks for one when it is about to connect.
const TICKET_S: u32 = 60;

impl Identity {
    pub(super) async fn keep_ticket(&self, account: &Account) -> Result<(String, u32), StoreError> {
        let secret = token::fresh(self.platform.random());
        let ticket = Ticket {
            bearer: bearer(account),
            ends_at: self
                .platform
                .now()
                .saturating_add(1_000 * u64::from(TICKET_S)),
        };
        let (id, ticket) = (&token::stored(&secret), &ticket);
        let kept = self
            .platform
            .transact(|unit| async move { unit.put(id, ticket).await.map_err(unreachable) });
        kept.await.map_err(|problem| unreadable(&problem))?;
        Ok((secret, TICKET_S))
    }

    /// Of those who present it at once one succeeds: each has read what the first one to commit deletes.
    pub(super) async fn take_ticket(&self, secret: &str) -> Result<Account, AuthenticationError> {
        let id = &token::stored(secret);
        let taken = self.platform.transact(|unit| async move {
            let ticket: Option<Ticket> = unit.get(id).await?;
            if ticket.is_some() {
                unit.delete::<Ticket>(id).await?;
            }
            Ok::<_, Problem>(ticket)
        });
        let ticket = taken.await.map_err(unavailable)?;
        let ticket = ticket
            .filter(|ticket| ticket.ends_at > self.platform.now())
            .ok_or_else(|| refused("the ticket is unknown, used or over"))?;
        self.of_bearer(ticket.bearer).await
    }

    /// Who this is at this moment.
    pub(super) async fn of_bearer(&self, bearer: Bearer) -> Result<Account, AuthenticationError> {
        match bearer {
            Bearer::Session { account, session } => {
                let session = session.into();
                self.by_session(&account, &session).await
            }
            Bearer::Key { id } => self.by_key_id(&id).await,
            Bearer::Development(account) if self.config.development_tokens => Ok(account.into()),
            Bearer::Development(_) => Err(refused("no session stands behind it")),
        }
    }
}

/// What stands behind an account.
pub(super) fn bearer(account: &Account) -> Bearer {
    match &account.credential {
        Credential::Session(session) => Bearer::Session {
            account: account.id.clone(),
            session: session.to_string(),
        },
        Credential::Key { id, .. } => Bearer::Key { id: id.to_string() },
        Credential::Development => Bearer::Development(account.into()),
    }
}
