//! Settings, one by one and as a struct.

use serde::Deserialize;
use serde_json::json;

use super::{Host, MANIFEST};
use crate::settings;

#[derive(Debug, Deserialize, PartialEq)]
struct All {
    greeting: String,
    limit: Option<u8>,
}

#[test]
fn settings_are_read_into_a_struct_by_the_names_of_its_fields() {
    let host = Host::of(MANIFEST);
    let all = || settings::all::<All>();
    let greeting = "hello".to_owned();
    assert_eq!(
        all().unwrap(),
        All {
            greeting,
            limit: None
        }
    );
    host.set("greeting", "ahoy");
    host.set("limit", 7);
    let greeting = "ahoy".to_owned();
    assert_eq!(
        all().unwrap(),
        All {
            greeting,
            limit: Some(7)
        }
    );
    assert_eq!(settings::get::<u8>("limit"), Some(7));
}

#[test]
fn what_the_struct_does_not_take_is_named() {
    let host = Host::new();
    let problem = settings::all::<All>().unwrap_err();
    assert!(problem.detail.contains("greeting"), "{problem:?}");
    host.set("greeting", "x");
    host.set("limit", json!([1]));
    let problem = settings::all::<All>().unwrap_err();
    assert_eq!(problem.status, 500);
    assert!(problem.detail.contains("limit"), "{problem:?}");
    let problem = settings::all::<std::collections::BTreeMap<String, u8>>().unwrap_err();
    assert!(problem.detail.contains("struct"), "{problem:?}");
}
