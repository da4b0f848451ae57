//! People who watch runs by Socket.IO, with the clients that they use.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::TestHost;

use super::{RUNS, admitted, developer, lease, queue, worker};
use crate::live::{Client, LIBRARIES, TRANSPORTS, serve};

const CHANNEL: &str = "executions/runs";

/// The next change of a run, and where it was told.
async fn updated(client: &mut Client) -> Value {
    let mut args = client.event("execution.updated").await;
    assert_eq!(args.pop(), Some(json!({ "channel": CHANNEL })));
    args.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_hears_each_step_of_a_run() {
    let served = serve(TestHost::builder().plugin("executions")).await;
    let host = &served.host;
    let (dora, machine) = (developer(host), worker(host));
    for library in LIBRARIES {
        for transports in TRANSPORTS {
            let token = served.token_in("main", "vera", Role::Viewer);
            let mut vera = Client::start(&served, library, transports, &json!({ "token": token }));
            // Nobody has to ask for it: the channel greets.
            while vera.event("joined").await[0]["channel"] != CHANNEL {}

            let id = queue(&dora, &json!({ "name": "checkout", "command": "make" })).await;
            let queued = updated(&mut vera).await;
            assert_eq!(
                (&queued["executionId"], &queued["status"]),
                (&json!(id), &json!("queued")),
                "{library:?} {transports}"
            );
            let (leased, lease) = lease(&machine).await.unwrap();
            assert_eq!(leased, id);
            assert_eq!(updated(&mut vera).await["status"], "running");
            let path = format!("{RUNS}/{id}");
            let report = json!({ "lease": lease, "lines": [{ "text": "one" }, { "text": "two" }] });
            let standing = admitted(&machine, &format!("{path}/progress"), &report).await;
            assert_eq!(standing.json_of(200)["stop"], false);
            assert_eq!(updated(&mut vera).await["logLines"], 2);
            let done = json!({ "lease": lease, "status": "passed" });
            let done = admitted(&machine, &format!("{path}/complete"), &done).await;
            assert_eq!(done.json_of(200)["status"], "passed");
            let passed = updated(&mut vera).await;
            assert_eq!(
                (&passed["executionId"], &passed["status"]),
                (&json!(id), &json!("passed"))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_see_no_runs_hears_of_none() {
    let served = serve(TestHost::builder().plugin("executions")).await;
    let dora = developer(&served.host);
    for library in LIBRARIES {
        let outside = [
            served.token("uma"),
            served.token_in("elsewhere", "vera", Role::Viewer),
        ];
        let mut clients = Vec::new();
        for token in outside {
            let auth = json!({ "token": token });
            let mut client = Client::start(&served, library, TRANSPORTS[0], &auth);
            client.event("connect").await;
            clients.push(client);
        }
        let refused = clients[0].ask("join", json!({ "channel": CHANNEL })).await;
        assert_eq!(refused["problem"]["status"], 404);
        queue(&dora, &json!({ "name": "secret", "command": "make" })).await;
        for client in &mut clients {
            // Whatever was to be heard came before this answer.
            client.emit("leave", json!({ "channel": "rooms/none" }));
            loop {
                let (event, args) = client.next().await;
                assert_ne!(event, "execution.updated", "{library:?} {args:?}");
                if event == "ack" {
                    break;
                }
            }
        }
    }
}
