//! What `/health` says of the parts of a host that need Redis, and serve without it.

use serde_json::Value;

use crate::events::until;

/// Waits until a part has found Redis, or has noticed that it is gone.
pub async fn until_whole(name: &str, whole: bool, health: impl AsyncFn() -> Value) {
    until(&format!("{name} is whole: {whole}"), async || {
        let health = health().await;
        let parts = health["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["part"] == name).unwrap();
        assert_eq!(part["ready"], true, "a host without its Redis serves");
        (part.get("detail").is_none() == whole).then_some(())
    })
    .await;
}
