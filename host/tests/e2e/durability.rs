//! What was acknowledged is there after the process was killed.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use stoa_testkit::guest_file;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::Stoa;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_host_loses_no_acknowledged_write() {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 3;
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("plugins")).unwrap();
    std::fs::copy(guest_file("probe"), dir.path().join("plugins/probe.wasm")).unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut host = Stoa::start(dir.path()).await;
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let address = host.address;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for number in 0.. {
                        let id = format!("r{round}w{writer}n{number}");
                        if !write(address, &id).await {
                            break;
                        }
                        let _ = sender.send(id);
                    }
                })
            })
            .collect();
        drop(sender);
        // Kill in the middle of the load, as soon as enough has been acknowledged.
        for _ in 0..60 {
            acknowledged.insert(receiver.recv().await.expect("the load ended by itself"));
        }
        host.process.kill().unwrap();
        host.process.wait().unwrap();
        while let Some(id) = receiver.recv().await {
            acknowledged.insert(id);
        }
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let host = Stoa::start(dir.path()).await;
    for id in &acknowledged {
        let answer = host
            .request(&format!("GET /probe/counters/{id} HTTP/1.1"))
            .await
            .unwrap();
        assert!(answer.contains(" 200 "), "{id} is lost: {answer}");
    }
    assert!(acknowledged.len() >= ROUNDS * 60);
}

async fn write(address: SocketAddr, id: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let request = format!(
        "PUT /probe/stock/{id}/7 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.is_ok()
        && String::from_utf8_lossy(&answer).contains(" 204 ")
}
