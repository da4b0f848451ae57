//! The format of a story: what there is at the beginning, and steps in order. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use stoa_kernel::identity::Role;

/// One file under `tests/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// When it begins (RFC 3339); the clock stands still but for `advance_s`.
    #[serde(default = "begin")]
    pub now: String,
    /// What random numbers and ids follow from.
    #[serde(default = "seed")]
    pub seed: u64,
    /// What the operator has set.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
    /// The operator's secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Plugins that it uses, as files beside the story.
    #[serde(default)]
    pub plugins: Vec<PathBuf>,
    /// Documents that are there already.
    #[serde(default, rename = "document")]
    pub documents: Vec<Document>,
    /// People of the tenant, for the directory.
    #[serde(default, rename = "person")]
    pub people: Vec<Person>,
    /// What tenants may pay for; the first is what this one is on. One that limits nothing if absent.
    #[serde(default, rename = "plan")]
    pub plans: Vec<Plan>,
    /// What services elsewhere answer.
    #[serde(default, rename = "service")]
    pub services: Vec<ServiceAnswer>,
    /// What happens.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

fn begin() -> String {
    "2026-01-01T00:00:00Z".into()
}

const fn seed() -> u64 {
    1
}

/// A document of one of the plugin's collections.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The collection's name in the manifest.
    pub collection: String,
    /// The document's id.
    pub id: String,
    /// What it says; of an expectation, a part of that.
    pub body: Value,
}

/// Somebody in the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The account's id.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The address; made of the id if absent.
    pub email: Option<String>,
    /// The role.
    #[serde(default = "user")]
    pub role: Role,
}

const fn user() -> Role {
    Role::User
}

/// A plan of the platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// What each limit allows, by its name.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
}

/// What a service of the manifest's `[outbound]` answers. Several of the same request answer one after another; the
/// last one goes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAnswer {
    /// The name under `[outbound]`.
    pub name: String,
    /// `METHOD /path`.
    pub request: String,
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body.
    #[serde(default)]
    pub json: Option<Value>,
    /// Nobody is there: nothing is sent.
    #[serde(default)]
    pub unreachable: bool,
}

const fn ok() -> u16 {
    200
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// An account's id.
    pub user: Option<String>,
    /// Its role; `user` if absent.
    pub role: Option<Role>,
    /// A browser's session.
    pub session: Option<String>,
}

/// One thing that happens, and what is expected of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    #[serde(default)]
    pub says: String,
    /// Seconds that pass before.
    #[serde(default)]
    pub advance_s: u64,
    /// Who asks; nobody in particular if absent.
    #[serde(default, rename = "as")]
    pub who: Who,
    /// `METHOD /path?query`; `${name}` stands for what an earlier step saved.
    pub request: Option<String>,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, as JSON.
    pub json: Option<Value>,
    /// The body, as text.
    pub body: Option<String>,
    /// Instead of a request: a file that is uploaded.
    pub upload: Option<Upload>,
    /// Instead of a request: a channel that is joined, with the answer of its `join` handler.
    pub join: Option<String>,
    /// Instead of a request: what is said on a channel, with the answer of the handler that hears it.
    pub say: Option<Said>,
    /// Instead of a request: a schedule whose turn is taken now, by its handler.
    pub turn: Option<String>,
    /// Instead of a request: an account whose person asks what the plugin keeps about it.
    pub export: Option<String>,
    /// A fact that another plugin tells, instead of a request.
    pub event: Option<Told>,
    /// Whether all events that wait are delivered to their subscribers.
    #[serde(default)]
    pub deliver: bool,

    /// The status of the answer; 200 if absent.
    pub status: Option<u16>,
    /// A part of the answer's JSON.
    pub answer: Option<Value>,
    /// The answer's text.
    pub text: Option<String>,
    /// Headers of the answer.
    #[serde(default)]
    pub answer_headers: BTreeMap<String, String>,
    /// The events that the step raises, all of them and in order; nobody looks if absent.
    pub raises: Option<Vec<Raised>>,
    /// What it sends to services elsewhere, all of it and in order; nobody looks if absent.
    pub sends: Option<Vec<Sent>>,
    /// What it says on channels, all of it and in order; nobody looks if absent.
    pub pushes: Option<Vec<Message>>,
    /// Whom it puts out of channels, all of them and in order; nobody looks if absent.
    pub evicts: Option<Vec<Evicted>>,
    /// By account: what whoever has joined hears of that, all of it and in order.
    #[serde(default)]
    pub hears: BTreeMap<String, Vec<Message>>,
    /// Documents that are there afterwards.
    #[serde(default, rename = "document")]
    pub documents: Vec<Document>,
    /// What later steps call by a name: paths into the answer's JSON, such as `items.0.id`.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// What it may use.
    #[serde(default)]
    pub budget: Budget,
}

/// A file, as a client uploads it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// What the client takes it for, such as `image/png`.
    #[serde(default = "octets")]
    pub kind: String,
    /// What is in it, as text.
    pub text: Option<String>,
    /// What is in it, in base64.
    pub base64: Option<String>,
    /// What is in it: a file beside the story.
    pub file: Option<PathBuf>,
}

fn octets() -> String {
    "application/octet-stream".into()
}

/// What somebody says on a channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The channel's full name.
    pub channel: String,
    /// The word.
    pub event: String,
    /// JSON.
    #[serde(default)]
    pub payload: Value,
}

/// A message that is expected on a channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The channel's full name.
    pub channel: String,
    /// The word.
    pub event: String,
    /// A part of its payload.
    #[serde(default)]
    pub payload: Option<Value>,
    /// Whether the channel's history keeps it, if that matters.
    pub kept: Option<bool>,
}

/// Somebody who is expected to be put out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evicted {
    /// The channel's full name.
    pub channel: String,
    /// The account's id.
    pub account: String,
}

/// A fact of somebody else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The event's name.
    pub name: String,
    /// The plugin that tells it.
    #[serde(default = "host")]
    pub source: String,
    /// What it is about.
    #[serde(default)]
    pub key: String,
    /// A JSON object.
    #[serde(default)]
    pub payload: Value,
}

fn host() -> String {
    stoa_kernel::event::HOST.into()
}

/// An event that is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raised {
    /// Its name.
    pub name: String,
    /// Its key, if that matters.
    pub key: Option<String>,
    /// A part of its payload.
    #[serde(default)]
    pub payload: Option<Value>,
}

/// A request to a service elsewhere that is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The name under `[outbound]`.
    pub name: String,
    /// `METHOD /path`.
    pub request: String,
    /// A part of its JSON.
    pub json: Option<Value>,
}

/// What a step may use, all calls of the plugin together.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Calls of the host.
    pub host_calls_max: Option<u64>,
    /// Milliseconds of computing.
    pub cpu_ms_max: Option<u64>,
    /// Bytes of memory of an instance at its end.
    pub memory_bytes_max: Option<u64>,
}

impl Story {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or is no story.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = || file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(shown)?;
        toml::from_str(&text).with_context(shown)
    }
}
