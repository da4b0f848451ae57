//! Workers that are killed in the middle of runs, again and again: every run is done once, and none is lost.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};
use tokio::sync::{RwLock, mpsc};

use super::{LEASE_MS, RUNS, admitted, developer, open, queue, text, viewer, worker};

const WORKERS: usize = 4;
/// Times that each of them is killed.
const DEATHS: usize = 20;
/// More than the dead could end by being killed too late.
const RUNS_MADE: usize = 100;
/// Reports of a run on its way.
const REPORTS: usize = 3;

/// What all workers share.
struct Floor {
    host: Arc<TestHost>,
    /// Held for reading by whoever has a run. Time goes on only while nobody does, so that no living worker loses its
    /// lease to a test's clock.
    busy: RwLock<()>,
}

impl Floor {
    /// A worker's life. It tells each step of each run before taking it.
    async fn live(&self, step: mpsc::UnboundedSender<usize>) {
        let machine = worker(&self.host);
        loop {
            let at_work = self.busy.read().await;
            let answer = admitted(&machine, &format!("{RUNS}/lease"), &json!({})).await;
            if answer.status == 200 {
                self.run(&machine, &answer.json(), &step).await;
                continue;
            }
            let _ = answer.expect(204);
            drop(at_work);
            if self.unfinished().await == 0 {
                return;
            }
            // What is left is the dead's.
            let _idle = self.busy.write().await;
            self.host.clock.advance(LEASE_MS);
        }
    }

    async fn run(&self, machine: &Actor, run: &Value, step: &mpsc::UnboundedSender<usize>) {
        let (path, lease) = (format!("{RUNS}/{}", text(&run["id"])), &run["lease"]);
        for number in 0..REPORTS {
            let _ = step.send(number);
            let line = format!("attempt {} line {number}", run["attempt"]);
            let report = json!({"lease": lease, "lines": [{ "text": line }]});
            // Said twice, it counts once.
            let machine = machine.idempotent(&format!("{}-{number}", text(lease)));
            let standing = admitted(&machine, &format!("{path}/progress"), &report).await;
            assert_eq!(standing.json_of(200)["stop"], false);
        }
        let _ = step.send(REPORTS);
        let ended = json!({"lease": lease, "status": "passed"});
        let done = admitted(machine, &format!("{path}/complete"), &ended).await;
        assert_eq!(done.json_of(200)["status"], "passed");
    }

    async fn unfinished(&self) -> u64 {
        let list = format!("{RUNS}?status=queued,running&limit=1");
        let list = viewer(&self.host).get(&list).await.json_of(200);
        list["total"].as_u64().unwrap()
    }
}

/// Lives that are ended in the middle of a step, each of another one, and at last a life that nobody ends.
async fn die_and_live(floor: Arc<Floor>, worker: usize) -> usize {
    let mut deaths = 0;
    for life in 0..DEATHS {
        let (step, mut steps) = mpsc::unbounded_channel();
        let living = Arc::clone(&floor);
        let living = tokio::spawn(async move { living.live(step).await });
        let last = (worker + life) % (REPORTS + 1);
        while let Some(step) = steps.recv().await {
            if step == last {
                living.abort();
                deaths += 1;
                break;
            }
        }
        let ended = living.await;
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "it was killed at work"
        );
    }
    let (step, _steps) = mpsc::unbounded_channel();
    floor.live(step).await;
    deaths
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_again_and_again_do_every_run_once() {
    let host = Arc::new(open().await);
    let dora = developer(&host);
    for number in 0..RUNS_MADE {
        queue(
            &dora,
            &json!({"name": number.to_string(), "maxAttempts": 10}),
        )
        .await;
    }
    let floor = Arc::new(Floor {
        host: Arc::clone(&host),
        busy: RwLock::new(()),
    });
    let workers = (0..WORKERS).map(|worker| tokio::spawn(die_and_live(Arc::clone(&floor), worker)));
    let mut deaths = 0;
    for worker in workers.collect::<Vec<_>>() {
        deaths += worker.await.unwrap();
    }
    assert_eq!(deaths, WORKERS * DEATHS);

    let vera = viewer(&host);
    let passed = vera
        .get(&format!("{RUNS}?status=passed&limit=200"))
        .await
        .json_of(200);
    let passed = passed["items"].as_array().unwrap();
    assert_eq!(passed.len(), RUNS_MADE, "none is lost, none is given up");
    let mut tried_again = 0;
    for run in passed {
        let path = format!("{RUNS}/{}", text(&run["id"]));
        let run = vera.get(&path).await.json_of(200);
        let attempts = run["attempts"].as_array().unwrap();
        let (last, dead) = attempts.split_last().unwrap();
        assert_eq!(last["status"], "passed");
        assert!(
            dead.iter().all(|attempt| attempt["status"] == "errored"),
            "done once: {run}"
        );
        tried_again += dead.len();
        let log = format!("{path}/logs?attempt={}", last["number"]);
        let log = vera.get(&log).await.json_of(200);
        let lines: Vec<String> = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| text(&line["text"]))
            .collect();
        let expected = (0..REPORTS).map(|line| format!("attempt {} line {line}", last["number"]));
        assert_eq!(lines, expected.collect::<Vec<_>>());
    }
    // A death may come when its run was just done; most do not.
    assert!(
        tried_again >= WORKERS * DEATHS / 2,
        "{tried_again} runs lost their worker"
    );
}
