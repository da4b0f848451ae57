//! Requests that can be repeated safely: the answer to one with an `Idempotency-Key` commits with its effect.

use stoa_kernel::answer::{IdempotencyKey, StoredAnswer};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;

use super::{Platform, Unit, unavailable};

impl Platform {
    /// Handles a request once: a repetition is told the answer that [`Platform::answer`] has kept.
    ///
    /// # Errors
    /// Those of `handled`; 409 while the first one goes on; 422 when the contents are others; 503 when the store
    /// can't be reached.
    pub(crate) async fn once(
        &self,
        request: &Request,
        handled: impl Future<Output = Result<Response, Problem>>,
    ) -> Result<Response, Problem> {
        let Some(key) = &request.idempotency else {
            return handled.await;
        };
        let _running = self.in_flight.begin(&request.tenant, key)?;
        let platform = TenantId::platform();
        let stored = self.store.stored_answer(&platform, &key.id).await;
        match stored.map_err(unavailable)? {
            Some(answer) => answer.told(key),
            None => handled.await,
        }
    }

    /// As [`Platform::transact`], for work that comes to the request's answer: it is kept under the request's
    /// idempotency key as part of the commit.
    ///
    /// # Errors
    /// As [`Platform::transact`].
    pub(crate) async fn answer<F>(
        &self,
        request: &Request,
        work: impl Fn(Unit) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Response, Problem>>,
    {
        let answered = self.transact(|unit| {
            let worked = work(unit.clone());
            async move {
                let response = worked.await?;
                if let Some(key) = &request.idempotency {
                    self.keep(&unit, key, &response)?;
                }
                Ok(response)
            }
        });
        answered.await
    }

    fn keep(&self, unit: &Unit, key: &IdempotencyKey, response: &Response) -> Result<(), Problem> {
        let answer = StoredAnswer::of(key, response, self.now())?;
        unit.unit.keep_answer(&key.id, answer);
        Ok(())
    }
}
