//! What `plugin!` makes of manifests. That it compiles is shown by the plugins themselves.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::plugin;

const ROUTE: &str = r#"
    [[route]]
    method = "GET"
    path = "/things/{id}"
    handler = "get_thing"
    callers = ["public"]
"#;

fn manifest(more: &str) -> String {
    format!("name = \"sample\"\nversion = \"0.1.0\"\n{more}")
}

/// The expansion without its spaces.
fn expanded(more: &str) -> String {
    plugin(&manifest(more), "")
        .unwrap()
        .to_string()
        .replace(char::is_whitespace, "")
}

#[test]
fn each_handler_is_one_arm_however_many_routes_it_has() {
    let other = ROUTE.replace("/things", "/objects");
    let found = expanded(&format!("{ROUTE}{other}"));
    assert_eq!(
        found
            .matches(r#""get_thing"=>::stoa_guest::__private::call(get_thing,request),"#)
            .count(),
        1
    );
    assert!(found.contains("export_handler!"), "{found}");
}

#[test]
fn what_listeners_say_is_handled_as_requests_are() {
    let found = expanded(
        "[[channel]]\nname = \"sample/{id}\"\ncallers = [\"user\"]\njoin = \"admit\"\n\
         [channel.messages]\ntyping = \"typing\"",
    );
    for handler in ["admit", "typing"] {
        let arm = format!(r#""{handler}"=>::stoa_guest::__private::call({handler},request),"#);
        assert!(found.contains(&arm), "{found}");
    }
    assert!(found.contains("export_handler!"), "{found}");
}

#[test]
fn events_and_turns_have_dispatchers_of_their_own() {
    let found = expanded(
        "[[subscribe]]\nevent = \"a.b\"\nhandler = \"on_it\"\n[[subscribe]]\nevent = \"a.c\"\nhandler = \"on_it\"\n\
         [[schedule]]\nhandler = \"tidy\"\nevery_s = 60",
    );
    let arm = r#""on_it"=>::stoa_guest::__private::deliver(on_it,event),"#;
    assert_eq!(found.matches(arm).count(), 1, "{found}");
    assert!(found.contains(r#""tidy"=>tidy(turn),"#), "{found}");
    assert!(found.contains("export_subscriber!") && found.contains("export_scheduled!"));
}

#[test]
fn who_keeps_personal_data_has_a_function_that_tells_it() {
    let found = expanded(
        "personal_data = true\n[[subscribe]]\nevent = \"user.erased\"\nhandler = \"forget\"",
    );
    assert!(
        found.contains("told(self::personal_data(&account))")
            && found.contains("export_personal_data!"),
        "{found}"
    );
}

#[test]
fn only_what_the_manifest_says_is_exported() {
    let found = expanded("lifecycle = true");
    assert!(
        found.contains("self::migrate(&stored)") && found.contains("export_lifecycle!"),
        "{found}"
    );
    assert!(
        !found.contains("export_handler!") && !found.contains("between_plugins"),
        "{found}"
    );
}

#[test]
fn interfaces_become_modules_under_the_manifests_names() {
    let found = expanded(
        "[uses]\nshelf = \"stoa:commerce/catalog@0.1.0\"\n[provides]\ndesk = \"acme:front-desk/help@1.0.0\"",
    );
    assert!(
        found.contains("importstoa:commerce/catalog@0.1.0;exportacme:front-desk/help@1.0.0;"),
        "{found}"
    );
    assert!(
        found.contains("pubusecrate::between_plugins::stoa::commerce::catalogasshelf;"),
        "{found}"
    );
    assert!(
        found.contains("pubusecrate::between_plugins::exports::acme::front_desk::helpasdesk;"),
        "{found}"
    );
}

#[test]
fn a_bad_manifest_is_refused_by_the_key_at_fault() {
    for (more, key) in [
        ("colour = \"blue\"".to_string(), "colour"),
        (ROUTE.replace("GET", "FETCH"), "FETCH"),
        (ROUTE.replace("get_thing", "get-thing"), "get-thing"),
        (ROUTE.replace("get_thing", "match"), "\"match\""),
        (
            "[uses]\ntype = \"stoa:commerce/catalog@0.1.0\"".to_string(),
            "\"type\"",
        ),
        ("[collections.things]".to_string(), "storage"),
    ] {
        let reason = plugin(&manifest(&more), "").unwrap_err().to_string();
        assert!(reason.contains(key), "{reason} does not name {key}");
    }
}

#[test]
fn interfaces_of_the_projects_own_packages_are_there_as_well() {
    let own = "package acme:loyalty@0.1.0 {\ninterface points {\nbalance: func(account: string) -> s64;\n}\n}\n";
    let manifest = manifest("[provides]\npoints = \"acme:loyalty/points@0.1.0\"");
    let found = plugin(&manifest, own).unwrap().to_string();
    let found = found.replace(char::is_whitespace, "");
    assert!(found.contains("packageacme:loyalty@0.1.0"), "{found}");
    let path = "crate::between_plugins::exports::acme::loyalty::pointsaspoints";
    assert!(found.contains(path), "{found}");
}
