//! Server-sent events: channels that a request names, for as long as it lasts. A client that comes back is told what it
//! missed: the id of each event says where it has come to in all of its channels.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse as _;
use axum::response::sse::{Event as Told, KeepAlive, Sse};
use futures::StreamExt as _;
use futures::stream;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::live::{MISSED_BYTES_MAX, Message};
use tokio::time::{Instant, sleep_until};

use super::conversation::{Conversation, Event, Welcome};
use super::counted::Counted;
use super::frame::{self, Ended, Joined};
use super::parting::Parting;
use super::{caller, origin, position};
use crate::content::Content;
use crate::edge::{Answer, Shared};
use crate::trail::Trail;

/// The parameter of the query that names a channel.
const CHANNEL: &str = "channel";

/// Channels of one stream: their positions are part of every event.
const CHANNELS_MAX: usize = 16;

/// How often a line is sent when there is nothing to tell, lest something on the way thinks that nobody is there.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(25);

/// How long a stream may be: a little less than a connection may.
const STREAM_MAX: Duration = Duration::from_secs(3_000);

/// When a client comes back that lost the connection.
const RETRY: Duration = Duration::from_secs(2);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells proxies (nginx) to hand on what comes as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with the stream. Everything that can be refused is refused before it begins.
pub(crate) async fn open(shared: &Arc<Shared>, head: &Parts, trail: &mut Trail) -> Answer {
    origin::check(head, &shared.config)?;
    let caller = caller::of(shared, head, trail).await?;
    let channels = channels(head)?;
    let sent = head.headers.get(LAST_EVENT_ID);
    let sent = sent.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let after = position::read(sent, channels.len());
    let mut telling = Telling {
        shared: Arc::clone(shared),
        conversation: Conversation::open(shared, caller)?,
        numbers: after.clone(),
        channels: Vec::new(),
        queue: VecDeque::from([Told::default().retry(RETRY)]),
        missed_bytes: 0,
        until: Instant::now() + STREAM_MAX,
        counted: Some(Counted::open("events")),
    };
    for (channel, after) in channels.iter().zip(after) {
        let joined = telling.conversation.join(&trail.id, channel, after);
        let welcome = joined.await?;
        let welcome = telling.bounded(welcome);
        telling.welcome(&welcome);
    }
    if head.method == Method::HEAD {
        return Ok(Response::new(Content::empty()));
    }
    let events = stream::unfold(telling, |mut telling| async {
        let told = telling.next().await?;
        Some((Ok::<_, Infallible>(told), telling))
    });
    let alive = KeepAlive::new().interval(KEEP_ALIVE_EVERY);
    let (mut head, body) = Sse::new(events)
        .keep_alive(alive)
        .into_response()
        .into_parts();
    let immediately = HeaderValue::from_static("no");
    head.headers.insert(BUFFERING, immediately);
    let chunks = body.into_data_stream();
    let chunks = chunks.map(|chunk| chunk.map_err(std::io::Error::other));
    Ok(Response::from_parts(head, Content::endless(chunks.boxed())))
}

fn channels(head: &Parts) -> Result<Vec<String>, Problem> {
    let query = head.uri.query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == CHANNEL);
    let mut channels: Vec<String> = Vec::new();
    for (_, channel) in named.take(CHANNELS_MAX + 1) {
        if !channels.iter().any(|known| *known == channel) {
            channels.push(channel.into_owned());
        }
    }
    if (1..=CHANNELS_MAX).contains(&channels.len()) {
        return Ok(channels);
    }
    let detail = format!("Name 1 to {CHANNELS_MAX} channels.");
    Err(Problem::invalid(CHANNEL, detail))
}

/// A stream under way.
struct Telling {
    shared: Arc<Shared>,
    conversation: Conversation,
    channels: Vec<Arc<str>>,
    /// Where the client has come to in each; of those that are not joined yet, what it says itself.
    numbers: Vec<Option<u64>>,
    queue: VecDeque<Told>,
    /// Bytes of what was missed, in all channels: it stands in memory until the client has taken it.
    missed_bytes: usize,
    until: Instant,
    /// None once the end was told.
    counted: Option<Counted>,
}

impl Telling {
    /// A welcome without what was missed where all channels together would be told too much: whoever hears of a gap reads
    /// afresh what there is.
    fn bounded(&mut self, mut welcome: Welcome) -> Welcome {
        let missed = welcome.missed.iter();
        let bytes = missed.map(|message| message.event.len() + message.payload.len());
        let bytes: usize = bytes.sum();
        let all = self.missed_bytes.saturating_add(bytes);
        if all > MISSED_BYTES_MAX {
            welcome.missed.clear();
            welcome.gap = true;
        } else {
            self.missed_bytes = all;
        }
        welcome
    }

    fn welcome(&mut self, welcome: &Welcome) {
        let place = self.channels.len();
        self.channels.push(Arc::clone(&welcome.channel));
        let missed = welcome.missed.first().and_then(|first| first.number);
        let before = missed.map_or(welcome.last, |first| first.saturating_sub(1));
        if let Some(number) = self.numbers.get_mut(place) {
            *number = welcome.keeps.then_some(before);
        }
        let joined = json(&Joined::from(welcome));
        let joined = Told::default().event("joined").data(joined);
        self.queue
            .push_back(joined.id(position::write(&self.numbers)));
        for message in &welcome.missed {
            let told = self.message(message);
            self.queue.push_back(told);
        }
    }

    fn message(&mut self, message: &Message) -> Told {
        let told = Told::default().data(frame::message(message, false));
        let place = self
            .channels
            .iter()
            .position(|name| *name == message.channel);
        let number = place.and_then(|place| self.numbers.get_mut(place));
        match (number, message.number) {
            (Some(known), Some(number)) => {
                *known = Some(number);
                told.id(position::write(&self.numbers))
            }
            _ => told,
        }
    }

    async fn next(&mut self) -> Option<Told> {
        if let Some(told) = self.queue.pop_front() {
            return Some(told);
        }
        self.counted.as_ref()?;
        let event = tokio::select! {
            event = self.conversation.next() => event,
            () = sleep_until(self.until) => Event::End(Parting::Renew),
        };
        Some(match event {
            Event::Message(message) => self.message(&message),
            Event::Left(channel) => {
                let left = serde_json::json!({ "channel": &*channel });
                Told::default().event("left").data(left.to_string())
            }
            Event::End(parting) => self.end(parting),
        })
    }

    fn end(&mut self, parting: Parting) -> Told {
        if let Some(counted) = self.counted.take() {
            counted.parts(parting);
        }
        let ended = Ended::of(parting, &*self.shared.ports.random);
        let told = Told::default().event("end").data(json(&ended));
        match ended.retry_ms {
            Some(ms) => told.retry(Duration::from_millis(ms.into())),
            None => told,
        }
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
