//! Who may call a route by its manifest, and what it takes to ask one.

use http::Method;
use serde_json::json;
use stoa_kernel::identity::{Caller, Role};
use stoa_kernel::wit::Route;
use stoa_testkit::{Actor, Answer};

/// Every role.
pub const ROLES: [Role; 6] = [
    Role::Admin,
    Role::Developer,
    Role::Viewer,
    Role::Vendor,
    Role::User,
    Role::Worker,
];

/// Whether the route's manifest names an account of this role. Written apart from the host's own rule, which this
/// judges.
pub fn admits(route: &Route, role: Role) -> bool {
    let names = |caller: &Caller| match caller {
        // A session is nobody; `user` is a word of its own: any account.
        Caller::Public | Caller::User => true,
        Caller::Session => false,
        named => json!(named) == json!(role),
    };
    route.callers.iter().any(names)
}

/// Asks a route about something, with as little of a body as it takes.
pub async fn ask(actor: &Actor, route: &Route, id: &str) -> Answer {
    let segments = route.path.split('/').map(|segment| {
        if segment.starts_with('{') {
            id
        } else {
            segment
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    let method: Method = route.method.as_str().parse().unwrap();
    let body = if route.request.is_some() { "{}" } else { "" };
    actor.send(method, &path, body).await
}
