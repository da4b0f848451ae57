//! The host is killed in the middle of an upload: the file is not there, nor counted, and can be uploaded again.

use std::path::Path;

use stoa_kernel::id::HOST_PLUGIN;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::house::{House, token};
use super::rounds;
use crate::events::until;

/// Bytes of the file: more than one part, so that the storage has begun before the end.
const BYTES: usize = 9_000_000;

/// Files that are in a folder of any tenant, those that go on included.
fn files(dir: &Path) -> usize {
    let Ok(tenants) = std::fs::read_dir(dir.join("blobs")) else {
        return 0;
    };
    let count = |tenant: std::fs::DirEntry| std::fs::read_dir(tenant.path()).unwrap().count();
    tenants.map(|tenant| count(tenant.unwrap())).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_an_upload() {
    let house = House::empty().await;
    let content = "x".repeat(BYTES);
    for round in 0..rounds() {
        let host = house.start().await;
        let bearer = format!("Bearer {}", token(&host, "uma", "user").await);
        let before = files(house.dir.path());
        let mut stream = TcpStream::connect(host.address).await.unwrap();
        let head = format!(
            "POST /api/blobs HTTP/1.1\r\nhost: a\r\nauthorization: {bearer}\r\nidempotency-key: file-{round}\r\n\
             content-type: text/plain\r\ncontent-length: {}\r\n\r\n",
            BYTES + 1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(content.as_bytes()).await.unwrap();
        until("the storage never begins", async || {
            (files(house.dir.path()) > before).then_some(())
        })
        .await;
        host.kill();
        drop(stream);

        house.assert_files(round).await;
        let host = house.start().await;
        let key = format!("file-{round}");
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "text/plain"),
            ("idempotency-key", &*key),
        ];
        let whole = format!("{content}y");
        let (status, kept) = host.ask("POST /api/blobs", &headers, &whole).await.unwrap();
        assert_eq!(
            (status, &kept["size"]),
            (201, &(BYTES + 1).into()),
            "{kept}"
        );
        host.kill();
        house.assert_files(round + 1).await;
    }
}

impl House {
    /// So many files are known, and their bytes are counted.
    async fn assert_files(&self, count: usize) {
        let known = self.shelf(HOST_PLUGIN, "blobs").await;
        assert_eq!(known.len(), count);
        let usage = self.shelf(HOST_PLUGIN, "blobs_usage").await;
        let used = usage
            .get("total")
            .map_or(0, |total| total["bytes"].as_u64().unwrap());
        assert_eq!(used, (count * (BYTES + 1)) as u64);
    }
}
