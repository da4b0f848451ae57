//! Parts of the host that answer requests themselves. They are declared, matched, guarded and documented just
//! as plugins are, so that one way leads to every route.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_wit::Package;

use crate::call::{Incoming, Request, Response, Streamed};
use crate::error::Problem;

/// A part of the host with routes of its own, such as accounts. Its routes come before those of plugins.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Its manifest and the schemas of its types. The manifest's routes lead here; its collections lie in the
    /// platform's database, out of every plugin's reach.
    fn package(&self) -> &Arc<Package>;

    /// Answers a request that its route admitted; `handler` is the route's. The answer to one with an idempotency
    /// key is kept as part of the commit that it reports, and told to the repetition.
    ///
    /// # Errors
    /// The problem that the client is told.
    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem>;

    /// Whether [`Service::stream`] answers requests for this handler, because a body is too large for memory.
    fn streams(&self, _handler: &str) -> bool {
        false
    }

    /// Answers a request whose own body is still on its way: `request.body` is empty, and the fingerprint of
    /// `request.idempotency` does not cover it.
    ///
    /// # Errors
    /// The problem that the client is told.
    async fn stream(
        &self,
        handler: &str,
        _request: Request,
        _body: Incoming,
    ) -> Result<Streamed, Problem> {
        Err(Problem::internal(format!("{handler} does not stream")))
    }
}
