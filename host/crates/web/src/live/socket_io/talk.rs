//! One connection: what its conversation tells is emitted, what it emits is handled, one at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::{SendError, SocketError};
use stoa_kernel::error::Problem;
use stoa_kernel::live::Message;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::words::{self, Acknowledged, Asked, Origin, Word};
use crate::edge::Shared;
use crate::live::conversation::{Conversation, Event, Welcome};
use crate::live::counted::Counted;
use crate::live::frame::{Ended, Joined};
use crate::live::pace::Pace;
use crate::live::parting::Parting;
use crate::live::saying::Saying;
use crate::problem;

/// What a client may have sent that was not handled yet. The protocol's own reader does not wait, so whoever sends more
/// is put out.
const WAITING_MAX: usize = 64;

/// How long what is sent by whoever is put out for sending too much is passed over, so that it can hear why.
const GOODBYE: Duration = Duration::from_secs(1);

/// How soon it is looked whether it has taken one, while as many wait for it as may.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A conversation that was opened, with what it joins at once.
pub(super) struct Talk {
    pub shared: Arc<Shared>,
    pub conversation: Conversation,
    pub welcomes: Vec<Welcome>,
    pub counted: Counted,
}

/// One thing that a client wants.
struct Wanted {
    word: Word,
    asked: Result<Asked, Problem>,
    acknowledge: AckSender,
}

/// What became of it.
struct Done {
    acknowledge: AckSender,
    answer: Result<Value, Value>,
}

/// What the protocol's handlers leave for the talk.
struct Signals {
    gone: Notify,
    flood: Notify,
}

impl Talk {
    /// Listens to what the client emits, and begins.
    pub(super) fn begin(self, socket: SocketRef) {
        let (wants, wanted) = mpsc::channel(WAITING_MAX);
        let signals = Arc::new(Signals {
            gone: Notify::new(),
            flood: Notify::new(),
        });
        for (name, word) in [
            ("join", Word::Join),
            ("leave", Word::Leave),
            ("say", Word::Say),
        ] {
            let (wants, signals) = (wants.clone(), Arc::clone(&signals));
            socket.on(
                name,
                move |TryData(asked): TryData<Asked>, acknowledge: AckSender| {
                    let asked = asked.map_err(|error| {
                        Problem::invalid("message", "This is no such message.")
                            .because(error.to_string())
                    });
                    let wanted = Wanted {
                        word,
                        asked,
                        acknowledge,
                    };
                    // Here and now: what waits in tasks is bounded by nothing.
                    if wants.try_send(wanted).is_err() {
                        signals.flood.notify_one();
                    }
                    std::future::ready(())
                },
            );
        }
        let went = Arc::clone(&signals);
        socket.on_disconnect(move || {
            went.gone.notify_one();
            std::future::ready(())
        });
        tokio::spawn(self.run(socket, wanted, signals));
    }

    async fn run(
        mut self,
        socket: SocketRef,
        wanted: mpsc::Receiver<Wanted>,
        signals: Arc<Signals>,
    ) {
        let Err(parting) = tokio::select! {
            talked = self.talk(&socket, wanted) => talked,
            () = signals.gone.notified() => Err(Parting::Gone),
            () = signals.flood.notified() => Err(Parting::Flood),
        };
        let Self {
            shared,
            conversation,
            counted,
            ..
        } = self;
        counted.parts(parting);
        if parting == Parting::Gone {
            return;
        }
        // Nothing comes any more, and the account's next connection has its place.
        drop(conversation);
        let ended = Ended::of(parting, &*shared.ports.random);
        tokio::select! {
            () = end(&socket, &ended, parting) => {}
            () = signals.gone.notified() => {}
        }
    }

    async fn talk(
        &mut self,
        socket: &SocketRef,
        mut wanted: mpsc::Receiver<Wanted>,
    ) -> Result<std::convert::Infallible, Parting> {
        for welcome in std::mem::take(&mut self.welcomes) {
            self.emit(socket, "joined", &Joined::from(&welcome)).await?;
            self.missed(socket, &welcome).await?;
        }
        let mut pace = Pace::new(Instant::now());
        let mut saying: Option<BoxFuture<'static, Done>> = None;
        loop {
            let is_idle = saying.is_none();
            let next = pace.next();
            tokio::select! {
                done = async { match &mut saying {
                    Some(saying) => saying.await,
                    None => std::future::pending().await,
                } } => {
                    saying = None;
                    let answer = match done.answer {
                        Ok(data) => Acknowledged::Said { data },
                        Err(problem) => Acknowledged::Refused { problem },
                    };
                    acknowledge(done.acknowledge, &answer)?;
                }
                event = self.conversation.next() => match event {
                    Event::Message(message) => self.tell(socket, &message).await?,
                    Event::Left(channel) => {
                        self.emit(socket, "left", &Acknowledged::Left { channel: &channel }).await?;
                    }
                    Event::End(parting) => return Err(parting),
                },
                wanted = async { sleep_until(next).await; wanted.recv().await }, if is_idle => {
                    let Some(wanted) = wanted else {
                        return Err(Parting::Gone);
                    };
                    pace.note(Instant::now());
                    saying = self.handle(socket, wanted).await?;
                }
            }
        }
    }

    async fn handle(
        &mut self,
        socket: &SocketRef,
        wanted: Wanted,
    ) -> Result<Option<BoxFuture<'static, Done>>, Parting> {
        let id = self.conversation.fresh_id();
        let refuse = |problem| Acknowledged::Refused {
            problem: problem::message(problem, &id),
        };
        let asked = match wanted.asked {
            Ok(asked) => asked,
            Err(problem) => {
                acknowledge(wanted.acknowledge, &refuse(problem))?;
                return Ok(None);
            }
        };
        let channel = asked.channel;
        match wanted.word {
            Word::Join => match self.conversation.join(&id, &channel, asked.after).await {
                Ok(welcome) => {
                    let joined = Acknowledged::Joined(Joined::from(&welcome));
                    acknowledge(wanted.acknowledge, &joined)?;
                    self.missed(socket, &welcome).await?;
                }
                Err(problem) => acknowledge(wanted.acknowledge, &refuse(problem))?,
            },
            Word::Leave => {
                self.conversation.leave(&channel);
                let left = Acknowledged::Left { channel: &channel };
                acknowledge(wanted.acknowledge, &left)?;
            }
            Word::Say => {
                let Some(word) = asked.event else {
                    let problem = Problem::invalid("event", "Say which event this is.");
                    acknowledge(wanted.acknowledge, &refuse(problem))?;
                    return Ok(None);
                };
                let said = self.conversation.say(Saying {
                    id: id.clone(),
                    channel: channel.into(),
                    word,
                    data: asked.data.to_string().into(),
                });
                let acknowledge = wanted.acknowledge;
                let done = async move {
                    let answer = said.await;
                    let answer = answer.map_err(|problem| problem::message(problem, &id));
                    Done {
                        acknowledge,
                        answer,
                    }
                };
                return Ok(Some(done.boxed()));
            }
        }
        Ok(None)
    }

    async fn missed(&mut self, socket: &SocketRef, welcome: &Welcome) -> Result<(), Parting> {
        for message in &welcome.missed {
            self.tell(socket, message).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, socket: &SocketRef, message: &Message) -> Result<(), Parting> {
        let data: Value = serde_json::from_str(&message.payload).unwrap_or_default();
        let origin = Origin {
            channel: &message.channel,
            number: message.number,
        };
        let event = words::event(&message.event);
        self.emit(socket, &event, &(data, origin)).await
    }

    /// Emits, and waits for a place among the packets if there is none.
    async fn emit(
        &mut self,
        socket: &SocketRef,
        event: &str,
        data: &impl Serialize,
    ) -> Result<(), Parting> {
        let within = Duration::from_millis(self.shared.config.live.write_ms_max);
        let patience = Instant::now() + within;
        loop {
            match socket.emit(event, data) {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    if Instant::now() >= patience {
                        return Err(Parting::SlowReader);
                    }
                    sleep(LOOK_AGAIN).await;
                }
                Err(SendError::Socket(SocketError::Closed)) => return Err(Parting::Gone),
                Err(SendError::Serialize(error)) => {
                    tracing::error!(%error, event, "a message can't be encoded");
                    return Ok(());
                }
            }
        }
    }
}

/// Says why it ends, and ends it. Whoever has no room even for that is told as soon as they have, or are gone.
async fn end(socket: &SocketRef, ended: &Ended, parting: Parting) {
    while let Err(SendError::Socket(SocketError::InternalChannelFull)) = socket.emit("end", ended) {
        sleep(LOOK_AGAIN).await;
    }
    if parting == Parting::Flood {
        // The line breaks as soon as something comes for who is not there any more, and what it carried is lost.
        sleep(GOODBYE).await;
    }
    while let Err(SocketError::InternalChannelFull) = socket.clone().disconnect() {
        sleep(LOOK_AGAIN).await;
    }
}

/// Acknowledges. There is a place for it unless as many packets wait as may: then the client reads too slowly to be
/// answered.
fn acknowledge(acknowledge: AckSender, answer: &Acknowledged<'_>) -> Result<(), Parting> {
    match acknowledge.send(answer) {
        Ok(()) => Ok(()),
        Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(Parting::SlowReader),
        Err(SendError::Socket(SocketError::Closed)) => Err(Parting::Gone),
        Err(SendError::Serialize(error)) => {
            tracing::error!(%error, "an answer can't be encoded");
            Ok(())
        }
    }
}
