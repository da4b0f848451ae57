//! Where news of all outboxes come in: from commits of this process, and from pumps.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stoa_kernel::clock::Millis;
use stoa_kernel::event::OutboxListener;
use stoa_kernel::id::TenantId;
use tokio::sync::Notify;

use super::pump::Wake;

/// News that nobody has taken yet.
#[derive(Debug, Default)]
pub struct News {
    /// What pumps are to look at.
    pub wakes: HashMap<TenantId, Wake>,
    /// When the next delayed event of a tenant is due.
    pub due: BTreeMap<TenantId, Millis>,
}

/// A tenant's figures while it has a pump.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// When its oldest event was to be delivered.
    pub oldest_at: Option<Millis>,
    /// Events that are under way or held.
    pub waiting: usize,
    /// Lanes that are held.
    pub held: usize,
}

/// Takes news and gives them to the dispatcher.
#[derive(Default)]
pub struct Hub {
    news: Mutex<News>,
    /// Rung with every news.
    pub rung: Notify,
    opened: Mutex<Vec<TenantId>>,
    /// Rung with every tenant that was opened.
    pub has_opened: Notify,
    figures: Mutex<HashMap<TenantId, Figures>>,
}

impl Hub {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a tenant looked at.
    pub fn wake(&self, tenant: &TenantId, wake: Wake) {
        let mut news = self.news();
        news.wakes.entry(tenant.clone()).or_default().merge(wake);
        drop(news);
        self.rung.notify_one();
    }

    /// Has a tenant's delayed events looked at from a time on.
    pub fn due(&self, tenant: &TenantId, at: Millis) {
        let mut news = self.news();
        let known = news.due.entry(tenant.clone()).or_insert(at);
        *known = at.min(*known);
        drop(news);
        self.rung.notify_one();
    }

    /// What has come in.
    pub fn take(&self) -> News {
        std::mem::take(&mut *self.news())
    }

    /// The tenants that were opened since the last question.
    pub fn take_opened(&self) -> Vec<TenantId> {
        std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A tenant's figures, or that its pump has ended.
    pub fn report(&self, tenant: &TenantId, figures: Option<Figures>) {
        let mut all = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        match figures {
            Some(figures) => all.insert(tenant.clone(), figures),
            None => all.remove(tenant),
        };
    }

    /// The figures of all tenants together.
    pub fn figures(&self) -> Figures {
        let all = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        Figures {
            oldest_at: all.values().filter_map(|figures| figures.oldest_at).min(),
            waiting: all.values().map(|figures| figures.waiting).sum(),
            held: all.values().map(|figures| figures.held).sum(),
        }
    }
}

impl OutboxListener for Hub {
    fn raised(&self, tenant: &TenantId, first: Option<&str>, due_at: Option<Millis>) {
        if let Some(first) = first {
            let from = Some(first.to_owned());
            self.wake(
                tenant,
                Wake {
                    from,
                    ..Wake::default()
                },
            );
        }
        if let Some(at) = due_at {
            self.due(tenant, at);
        }
    }

    fn opened(&self, tenant: &TenantId) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push(tenant.clone());
        drop(opened);
        self.has_opened.notify_one();
    }
}
