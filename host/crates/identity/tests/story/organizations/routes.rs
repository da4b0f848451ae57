//! The manifest and the code agree.

use serde_json::Value;
use stoa_kernel::service::Service as _;

use super::world::{Caller, world};

#[tokio::test]
async fn every_handler_of_the_manifest_is_dispatched() {
    let world = world().await;
    let package = world.service.package();
    package.check().unwrap();
    for route in &package.manifest.routes {
        let answer = world
            .on(&Caller::nobody(), &route.handler, "x", Value::Null)
            .await;
        let problem = answer.map(|answer| answer.status).unwrap_err();
        assert!(problem.status < 500, "{}: {problem:?}", route.handler);
    }
    let unknown = world
        .on(&Caller::nobody(), "unknown", "x", Value::Null)
        .await;
    assert_eq!(unknown.unwrap_err().status, 500);
}
