//! What hosts tell each other of those who listen.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Message, Push};
use crate::id::TenantId;

/// What one host tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// What a unit of work of this tenant did to those who listen, in its order.
    Pushed(TenantId, Vec<Push>),
    /// Every connection of the session ends.
    SessionEnded(Arc<str>),
    /// Every connection of the account ends: in one tenant, or in all.
    AccountEnded(Option<TenantId>, Arc<str>),
    /// Plugins of the registry were switched; how is in its rows.
    PluginsSwitched,
}

/// The way from host to host. What is lost on it is found again: messages with numbers in the history, the end of
/// a session when its connections are looked at the next time.
pub trait LiveBus: Send + Sync + 'static {
    /// Tells every other host, in the order of calls. It never waits.
    fn tell(&self, signal: Arc<Signal>);
}

/// Who hears what other hosts tell.
pub trait BusEar: Send + Sync + 'static {
    /// One of them told this. It never waits.
    fn hear(&self, signal: Signal);

    /// What they told until now may not have been heard.
    fn lost_some(&self);
}

/// Several who hear the same.
pub struct BusEars(pub Vec<Arc<dyn BusEar>>);

impl BusEar for BusEars {
    fn hear(&self, signal: Signal) {
        for ear in &self.0 {
            ear.hear(signal.clone());
        }
    }

    fn lost_some(&self) {
        for ear in &self.0 {
            ear.lost_some();
        }
    }
}

impl Signal {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Pushed(tenant, pushes) => {
                let pushes: Vec<Value> = pushes.iter().map(push_to_json).collect();
                json!({ "tenant": tenant.as_str(), "pushes": pushes })
            }
            Self::PluginsSwitched => json!({ "plugins": "switched" }),
            Self::SessionEnded(session) => json!({ "session": &**session }),
            Self::AccountEnded(tenant, account) => {
                json!({ "tenant": tenant.as_ref().map(TenantId::as_str), "account": &**account })
            }
        }
    }

    /// Reads what [`Signal::to_json`] wrote; none if it is something else, such as a newer host's.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let tenant = |value: &Value| TenantId::parse(value.as_str()?).ok();
        if value.get("plugins").and_then(Value::as_str) == Some("switched") {
            return Some(Self::PluginsSwitched);
        }
        if let Some(session) = value.get("session") {
            return Some(Self::SessionEnded(session.as_str()?.into()));
        }
        if let Some(account) = value.get("account") {
            let of = match value.get("tenant")? {
                Value::Null => None,
                named => Some(tenant(named)?),
            };
            return Some(Self::AccountEnded(of, account.as_str()?.into()));
        }
        let pushes = value.get("pushes")?.as_array()?;
        let pushes: Option<Vec<Push>> = pushes.iter().map(push_from_json).collect();
        Some(Self::Pushed(tenant(value.get("tenant")?)?, pushes?))
    }
}

fn push_to_json(push: &Push) -> Value {
    match push {
        Push::Say(message) => json!({
            "channel": &*message.channel,
            "event": &*message.event,
            "payload": &*message.payload,
            "number": message.number,
        }),
        Push::Evict { channel, account } => {
            json!({ "channel": &**channel, "evict": &**account })
        }
    }
}

fn push_from_json(value: &Value) -> Option<Push> {
    let text = |name: &str| -> Option<Arc<str>> { Some(value.get(name)?.as_str()?.into()) };
    if value.get("evict").is_some() {
        return Some(Push::Evict {
            channel: text("channel")?,
            account: text("evict")?,
        });
    }
    Some(Push::Say(Arc::new(Message {
        channel: text("channel")?,
        event: text("event")?,
        payload: text("payload")?,
        number: match value.get("number")? {
            Value::Null => None,
            number => Some(number.as_u64()?),
        },
    })))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_signal_survives_the_way() {
        let tenant = TenantId::parse("acme").unwrap();
        let said = |number| {
            Push::Say(Arc::new(Message {
                channel: "chat/r1".into(),
                event: "message.new".into(),
                payload: r#"{"text":"\"hi\" 😀"}"#.into(),
                number,
            }))
        };
        let evicted = Push::Evict {
            channel: "chat/r1".into(),
            account: "a1".into(),
        };
        for signal in [
            Signal::Pushed(tenant.clone(), vec![said(Some(7)), evicted, said(None)]),
            Signal::SessionEnded("s1".into()),
            Signal::AccountEnded(None, "a1".into()),
            Signal::PluginsSwitched,
            Signal::AccountEnded(Some(tenant), "a1".into()),
        ] {
            let text = signal.to_json().to_string();
            let read = Signal::from_json(&serde_json::from_str(&text).unwrap());
            assert_eq!(read.unwrap(), signal);
        }
    }

    #[test]
    fn what_is_no_signal_is_none() {
        for text in [
            "7",
            "{}",
            r#"{"tenant":"Not One","pushes":[]}"#,
            r#"{"tenant":"acme","pushes":[{}]}"#,
            r#"{"tenant":7,"account":"a1"}"#,
            r#"{"session":7}"#,
        ] {
            assert_eq!(
                Signal::from_json(&serde_json::from_str(text).unwrap()),
                None
            );
        }
    }
}
