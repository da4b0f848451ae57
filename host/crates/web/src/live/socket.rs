//! WebSockets: JSON text frames both ways; see [`super::frame`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::request::Parts;
use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::limits::LIVE_MESSAGE_BYTES_MAX;
use stoa_kernel::wit::Channel;
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::caller::{self, Caller};
use super::conversation::{Conversation, Event, Welcome};
use super::counted::Counted;
use super::frame::{self, Asked, Ended, Op, Told};
use super::origin;
use super::pace::Pace;
use super::parting::Parting;
use super::saying::Saying;
use crate::config::LiveTimes;
use crate::content::Content;
use crate::edge::{Answer, Shared};
use crate::problem;
use crate::trail::Trail;

/// The subprotocol, for those who offer any.
const PROTOCOL: &str = "stoa.v1";

/// The parameter of the query of a channel's own path: the number of the last message that the client has.
const AFTER: &str = "after";

/// How long a client may take for the last message.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// Bytes that are read at once: each of thousands of connections has such a buffer for as long as it is open.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// Answers the request that asks for a WebSocket; with `channel`, it is joined before anything else.
pub(crate) async fn open(
    shared: &Arc<Shared>,
    channel: Option<&Channel>,
    head: &Parts,
    trail: &mut Trail,
) -> Answer {
    origin::check(head, &shared.config)?;
    let caller = caller::of(shared, head, trail).await?;
    begin(shared, caller, channel, head, trail).await
}

/// Answers the request of a caller that is known.
pub(crate) async fn begin(
    shared: &Arc<Shared>,
    caller: Caller,
    channel: Option<&Channel>,
    head: &Parts,
    trail: &Trail,
) -> Answer {
    let mut conversation = Conversation::open(shared, caller)?;
    let welcome = match channel {
        None => None,
        Some(channel) => {
            let name = channel.of_account(conversation.account());
            let name = name.ok_or_else(Problem::not_found)?;
            let after = after(head)?;
            Some(conversation.join(&trail.id, &name, after).await?)
        }
    };
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head.clone(), &()).await;
    let upgrade = upgrade.map_err(|rejection| {
        let detail = "Ask for a WebSocket here (RFC 6455).";
        Problem::new(426, "upgrade-required", detail).because(rejection.to_string())
    })?;
    let shared = Arc::clone(shared);
    let response = upgrade
        .protocols([PROTOCOL])
        .max_message_size(LIVE_MESSAGE_BYTES_MAX)
        .max_frame_size(LIVE_MESSAGE_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            let talk = Talk {
                times: shared.config.live,
                shared,
                socket,
                conversation,
                here: welcome.as_ref().map(|welcome| Arc::clone(&welcome.channel)),
                pace: Pace::new(Instant::now()),
                heard_at: Instant::now(),
                counted: Counted::open("websocket"),
            };
            talk.run(welcome).await;
        });
    let (head, _) = response.into_parts();
    Ok(http::Response::from_parts(head, Content::empty()))
}

fn after(head: &Parts) -> Result<Option<u64>, Problem> {
    let query = head.uri.query().unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == AFTER);
    let number = given.map(|(_, number)| number.parse());
    let number = number.transpose();
    number.map_err(|_| Problem::invalid(AFTER, "This is the number of a message."))
}

/// One connection.
struct Talk {
    times: LiveTimes,
    shared: Arc<Shared>,
    socket: WebSocket,
    conversation: Conversation,
    /// The channel of the path.
    here: Option<Arc<str>>,
    pace: Pace,
    heard_at: Instant,
    counted: Counted,
}

/// What a client said, on its way.
type Said = BoxFuture<'static, String>;

impl Talk {
    /// Goes on until either side ends it.
    async fn run(mut self, welcome: Option<Welcome>) {
        let Err(parting) = self.talk(welcome).await;
        self.counted.parts(parting);
        if parting == Parting::Gone {
            return;
        }
        let ended = Ended::of(parting, &*self.shared.ports.random);
        let goodbye = async {
            let _ = self.socket.send(text(Told::End(ended).text())).await;
            let close = CloseFrame {
                code: parting.code(),
                reason: Utf8Bytes::from_static(parting.as_str()),
            };
            let _ = self.socket.send(Message::Close(Some(close))).await;
            // The client's own close frame; what it still says is not heard.
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        let _ = timeout(GOODBYE_MAX, goodbye).await;
    }

    async fn talk(
        &mut self,
        welcome: Option<Welcome>,
    ) -> Result<std::convert::Infallible, Parting> {
        if let Some(welcome) = welcome {
            self.welcome(&welcome, None).await?;
        }
        let mut saying: Option<Said> = None;
        let ping_every = Duration::from_millis(self.times.ping_ms_every);
        let silent_max = Duration::from_millis(self.times.silent_ms_max);
        let mut pings = interval_at(Instant::now() + ping_every, ping_every);
        loop {
            let is_idle = saying.is_none();
            let silent_at = self.heard_at + silent_max;
            tokio::select! {
                said = async { match &mut saying {
                    Some(said) => said.await,
                    None => std::future::pending().await,
                } } => {
                    saying = None;
                    // Meanwhile nothing was read.
                    self.heard_at = Instant::now();
                    self.send(text(said)).await?;
                }
                event = self.conversation.next() => match event {
                    Event::Message(message) => self.send(text(frame::message(&message, true))).await?,
                    Event::Left(channel) => self.tell(&Told::Left { channel: &channel, reference: None }).await?,
                    Event::End(parting) => return Err(parting),
                },
                // One at a time: whoever sends faster than it is answered waits.
                received = receive(&mut self.socket, &self.pace), if is_idle => {
                    self.pace.note(Instant::now());
                    self.heard_at = Instant::now();
                    if let Some(asked) = asked(received)? {
                        saying = self.handle(asked).await?;
                    }
                }
                _ = pings.tick(), if is_idle => self.send(Message::Ping(Bytes::new())).await?,
                () = sleep_until(silent_at), if is_idle => return Err(Parting::Silent),
            }
        }
    }

    async fn handle(&mut self, asked: Asked) -> Result<Option<Said>, Parting> {
        let id = self.conversation.fresh_id();
        let reference = asked.reference;
        let here = self.here.as_deref().map(str::to_owned);
        let Some(channel) = asked.channel.or(here) else {
            if asked.op == Op::Ping {
                let reference = reference.as_ref();
                self.tell(&Told::Pong { reference }).await?;
            } else {
                let problem = Problem::invalid("channel", "Name a channel.");
                self.refuse(problem, &id, reference.as_ref()).await?;
            }
            return Ok(None);
        };
        match asked.op {
            Op::Ping => {
                let reference = reference.as_ref();
                self.tell(&Told::Pong { reference }).await?;
            }
            Op::Join => match self.conversation.join(&id, &channel, asked.after).await {
                Ok(welcome) => self.welcome(&welcome, reference.as_ref()).await?,
                Err(problem) => self.refuse(problem, &id, reference.as_ref()).await?,
            },
            Op::Leave => {
                self.conversation.leave(&channel);
                let reference = reference.as_ref();
                self.tell(&Told::Left {
                    channel: &channel,
                    reference,
                })
                .await?;
            }
            Op::Say => {
                let Some(word) = asked.event else {
                    let problem = Problem::invalid("event", "Say which event this is.");
                    self.refuse(problem, &id, reference.as_ref()).await?;
                    return Ok(None);
                };
                let data = asked
                    .data
                    .map_or_else(|| "null".to_owned(), |data| data.get().to_owned());
                return Ok(Some(self.say(id, channel, word, data.into(), reference)));
            }
        }
        Ok(None)
    }

    fn say(
        &self,
        id: String,
        channel: String,
        word: String,
        data: Bytes,
        reference: Option<Value>,
    ) -> Said {
        let said = self.conversation.say(Saying {
            id: id.clone(),
            channel: channel.into(),
            word,
            data,
        });
        let answer = async move {
            let reference = reference.as_ref();
            match said.await {
                Ok(data) => Told::Said {
                    reference,
                    data: &data,
                }
                .text(),
                Err(problem) => {
                    let problem = &problem::message(problem, &id);
                    Told::Error { reference, problem }.text()
                }
            }
        };
        answer.boxed()
    }

    async fn welcome(
        &mut self,
        welcome: &Welcome,
        reference: Option<&Value>,
    ) -> Result<(), Parting> {
        let joined = welcome.into();
        self.tell(&Told::Joined { joined, reference }).await?;
        for message in &welcome.missed {
            self.send(text(frame::message(message, true))).await?;
        }
        Ok(())
    }

    async fn refuse(
        &mut self,
        problem: Problem,
        id: &str,
        reference: Option<&Value>,
    ) -> Result<(), Parting> {
        let problem = &problem::message(problem, id);
        self.tell(&Told::Error { reference, problem }).await
    }

    async fn tell(&mut self, told: &Told<'_>) -> Result<(), Parting> {
        self.send(text(told.text())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Parting> {
        let within = Duration::from_millis(self.times.write_ms_max);
        match timeout(within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Parting::Gone),
            Err(_) => Err(Parting::SlowReader),
        }
    }
}

fn text(text: String) -> Message {
    Message::Text(text.into())
}

/// The next frame, when the client's pace allows it. Safe to cancel.
async fn receive(socket: &mut WebSocket, pace: &Pace) -> Option<Result<Message, axum::Error>> {
    sleep_until(pace.next()).await;
    socket.recv().await
}

/// What a frame asks for, if for anything.
fn asked(received: Option<Result<Message, axum::Error>>) -> Result<Option<Asked>, Parting> {
    match received {
        Some(Ok(Message::Text(text))) => {
            let asked = serde_json::from_str(&text);
            asked.map(Some).map_err(|_| Parting::Malformed)
        }
        Some(Ok(Message::Binary(_))) => Err(Parting::Binary),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(Parting::Gone),
        Some(Err(error)) => Err(broken(error)),
    }
}

/// Why nothing more can be read.
fn broken(error: axum::Error) -> Parting {
    let error = error.into_inner().to_string();
    if error.contains("Space limit exceeded") || error.contains("too long") {
        Parting::TooLarge
    } else if error.contains("UTF-8") {
        Parting::Malformed
    } else {
        Parting::Gone
    }
}
