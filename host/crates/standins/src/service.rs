//! What the stand-ins have in common.

use serde_json::Value;

use crate::call::{Call, Reply};
use crate::mishap::Mishap;
use crate::post::Post;

/// A service's API.
pub trait Service: Send + Sync + 'static {
    /// Answers. What happens to the connection in a mishap is not its business; what it does and answers is.
    fn serve(&self, call: &Call, mishap: Option<Mishap>) -> Reply;

    /// What happens to a request that has come.
    fn mishap_of(&self, call: &Call) -> Option<Mishap>;

    /// Lets a mishap happen to the next request that changes anything.
    fn mishap(&self, mishap: Mishap);

    /// What a buyer, a bank or a phone's owner does: see `/_standin/act`.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    fn act(&self, act: Value) -> Result<Value, String>;

    /// Its webhooks.
    fn post(&self) -> &Post;
}
