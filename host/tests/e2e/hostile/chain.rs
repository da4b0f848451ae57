//! Plugins that call each other in a row.

use stoa_kernel::limits::CALL_DEPTH_MAX;

use super::guest::{self, Guest};
use super::{host, outcome};

/// The guest at a place of the row: it calls the next one when it is called; the last one calls nobody.
fn link(place: u32, last: u32) -> Guest {
    let step = |place: u32| format!("test:hostile/step{place}@0.1.0");
    let (next, own) = (step(place + 1), step(place));
    let (mut head, mut import, mut act) = (String::new(), String::new(), "");
    if place < last {
        head += &format!(";; uses: {next}\n");
        import = format!("(import \"{next}\" \"go\" (func $next))");
        act = "(call $next)";
    }
    let mut provided = String::new();
    if place > 0 {
        head += &format!(";; provides: {own}\n");
        provided = format!("(func (export \"{own}#go\") {act})");
    }
    let text = format!(
        "{head};; expect: fine\n{import}\n(func (export \"stoa:http/handler@0.1.0#handle\") (param i32) (result i32)
  {act}
  (global.get $fine))\n{provided}"
    );
    guest::read(&format!("step{place}"), &text)
}

/// How a call of the first ends that goes through so many others.
async fn through(others: u32) -> String {
    let host = host().await;
    for place in 0..=others {
        let guest = link(place, others);
        let plugin = guest::assemble(&guest).expect("a plugin");
        host.install(&guest.name, &plugin).await.unwrap();
    }
    outcome(&host.anonymous().get("/step0").await)
}

#[tokio::test(flavor = "multi_thread")]
pub async fn calls_nest_so_deep_and_no_deeper() {
    assert_eq!(through(CALL_DEPTH_MAX).await, "fine");
    assert_eq!(through(CALL_DEPTH_MAX + 1).await, "plugin-limit");
}
