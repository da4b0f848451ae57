//! What passes over a WebSocket: one JSON object a message.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use stoa_kernel::live::Message;
use stoa_kernel::random::Random;

use super::conversation::Welcome;
use super::parting::Parting;

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub op: Op,
    /// A channel's full name; where a path joins one, that one if none is named.
    pub channel: Option<String>,
    /// Of a join: the number of the last message that the client has.
    pub after: Option<u64>,
    /// What is said: a word of the channel.
    pub event: Option<String>,
    /// What is said: the message.
    pub data: Option<Box<RawValue>>,
    /// Comes back with the answer.
    #[serde(rename = "ref")]
    pub reference: Option<Value>,
}

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Op {
    Join,
    Leave,
    Say,
    Ping,
}

/// What a client is told.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Told<'a> {
    Joined {
        #[serde(flatten)]
        joined: Joined<'a>,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Value>,
    },
    Said {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Value>,
        data: &'a Value,
    },
    Left {
        channel: &'a str,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Value>,
    },
    Pong {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Value>,
    },
    Error {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a Value>,
        problem: &'a Value,
    },
    End(Ended),
}

/// That a channel was joined.
#[derive(Debug, Serialize)]
pub(crate) struct Joined<'a> {
    pub channel: &'a str,
    /// The number of its last kept message.
    pub last: u64,
    /// Whether messages are missing before those that follow.
    pub gap: bool,
    /// What the plugin says to whoever joins.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: &'a Value,
}

impl<'a> From<&'a Welcome> for Joined<'a> {
    fn from(welcome: &'a Welcome) -> Self {
        Self {
            channel: &welcome.channel,
            last: welcome.last,
            gap: welcome.gap,
            data: &welcome.data,
        }
    }
}

/// That the connection ends.
#[derive(Debug, Serialize)]
pub(crate) struct Ended {
    pub reason: &'static str,
    /// When it is worth coming back; none where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u32>,
}

impl Ended {
    pub(crate) fn of(parting: Parting, random: &dyn Random) -> Self {
        Self {
            reason: parting.as_str(),
            retry_ms: parting.retry_ms(random),
        }
    }
}

impl Told<'_> {
    /// As text.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message as text. It goes to thousands, so its payload is not read again: it is JSON since it was said.
pub(crate) fn message(message: &Message, op: bool) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let (channel, event) = (quoted(&message.channel), quoted(&message.event));
    let op = if op { "\"op\":\"message\"," } else { "" };
    let data = &message.payload;
    let number = message.number;
    let number = number.map_or_else(String::new, |number| format!(",\"number\":{number}"));
    format!("{{{op}\"channel\":{channel},\"event\":{event},\"data\":{data}{number}}}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_json_whatever_it_is_called() {
        let said = Message {
            channel: "chat/\"x\"".into(),
            event: "said".into(),
            payload: "{\"a\":[1]}".into(),
            number: Some(7),
        };
        let text: Value = serde_json::from_str(&message(&said, true)).unwrap();
        let expected = json!({
            "op": "message", "channel": "chat/\"x\"", "event": "said", "data": { "a": [1] }, "number": 7,
        });
        assert_eq!(text, expected);
        let passing = Message {
            number: None,
            ..said
        };
        let text: Value = serde_json::from_str(&message(&passing, false)).unwrap();
        assert_eq!(text.get("number"), None);
        assert_eq!(text.get("op"), None);
    }

    #[test]
    fn what_is_asked_is_one_of_four_things() {
        let asked: Asked = serde_json::from_str(
            r#"{"op":"say","channel":"c","event":"e","data":{"a": 1},"ref":7}"#,
        )
        .unwrap();
        assert_eq!(asked.op, Op::Say);
        assert_eq!(asked.data.unwrap().get(), "{\"a\": 1}");
        for bad in [
            "",
            "1",
            "{}",
            r#"{"op":"shout"}"#,
            r#"{"op":"ping","x":1}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Asked>(bad).is_err(), "{bad}");
        }
    }
}
