//! What is kept about people.

use super::*;
use crate::run::RUNS;

fn forget(floor: &Floor, name: &str, source: &str) {
    let event = floor.host.event(name).source(source).key("dora");
    let event = event.json(&json!({"userId": "dora"}));
    event.deliver(crate::dispatch_event).unwrap();
}

#[test]
fn who_queued_a_run_is_told_and_forgotten() {
    let floor = Floor::new();
    let id = floor.named("one");
    let told = crate::personal_data("dora").unwrap();
    assert_eq!(told["testRuns"][0]["id"], id);
    assert_eq!(crate::personal_data("eve").unwrap(), json!({}));
    forget(&floor, "user.erased", "shop");
    forget(&floor, "executions.forgetting", "host");
    assert_eq!(floor.show(&id)["createdBy"], "dora");
    forget(&floor, "user.erased", "host");
    assert_eq!(floor.show(&id)["createdBy"], Value::Null);
    assert_eq!(crate::personal_data("dora").unwrap(), json!({}));
}

#[test]
fn who_queued_very_many_is_forgotten_in_parts() {
    let floor = Floor::new();
    let run = RUNS.get(&floor.named("one")).unwrap().unwrap();
    for number in 0..300 {
        RUNS.put(&number.to_string(), &run).unwrap();
    }
    let waiting = || {
        let raised = floor.host.events().into_iter();
        raised
            .filter(|event| event.name == "executions.forgetting")
            .count()
    };
    forget(&floor, "user.erased", "host");
    assert_eq!(waiting(), 1);
    forget(&floor, "executions.forgetting", "executions");
    assert_eq!(
        (waiting(), crate::personal_data("dora").unwrap()),
        (1, json!({}))
    );
}
