//! The site's stories, told through its handlers over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod applications;
mod cvs;
mod demo;
mod feeds;
mod jobs;
mod lists;
mod personal;
mod posts;
mod safety;
mod schedule;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, Person, RequestBuilder};
use stoa_guest::{Problem, Response, Result, merge_patch};

/// A site with a fake host, and those who visit it.
struct Site(Host);

/// Who asks.
#[derive(Debug, Clone, Copy)]
enum Who {
    Anybody,
    User(&'static str),
    Admin,
}

use Who::{Admin, Anybody, User};

impl Site {
    fn new() -> Self {
        let host = Host::of(include_str!("../../plugin.toml"));
        host.person(Person {
            id: "root".into(),
            email: "root@example.com".into(),
            name: "Ada Root".into(),
            role: "admin".into(),
            email_verified: true,
            joined_at_ms: 0,
        });
        Self(host)
    }

    fn by(&self, who: Who, handler: &str) -> RequestBuilder {
        let request = self.0.request(handler);
        match who {
            Anybody => request,
            User(id) => request.user(id),
            Admin => request.account("root", "admin"),
        }
    }

    /// A request about something.
    fn about(&self, who: Who, handler: &str, id: &str, body: &Value) -> Result<Response> {
        let request = self.by(who, handler).param("id", id);
        request.json(body).send(crate::dispatch)
    }

    fn try_add(&self, handler: &str, least: Value, members: Value) -> Result<Value> {
        let mut whole = least;
        merge_patch(&mut whole, members);
        self.0.advance(1);
        let request = self.by(Admin, handler).json(&whole);
        let answer = request.send(crate::dispatch)?;
        assert_eq!(answer.status, 201);
        Ok(answer.json())
    }

    /// Adds a post with these members beside the least that it needs.
    fn try_post(&self, members: Value) -> Result<Value> {
        let least = json!({ "title": "Hello, World!", "content": "Some *words*." });
        self.try_add("create_post", least, members)
    }

    fn post(&self, members: Value) -> Value {
        self.try_post(members).unwrap()
    }

    /// A post that everybody sees.
    fn published(&self, members: Value) -> Value {
        let mut whole = json!({ "status": "published" });
        merge_patch(&mut whole, members);
        self.post(whole)
    }

    fn try_job(&self, members: Value) -> Result<Value> {
        let least = json!({ "title": "Mason", "description": "Builds **walls**." });
        self.try_add("create_job", least, members)
    }

    fn job(&self, members: Value) -> Value {
        self.try_job(members).unwrap()
    }

    fn apply(&self, who: Who, job: &str, members: Value) -> Result<Value> {
        let mut whole = json!({ "name": "Grace", "email": "grace@example.org" });
        merge_patch(&mut whole, members);
        let answer = self.about(who, "apply", job, &whole)?;
        assert_eq!(answer.status, 201);
        Ok(answer.json())
    }

    fn see(&self, who: Who, handler: &str, name: &str) -> Result<Value> {
        let answer = self.about(who, handler, name, &Value::Null)?;
        assert_eq!(answer.status, 200);
        Ok(answer.json())
    }

    fn try_list(&self, who: Who, handler: &str, query: &str) -> Result<Value> {
        let request = self.by(who, handler).query(query);
        request.send(crate::dispatch).map(|answer| answer.json())
    }

    /// The slugs of a list, in its order.
    fn slugs(&self, who: Who, handler: &str, query: &str) -> Vec<String> {
        let list = self.try_list(who, handler, query).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| text(&item["slug"])).collect()
    }

    fn event_names(&self) -> Vec<String> {
        let events = self.0.events().into_iter();
        events.map(|event| event.name).collect()
    }

    /// Lets the plugin handle its own events for later of this name, as the host does when they are due.
    fn let_pass(&self, event: &str) {
        for raised in self.0.events() {
            if raised.name == event {
                self.0.set_time(raised.due_at_ms.unwrap());
                let due = self.0.event(event).json(&raised.payload);
                due.deliver(crate::dispatch_event).unwrap();
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn id(view: &Value) -> String {
    text(&view["id"])
}

/// Status, code and field of a refusal.
fn refusal<T: std::fmt::Debug>(answer: Result<T>) -> (u16, String, Option<String>) {
    let Problem {
        status,
        code,
        field,
        ..
    } = answer.unwrap_err();
    (status, code, field)
}

/// The same of a refusal that names a member.
fn refused<T: std::fmt::Debug>(answer: Result<T>) -> (u16, String) {
    let (status, _, field) = refusal(answer);
    (status, field.unwrap_or_default())
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    let mut headers = answer.headers.iter();
    let found = headers.find(|(known, _)| known == name)?;
    Some(found.1.as_str())
}
