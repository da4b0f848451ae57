//! What follows from a unit of work for those who listen, once it has committed: some connections end, others
//! hear of it.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use stoa_kernel::id::TenantId;
use stoa_kernel::live::{Live, Message, ORGANIZATION, Push};

/// Whose connections end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Those of a session, or of an API key.
    Session(String),
    /// Those of an account: in one tenant, or in all.
    Account(Option<TenantId>, String),
}

/// Gathered by a unit of work.
#[derive(Debug, Default)]
pub(super) struct Aftermath(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    endings: Vec<Ending>,
    news: Vec<(TenantId, Push)>,
}

impl Aftermath {
    fn with<R>(&self, act: impl FnOnce(&mut Gathered) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.with(|gathered| gathered.endings.is_empty() && gathered.news.is_empty())
    }

    pub(super) fn end(&self, ending: Ending) {
        self.with(|gathered| gathered.endings.push(ending));
    }

    pub(super) fn tell(&self, tenant: &TenantId, event: &str, payload: &Value) {
        let message = Message {
            channel: ORGANIZATION.into(),
            event: event.into(),
            payload: payload.to_string().into(),
            number: None,
        };
        let push = (tenant.clone(), Push::Say(Arc::new(message)));
        self.with(|gathered| gathered.news.push(push));
    }

    /// The unit has committed. Whoever is out does not hear of it any longer.
    pub(super) fn happen(&self, live: &dyn Live) {
        let Gathered { endings, news } = self.with(std::mem::take);
        for ending in endings {
            match ending {
                Ending::Session(session) => live.end_session(&session),
                Ending::Account(tenant, account) => live.end_account(tenant.as_ref(), &account),
            }
        }
        for (tenant, push) in news {
            live.push(&tenant, vec![push]);
        }
    }
}
