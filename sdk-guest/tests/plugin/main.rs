//! A plugin with one handler for each thing that a handler may take or answer, run on the fakes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::prelude::*;
use stoa_guest::testing::Host;

stoa_guest::plugin!("tests/plugin/plugin.toml");

const NOTES: Collection<Note> = Collection::new("notes");

#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNote {
    pub title: String,
    #[serde(default)]
    #[schema(max = 5)]
    pub rank: u8,
}

#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub struct Note {
    #[serde(flatten)]
    pub new: NewNote,
    pub author: String,
    pub shop: Option<String>,
}

#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoteQuery {
    pub min_rank: Option<u8>,
    #[serde(default)]
    pub titles: Vec<String>,
}

fn health() -> Result<(), String> {
    Ok(())
}

fn migrate(stored: &str) -> Result<(), String> {
    if stored.is_empty() {
        Ok(())
    } else {
        Err(format!("{stored} is unknown"))
    }
}

fn greet(Path(name): Path<String>) -> Text {
    Text(format!(
        "{} {name}",
        settings::get::<String>("greeting").unwrap_or_default()
    ))
}

fn write_note(
    caller: Caller,
    Path(shop): Path<String>,
    Json(new): Json<NewNote>,
) -> Result<Created<Json<Note>>> {
    let note = Note {
        new,
        author: caller.user()?.into(),
        shop: Some(shop),
    };
    let id = random::ulid();
    NOTES.create(&id, &note)?;
    events::raise("note.written", &id, &note)?;
    if note.new.rank > 5 {
        return Err(Problem::unprocessable("rank", "rank is 0 to 5."));
    }
    Ok(Created(Json(note)))
}

fn numbered(Path((shop, number)): Path<(String, u32)>) -> (u16, Json<Value>) {
    (203, Json(json!({ "shop": shop, "number": number })))
}

fn replace_note(
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewNote>,
) -> Result<Json<Note>> {
    let mut stored = NOTES
        .get_versioned(&id)?
        .ok_or_else(|| Problem::not_found("note"))?;
    if stored.value.author != caller.user()? {
        return Err(Problem::not_found("note"));
    }
    stored.value.new = new;
    NOTES.put_if_version(&id, stored.version, &stored.value)?;
    Ok(Json(stored.value))
}

fn delete_note(Path(id): Path<String>) -> Result<NoContent> {
    if NOTES.delete(&id)? {
        Ok(NoContent)
    } else {
        Err(Problem::not_found("note"))
    }
}

fn list_notes(Query(query): Query<NoteQuery>) -> Result<Json<Vec<String>>> {
    let by_rank = query.min_rank.map_or_else(any, |rank| ge("rank", rank));
    let by_title = if query.titles.is_empty() {
        any()
    } else {
        one_of("title", query.titles)
    };
    let page = NOTES
        .query()
        .filter(by_rank.and(by_title))
        .sort_desc("rank")
        .run()?;
    Ok(Json(
        page.items
            .into_iter()
            .map(|item| item.value.new.title)
            .collect(),
    ))
}

fn echo(request: &Request) -> Response {
    let kind = inbound::header("content-type").unwrap_or_default();
    Response {
        status: 200,
        headers: Vec::new(),
        body: request.body.clone(),
    }
    .with_header("content-type", kind)
}

fn length(Body(body): Body) -> Text {
    Text(body.len().to_string())
}

fn host() -> Host {
    Host::of(include_str!("plugin.toml"))
}

fn write(host: &Host, title: &str, rank: u8) -> Result<Response> {
    host.request("write_note")
        .user("u1")
        .param("shop", "s1")
        .json(&json!({ "title": title, "rank": rank }))
        .send(dispatch)
}

#[test]
fn extractors_take_what_the_request_has() {
    let host = host();
    let greeting = host
        .request("greet")
        .param("name", "Ada")
        .send(dispatch)
        .unwrap();
    assert_eq!(
        (greeting.status, greeting.body.as_slice()),
        (200, b"Hello Ada".as_slice())
    );
    let numbered = host
        .request("numbered")
        .param("shop", "s")
        .param("number", "7")
        .send(dispatch)
        .unwrap();
    assert_eq!(
        (numbered.status, numbered.json()),
        (203, json!({ "shop": "s", "number": 7 }))
    );
    let length = host.request("length").body("four").send(dispatch).unwrap();
    assert_eq!(length.body, b"4");
    let echo = host
        .request("echo")
        .header("Content-Type", "text/csv")
        .body("a,b")
        .send(dispatch)
        .unwrap();
    assert_eq!(
        (echo.body.as_slice(), echo.headers[0].1.as_str()),
        (b"a,b".as_slice(), "text/csv")
    );
}

#[test]
fn a_note_is_written_told_of_listed_and_deleted() {
    let host = host();
    let written = write(&host, "first", 2).unwrap();
    assert_eq!(written.status, 201);
    assert_eq!(
        written.json(),
        json!({ "title": "first", "rank": 2, "author": "u1", "shop": "s1" })
    );
    write(&host, "second", 4).unwrap();
    let events = host.events();
    assert_eq!(
        (
            events.len(),
            events[0].name.as_str(),
            &events[0].payload["title"]
        ),
        (2, "note.written", &json!("first"))
    );

    let list = |query: &str| {
        host.request("list_notes")
            .query(query)
            .send(dispatch)
            .unwrap()
            .json()
    };
    assert_eq!(list(""), json!(["second", "first"]));
    assert_eq!(list("minRank=3"), json!(["second"]));
    assert_eq!(list("titles=first,third"), json!(["first"]));

    let deleted = host
        .request("delete_note")
        .param("id", &events[0].key)
        .send(dispatch)
        .unwrap();
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(list(""), json!(["second"]));
}

#[test]
fn a_late_problem_takes_back_what_was_written() {
    let host = host();
    let problem = write(&host, "first", 6).unwrap_err();
    assert_eq!(
        (problem.status, problem.field.as_deref()),
        (422, Some("rank"))
    );
    assert_eq!(
        (
            NOTES.query().run().unwrap().items.len(),
            host.events().len()
        ),
        (0, 0)
    );
}

#[test]
fn a_title_is_taken_once() {
    let host = host();
    write(&host, "first", 1).unwrap();
    let problem = write(&host, "first", 2).unwrap_err();
    assert_eq!(
        (
            problem.status,
            problem.code.as_str(),
            problem.field.as_deref()
        ),
        (409, "not-unique", Some("title"))
    );
}

#[test]
fn somebody_elses_note_is_no_note() {
    let host = host();
    write(&host, "first", 1).unwrap();
    let id = host.events()[0].key.clone();
    let replace = |user: &str, id: &str| {
        host.request("replace_note")
            .user(user)
            .param("id", id)
            .json(&json!({ "title": "new" }))
            .send(dispatch)
    };
    assert_eq!(
        replace("u2", &id).unwrap_err(),
        replace("u1", "nothing").unwrap_err()
    );
    assert_eq!(replace("u1", &id).unwrap().json()["title"], "new");
}

#[test]
fn what_does_not_fit_is_refused_before_the_handler_runs() {
    let host = host();
    let problem = host
        .request("write_note")
        .user("u1")
        .param("shop", "s")
        .body("{\"title\":1}")
        .send(dispatch)
        .unwrap_err();
    assert_eq!(
        (problem.status, problem.field.as_deref()),
        (400, Some("title"))
    );
    let problem = host
        .request("write_note")
        .param("shop", "s")
        .json(&json!({ "title": "t" }))
        .send(dispatch)
        .unwrap_err();
    assert_eq!(problem.status, 401);
    let problem = host
        .request("list_notes")
        .query("order=rank")
        .send(dispatch)
        .unwrap_err();
    assert_eq!(
        (problem.status, problem.field.as_deref()),
        (400, Some("order"))
    );
    assert_eq!(
        host.request("unheard_of").send(dispatch).unwrap_err().code,
        "unknown-handler"
    );
}

#[test]
fn the_lifecycle_is_the_authors() {
    assert_eq!(health(), Ok(()));
    assert_eq!(
        (migrate(""), migrate("0.0.9")),
        (Ok(()), Err("0.0.9 is unknown".to_string()))
    );
}

/// The types of a used interface are the plugin's to name, also where its functions can't run.
#[test]
fn types_of_used_interfaces_are_there() {
    let price = catalog::Money {
        minor: 100,
        currency: "EUR".into(),
    };
    assert_eq!(price, price.clone());
}

/// What is told of a note.
#[derive(Debug, Deserialize)]
struct Written {
    title: String,
}

/// Archives the note and keeps where, once.
fn on_note(event: Event<Written>) -> Result<()> {
    let title = event.payload.title;
    NOTES.put(&format!("archived-{}", event.id), &note(&title, "archive"))?;
    let sent = outbound::request("archive", outbound::Method::Post, "/notes")
        .json(&json!({ "title": title }))
        .purpose("archive")
        .send()?;
    match sent.status {
        200..=299 => Ok(()),
        status => Err(Problem::new(502, "bad-gateway", status.to_string())),
    }
}

fn remind(turn: Turn) -> Result<()> {
    let to = mail::Recipient::Account("u1".into());
    mail::send(to, "Notes", &clock::rfc3339(turn.due_ms))?;
    Ok(())
}

fn note(title: &str, author: &str) -> Note {
    Note {
        new: NewNote {
            title: title.into(),
            rank: 0,
        },
        author: author.into(),
        shop: None,
    }
}

#[test]
fn an_event_is_handled_and_a_problem_undoes_what_the_handler_did() {
    let host = host();
    let deliver = || {
        let event = host.event("note.written").id("E1").key("n1");
        event
            .json(&json!({ "title": "milk" }))
            .deliver(dispatch_event)
    };
    // Nobody answers elsewhere.
    assert_eq!(deliver().unwrap_err().code, "bad-gateway");
    assert!(NOTES.get("archived-E1").unwrap().is_none());
    host.elsewhere(|_| {
        Ok(stoa_guest::testing::Answered {
            status: 201,
            headers: Vec::new(),
            body: Vec::new(),
        })
    });
    deliver().unwrap();
    assert!(NOTES.get("archived-E1").unwrap().is_some());
    let sent = host.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        (sent[1].path.as_str(), sent[1].purpose.as_str()),
        ("/notes", "archive")
    );
    let unexpected = host.event("note.written").json(&json!({ "name": "milk" }));
    assert_eq!(
        unexpected.deliver(dispatch_event).unwrap_err().code,
        "unexpected-event"
    );
}

#[test]
fn a_turn_knows_when_it_was_due() {
    let host = host();
    host.set_time(0);
    host.turn("remind", dispatch_turn).unwrap();
    assert_eq!(host.letters()[0].text, "1970-01-01T00:00:00.000Z");
}

#[test]
fn a_signature_verifies_under_every_value_of_a_secret() {
    let host = host();
    let under = |key: &str| {
        host.secret("archive_key", &[key]);
        secrets::sign("archive_key", b"text").unwrap()
    };
    let (old, new, other) = (under("old"), under("new"), under("other"));
    host.secret("archive_key", &["new", "old"]);
    let verifies = |signature: &[u8]| secrets::verifies("archive_key", b"text", signature).unwrap();
    assert!(verifies(&old) && verifies(&new));
    assert!(!verifies(&other) && !verifies(&[]));
    assert!(matches!(
        secrets::sign("nothing", b""),
        Err(secrets::Error::Denied(_))
    ));
}
