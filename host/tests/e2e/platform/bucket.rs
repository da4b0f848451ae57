//! The story where plugins' files are in a bucket: a real server that speaks the language of S3.

use stoa_testkit::TestHost;

use super::{PROBE, greeting, story, upload, version};
use crate::files::s3::Server;

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bucket_a_plugin_has_the_same_life() {
    let server = Server::start("plugins").await;
    let config = server.config("plugins");
    let host = TestHost::builder().files(config.clone()).start().await;
    story::upgrade(&host).await;

    // Each file is there once, beside those of tenants.
    let shown = host.operator("olga").get(PROBE).await.json_of(200);
    let serving = shown["places"][0]["serving"]["digest"].as_str().unwrap();
    let listed = server.request("GET /plugins").await;
    assert_eq!(listed.matches("<Key>").count(), 3, "{listed}");
    assert!(listed.contains(serving), "{listed}");

    // Another host on the same database finds them.
    let other = TestHost::builder().beside(&host).files(config);
    let other = other.start().await;
    let anybody = other.anonymous();
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.3.0"));

    // Without the bucket nothing can be uploaded, and what serves goes on.
    drop(server);
    let refused = upload(&host.vendor("vera"), version("0.4.0")).await;
    let _ = refused.problem(503, "unavailable");
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.3.0"));
}
