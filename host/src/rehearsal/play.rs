//! Plays a story step by step, and says what was otherwise than expected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use serde_json::Value;
use stoa_kernel::event::Event;
use stoa_kernel::identity::Role;
use stoa_kernel::personal_data::PersonalData as _;
use stoa_kernel::store::Store as _;
use stoa_runtime::{Dispatcher, DispatcherPorts};

use super::expecting;
use super::fakes::{Recorder, bearer};
use super::figures::Figures;
use super::listeners::Listeners;
use super::matching::{at, differs, filled, filled_json};
use super::stage::{Plugin, Stage};
use super::story::{Document, Raised, Sent, Step, Story, Told, Upload, Who};

/// Events of one step that are looked at.
const EVENTS_MAX: u32 = 1_000;
/// How long all deliveries of one step may take; a plugin's own time is much less.
const DELIVERY_MAX: Duration = Duration::from_secs(30);
/// How often the outbox is looked at meanwhile.
const DELIVERY_CHECK: Duration = Duration::from_millis(5);
/// Where clients upload files.
const UPLOADS: &str = "/api/blobs";
/// What is put before a session's name, so that it is as long as sessions are.
const SESSION: &str = "rehearsed-session-";

/// How a story went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What each step showed, and what was otherwise than expected.
    pub steps: Vec<(String, Vec<String>)>,
}

impl Outcome {
    /// Whether everything was as expected.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.steps.iter().all(|(_, failures)| failures.is_empty())
    }
}

/// Plays a story on a host of its own. Steps after one that fails are played as well: often they say why.
///
/// # Errors
/// When the host can't be set up or fails on its own account.
pub async fn play(
    plugin: &Plugin,
    story: &Story,
    folder: &Path,
    compiled: &Path,
) -> anyhow::Result<Outcome> {
    let others: Vec<PathBuf> = story.plugins.iter().map(|file| folder.join(file)).collect();
    let stage = Stage::set(plugin, story, &others, compiled).await?;
    let mut player = Player {
        stage,
        listeners: Listeners::default(),
        folder: folder.to_owned(),
        saved: BTreeMap::new(),
        seen: None,
    };
    let mut outcome = Outcome::default();
    for (index, step) in story.steps.iter().enumerate() {
        let says = match (&step.says, &step.request) {
            (says, _) if !says.is_empty() => says.clone(),
            (_, Some(request)) => request.clone(),
            _ => format!("step {}", index + 1),
        };
        let failures = player.step(step).await;
        outcome.steps.push((says, failures?));
    }
    player.stage.strike().await;
    Ok(outcome)
}

struct Player {
    stage: Stage,
    /// Who has joined channels.
    listeners: Listeners,
    /// Where the story is.
    folder: PathBuf,
    /// Values of earlier answers by name.
    saved: BTreeMap<String, String>,
    /// The last event that a step has looked at.
    seen: Option<String>,
}

impl Player {
    async fn step(&mut self, step: &Step) -> anyhow::Result<Vec<String>> {
        let mut failures = Vec::new();
        if !happens(step) {
            failures.push(
                "nothing happens: no request, upload, join, say, turn, export, event or deliver"
                    .into(),
            );
        }
        self.stage
            .clock
            .advance(step.advance_s.saturating_mul(1_000));
        let before = self.stage.figures().await;
        match self.act(step).await? {
            Ok(Some(answer)) => self.answer(step, &answer, &mut failures),
            Ok(None) => {}
            Err(reason) => failures.push(reason),
        }
        let raised = match &step.event {
            None => {
                // Before a delivery takes them out of the outbox.
                let raised = self.waiting().await?;
                if step.deliver {
                    self.deliver(before, &mut failures).await?;
                }
                raised
            }
            Some(event) => {
                self.tell(event).await?;
                let mut delivered = self.deliver(before, &mut failures).await?;
                delivered.retain(|delivered| self.stage.is_own(delivered));
                delivered
            }
        };
        if let Some(expected) = &step.raises {
            self.raised(expected, &raised, &mut failures);
        }
        self.sent(step.sends.as_deref(), &mut failures);
        self.said(step, &mut failures).await;
        self.documents(&step.documents, &mut failures).await?;
        let used = self.stage.figures().await.since(before);
        budget(step, used, &mut failures);
        Ok(failures)
    }

    /// Lets happen what is answered.
    async fn act(
        &mut self,
        step: &Step,
    ) -> anyhow::Result<Result<Option<Response<Bytes>>, String>> {
        let request = match (&step.request, &step.upload) {
            (Some(line), _) => Some(self.request(step, line)),
            (None, Some(upload)) => Some(self.upload(step, upload)),
            (None, None) => None,
        };
        if let Some(request) = request {
            return Ok(match request {
                Ok(request) => Ok(Some(self.stage.ask(request).await)),
                Err(reason) => Err(reason),
            });
        }
        let (stage, who) = (&self.stage, &step.who);
        if let Some(channel) = &step.join {
            let name = filled(channel, &self.saved);
            return Ok(match name {
                Ok(name) => Ok(Some(self.listeners.join(stage, who, &name).await)),
                Err(reason) => Err(reason),
            });
        }
        if let Some(said) = &step.say {
            let filled = filled(&said.channel, &self.saved)
                .and_then(|name| Ok((name, filled_json(&said.payload, &self.saved)?)));
            return Ok(match filled {
                Ok((name, payload)) => Ok(Some(
                    self.listeners
                        .say(stage, who, &name, &said.event, &payload)
                        .await,
                )),
                Err(reason) => Err(reason),
            });
        }
        if let Some(handler) = &step.turn {
            let taken = stage
                .runtime
                .take_turn(&stage.tenant, &stage.plugin, handler);
            return Ok(match taken.await {
                Ok(()) => Ok(None),
                Err(problem) => Err(format!("the turn fails: {} {problem}", problem.status)),
            });
        }
        if let Some(account) = &step.export {
            return Ok(self.export(account).await.map(Some));
        }
        Ok(Ok(None))
    }

    /// What the plugin keeps about an account; `{}` for nothing.
    async fn export(&self, account: &str) -> Result<Response<Bytes>, String> {
        let stage = &self.stage;
        let told = stage
            .runtime
            .export(account, std::slice::from_ref(&stage.tenant));
        let told = told.await;
        let told = told.map_err(|problem| format!("{problem}: {:?}", problem.internal))?;
        let own = told.get(&stage.plugin);
        let own = own.and_then(|kept| kept.get(stage.tenant.as_str()));
        let own = own.map_or_else(|| "{}".to_owned(), Value::to_string);
        Ok(Response::new(own.into()))
    }

    /// The request that uploads a file.
    fn upload(&self, step: &Step, upload: &Upload) -> Result<Request<Bytes>, String> {
        let content = match (&upload.text, &upload.base64, &upload.file) {
            (Some(text), None, None) => Bytes::from(filled(text, &self.saved)?),
            (None, Some(base64), None) => {
                let decoded = BASE64.decode(base64);
                decoded.map_err(|error| error.to_string())?.into()
            }
            (None, None, Some(file)) => {
                let file = self.folder.join(file);
                let read = std::fs::read(&file);
                read.map_err(|error| format!("{}: {error}", file.display()))?
                    .into()
            }
            _ => return Err("an upload has one of text, base64 and file".into()),
        };
        let mut request = Request::builder().method(Method::POST).uri(UPLOADS);
        let file = [("x-filename", &upload.name), ("content-type", &upload.kind)];
        let file = file.map(|(name, value)| (name.to_owned(), value.clone()));
        for (name, value) in credentials(&step.who).into_iter().chain(file) {
            request = request.header(name, value);
        }
        request.body(content).map_err(|error| error.to_string())
    }

    fn request(&self, step: &Step, line: &str) -> Result<Request<Bytes>, String> {
        let line = filled(line, &self.saved)?;
        let malformed = || format!("{line:?} is not `METHOD /path`");
        let (method, path) = line.split_once(' ').ok_or_else(malformed)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| malformed())?;
        let mut headers: Vec<(String, String)> = Vec::new();
        let body = match (&step.json, &step.body) {
            (Some(json), _) => {
                headers.push(("content-type".into(), "application/json".into()));
                filled_json(json, &self.saved)?.to_string()
            }
            (None, Some(text)) => filled(text, &self.saved)?,
            (None, None) => String::new(),
        };
        headers.extend(credentials(&step.who));
        for (name, value) in &step.headers {
            headers.push((name.clone(), filled(value, &self.saved)?));
        }
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            let name = HeaderName::try_from(&name).map_err(|_| format!("{name:?} is no header"))?;
            let value = HeaderValue::try_from(&value)
                .map_err(|_| format!("{value:?} is no value of a header"))?;
            if let Some(headers) = request.headers_mut() {
                headers.insert(name, value);
            }
        }
        request
            .body(Bytes::from(body))
            .map_err(|error| error.to_string())
    }

    fn answer(&mut self, step: &Step, answer: &Response<Bytes>, failures: &mut Vec<String>) {
        let usual = if step.upload.is_some() { 201 } else { 200 };
        let expected = step.status.unwrap_or(usual);
        let text = String::from_utf8_lossy(answer.body());
        if answer.status().as_u16() != expected {
            failures.push(format!(
                "the status is {} and not {expected}: {text}",
                answer.status()
            ));
        }
        for (name, expected) in &step.answer_headers {
            let found = answer.headers().get(name).map(HeaderValue::as_bytes);
            if found != Some(expected.as_bytes()) {
                let found = found.map(String::from_utf8_lossy);
                failures.push(format!(
                    "the header {name} is {found:?} and not {expected:?}"
                ));
            }
        }
        if let Some(expected) = &step.text
            && *expected != text
        {
            failures.push(format!("the text is {text:?} and not {expected:?}"));
        }
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(expected) = &step.answer {
            match filled_json(expected, &self.saved) {
                Ok(expected) => failures.extend(differs(&expected, &json, "answer")),
                Err(reason) => failures.push(reason),
            }
        }
        for (name, path) in &step.save {
            match at(&json, path) {
                Some(Value::String(text)) => drop(self.saved.insert(name.clone(), text.clone())),
                Some(value) => drop(self.saved.insert(name.clone(), value.to_string())),
                None => failures.push(format!("the answer has no {path} to save as {name}")),
            }
        }
    }

    /// A fact of another plugin, as if that had committed.
    async fn tell(&self, told: &Told) -> anyhow::Result<()> {
        let stage = &self.stage;
        let tenant = &stage.tenant;
        let (clock, random) = (&*stage.clock, &*stage.random);
        let event = Event::of_host(tenant, &told.name, &told.key, &told.payload, clock, random);
        let event = Event {
            tenant: None,
            plugin: told.source.clone(),
            ..event
        };
        let unit = stage.store.begin(tenant).await?;
        unit.raise(event)?;
        unit.commit().await.context("the event")
    }

    /// The events that were raised since the last look.
    async fn waiting(&mut self) -> anyhow::Result<Vec<Event>> {
        let stage = &self.stage;
        let after = self.seen.as_deref();
        let found = stage.store.outbox(&stage.tenant, after, EVENTS_MAX).await?;
        if let Some(last) = found.last() {
            self.seen = Some(last.id.clone());
        }
        Ok(found)
    }

    fn raised(&self, expected: &[Raised], found: &[Event], failures: &mut Vec<String>) {
        let names = |events: &mut dyn Iterator<Item = &str>| events.collect::<Vec<_>>().join(", ");
        let told = names(&mut found.iter().map(|event| event.name.as_str()));
        let wanted = names(&mut expected.iter().map(|event| event.name.as_str()));
        if told != wanted {
            failures.push(format!("it raises [{told}] and not [{wanted}]"));
            return;
        }
        for (expected, found) in expected.iter().zip(found) {
            let name = &expected.name;
            if expected.key.as_ref().is_some_and(|key| *key != found.key) {
                failures.push(format!("the key of {name} is {:?}", found.key));
            }
            if let Some(payload) = &expected.payload {
                let told = serde_json::from_str(&found.payload).unwrap_or_default();
                let payload = filled_json(payload, &self.saved);
                match payload {
                    Ok(payload) => failures.extend(differs(&payload, &told, name)),
                    Err(reason) => failures.push(reason),
                }
            }
        }
    }

    /// Has everything delivered that waits, and what that raises in its turn; answers all of it.
    async fn deliver(
        &self,
        before: Figures,
        failures: &mut Vec<String>,
    ) -> anyhow::Result<Vec<Event>> {
        let stage = &self.stage;
        let recorder = Arc::new(Recorder::default());
        let ports = DispatcherPorts {
            outbox: stage.store.clone(),
            subscribers: Vec::new(),
            stream: Some(recorder.clone()),
            tells_tallies: false,
        };
        let dispatcher = Dispatcher::start(Arc::clone(&stage.runtime), ports).await?;
        let begun = Instant::now();
        loop {
            let waiting = stage.store.outbox(&stage.tenant, None, 1).await?;
            let failed = stage.figures().await.since(before).events_failed;
            if failed > 0 {
                failures.push("a subscriber failed; the log above says why".into());
            }
            if waiting.is_empty() || failed > 0 {
                break;
            }
            if begun.elapsed() > DELIVERY_MAX {
                failures.push(format!("events wait after {} s", DELIVERY_MAX.as_secs()));
                break;
            }
            tokio::time::sleep(DELIVERY_CHECK).await;
        }
        dispatcher.stop().await;
        Ok(recorder.take())
    }

    fn sent(&self, expected: Option<&[Sent]>, failures: &mut Vec<String>) {
        let got = self.stage.services.take();
        let Some(expected) = expected else {
            return;
        };
        let told: Vec<_> = got.iter().map(|got| (&got.name, &got.request)).collect();
        let wanted: Vec<_> = expected
            .iter()
            .map(|sent| (&sent.name, &sent.request))
            .collect();
        if told != wanted {
            failures.push(format!("it sends {told:?} and not {wanted:?}"));
            return;
        }
        for (expected, got) in expected.iter().zip(&got) {
            if let Some(json) = &expected.json {
                let told = serde_json::from_slice(&got.body).unwrap_or_default();
                failures.extend(differs(json, &told, &expected.request));
            }
        }
    }

    /// What was said on channels, and who heard it.
    async fn said(&mut self, step: &Step, failures: &mut Vec<String>) {
        let (messages, evictions) = self.stage.live.take();
        if let Some(expected) = &step.pushes {
            failures.extend(expecting::messages(
                "it says",
                expected,
                &messages,
                &self.saved,
            ));
        }
        if let Some(expected) = &step.evicts {
            failures.extend(expecting::evictions(expected, &evictions, &self.saved));
        }
        for (account, heard) in self.listeners.heard().await {
            if let Some(expected) = step.hears.get(&account) {
                let who = format!("{account} hears");
                failures.extend(expecting::messages(&who, expected, &heard, &self.saved));
            }
        }
        for account in step
            .hears
            .keys()
            .filter(|account| !self.listeners.has(account))
        {
            failures.push(format!("{account} has joined nothing"));
        }
    }

    async fn documents(
        &self,
        expected: &[Document],
        failures: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        for Document {
            collection,
            id,
            body,
        } in expected
        {
            let id = match filled(id, &self.saved) {
                Ok(id) => id,
                Err(reason) => {
                    failures.push(reason);
                    continue;
                }
            };
            let shown = format!("{collection}/{id}");
            match self.stage.document(collection, &id).await? {
                None => failures.push(format!("{shown} is not there")),
                Some(found) => failures.extend(differs(body, &found, &shown)),
            }
        }
        Ok(())
    }
}

/// Whether the step says what is to happen.
const fn happens(step: &Step) -> bool {
    step.request.is_some()
        || step.upload.is_some()
        || step.join.is_some()
        || step.say.is_some()
        || step.turn.is_some()
        || step.export.is_some()
        || step.event.is_some()
        || step.deliver
}

fn credentials(who: &Who) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if let Some(id) = &who.user {
        let bearer = bearer(id, who.role.unwrap_or(Role::User));
        headers.push(("authorization".into(), format!("Bearer {bearer}")));
    }
    if let Some(session) = &who.session {
        headers.push(("x-session-id".into(), format!("{SESSION}{session}")));
    }
    headers
}

fn budget(step: &Step, used: Figures, failures: &mut Vec<String>) {
    let budget = step.budget;
    for (what, used, max) in [
        ("calls of the host", used.host_calls, budget.host_calls_max),
        (
            "ms of computing",
            used.cpu_us.div_ceil(1_000),
            budget.cpu_ms_max,
        ),
        (
            "bytes of memory",
            used.memory_bytes,
            budget.memory_bytes_max,
        ),
    ] {
        if let Some(max) = max.filter(|max| used > *max) {
            failures.push(format!("it took {used} {what}; its budget is {max}"));
        }
    }
}
