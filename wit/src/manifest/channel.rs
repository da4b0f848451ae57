//! One `[[channel]]` of a `plugin.toml`: what a plugin says to whoever listens at this moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Caller, ManifestError, Route, invalid, is_event_name, is_name};

/// Messages that a channel may keep for those who come back, at most: each is a document.
pub const HISTORY_MAX: u32 = 1_000;

/// Bytes of a channel's full name, at most: it is part of the ids of documents.
pub const CHANNEL_BYTES_MAX: usize = 200;

/// The parameter that stands for the caller's account: the host fills it in, and lets nobody join another's.
pub const ME: &str = "me";

/// A family of channels, one for each value of its parameters. A plugin's channels bear its name in front, so
/// nobody speaks on another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Segments such as `chat/{id}`: the first is the plugin's name, `{name}` stands for one segment, and
    /// `{me}` for the account of whoever joins.
    pub name: String,
    /// Who may listen. Several entries mean any of them; strangers are none of them.
    pub callers: BTreeSet<Caller>,
    /// Which handler of the component says whether a caller may listen to this very channel: it gets a request
    /// with the parameters and without a body. Its answer's body is told to the client that joins; a problem
    /// keeps it out. Without one, `callers` and `{me}` alone decide.
    #[serde(default)]
    pub join: Option<String>,
    /// What those who listen may say: each word's handler gets a request with the channel's parameters and the
    /// message's JSON as its body, and answers as to any other request.
    #[serde(default)]
    pub messages: BTreeMap<String, String>,
    /// How many of its messages are kept for those who come back, at most [`HISTORY_MAX`].
    #[serde(default)]
    pub history: u32,
    /// A path of its own for WebSockets that join this channel at once, such as `/api/v1/message/ws`. All its
    /// parameters have to be `{me}` then.
    #[serde(default)]
    pub socket: Option<String>,
    /// Whether connections by Socket.IO join this channel at once. All its parameters have to be `{me}` then.
    #[serde(default)]
    pub greet: bool,
    /// One sentence for people.
    #[serde(default)]
    pub summary: String,
}

impl Channel {
    /// The parameters, if a full name is one of this family's.
    #[must_use]
    pub fn params(&self, name: &str) -> Option<Vec<(String, String)>> {
        let mut segments = name.split('/');
        let mut params = Vec::new();
        for expected in self.name.split('/') {
            let found = segments.next().filter(|found| !found.is_empty())?;
            match parameter(expected) {
                Some(parameter) => params.push((parameter.to_owned(), found.to_owned())),
                None if expected == found => {}
                None => return None,
            }
        }
        let fits = segments.next().is_none() && name.len() <= CHANNEL_BYTES_MAX;
        fits.then_some(params)
    }

    /// The full name of the one that an account joins without naming it; none if it has other parameters
    /// than `{me}`.
    #[must_use]
    pub fn of_account(&self, account: &str) -> Option<String> {
        let segments = self
            .name
            .split('/')
            .map(|segment| match parameter(segment) {
                None => Some(segment),
                Some(ME) => Some(account),
                Some(_) => None,
            });
        let segments: Option<Vec<&str>> = segments.collect();
        segments.map(|segments| segments.join("/"))
    }

    /// Whether WebSockets join it at once by this path, with or without a slash at its end.
    #[must_use]
    pub fn has_socket_at(&self, path: &str) -> bool {
        let without_slash = |path| str::strip_suffix(path, "/").unwrap_or(path);
        let socket = self.socket.as_deref();
        socket.is_some_and(|socket| without_slash(socket) == without_slash(path))
    }

    /// Every handler of the component that it names.
    pub fn handlers(&self) -> impl Iterator<Item = &str> {
        let messages = self.messages.values();
        self.join.iter().chain(messages).map(String::as_str)
    }
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

pub(super) fn check(
    plugin: &str,
    channels: &[Channel],
    routes: &[Route],
) -> Result<(), ManifestError> {
    let mut names = BTreeSet::new();
    let mut paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
    for channel in channels {
        let shown = format!("channel {}", channel.name);
        let (first, rest) = channel.name.split_once('/').unwrap_or((&channel.name, ""));
        if first != plugin {
            return invalid(format!("{shown}: does not begin with {plugin:?}"));
        }
        for segment in rest.split('/') {
            let word = parameter(segment).unwrap_or(segment);
            if !is_name(word, 32, b"-_") {
                return invalid(format!("{shown}: malformed segment {segment:?}"));
            }
        }
        let shape = rest
            .split('/')
            .map(|segment| parameter(segment).map_or(segment, |_| "{}"));
        if !names.insert(shape.collect::<Vec<_>>().join("/")) {
            return invalid(format!("{shown}: listed twice"));
        }
        if channel.callers.is_empty()
            || channel.callers.contains(&Caller::Public)
            || channel.callers.contains(&Caller::Session)
        {
            return invalid(format!(
                "{shown}: callers are accounts, and at least one kind"
            ));
        }
        if let Some(handler) = channel.handlers().find(|name| !is_name(name, 64, b"_")) {
            return invalid(format!(
                "{shown}: handler {handler:?} is no snake_case name"
            ));
        }
        if let Some(word) = channel.messages.keys().find(|word| !is_event_name(word)) {
            return invalid(format!(
                "{shown}: messages: {word:?} is no name of an event"
            ));
        }
        if channel.history > HISTORY_MAX {
            return invalid(format!("{shown}: history is at most {HISTORY_MAX}"));
        }
        if (channel.greet || channel.socket.is_some()) && channel.of_account("").is_none() {
            return invalid(format!("{shown}: joined at once, but by which parameters?"));
        }
        if let Some(path) = &channel.socket
            && (!path.starts_with('/') || path.contains(['{', '}', '*']) || !paths.insert(path))
        {
            return invalid(format!("{shown}: {path:?} is no plain path of its own"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::super::Manifest;
    use super::*;

    const CHAT: &str = "name = \"chat\"\nversion = \"0.1.0\"\n";

    fn read(channel: &str) -> Result<Channel, String> {
        let text = format!("{CHAT}[[channel]]\ncallers = [\"user\"]\n{channel}");
        let manifest = Manifest::from_toml(&text).map_err(|error| error.to_string())?;
        Ok(manifest.channels.into_iter().next().unwrap())
    }

    #[test]
    fn a_name_leads_to_its_parameters() {
        let channel = read("name = \"chat/rooms/{id}\"\nhistory = 10").unwrap();
        let found = channel.params("chat/rooms/r1").unwrap();
        assert_eq!(found, [("id".to_owned(), "r1".to_owned())]);
        for other in [
            "chat/rooms",
            "chat/rooms/",
            "chat/rooms/r1/x",
            "shop/rooms/r1",
        ] {
            assert_eq!(channel.params(other), None, "{other}");
        }
        let long = format!("chat/rooms/{}", "x".repeat(CHANNEL_BYTES_MAX));
        assert_eq!(channel.params(&long), None);
        assert_eq!(channel.of_account("a1"), None);
    }

    #[test]
    fn one_s_own_channel_needs_no_naming() {
        let channel = read("name = \"chat/inbox/{me}\"\nsocket = \"/ws\"").unwrap();
        assert_eq!(channel.of_account("a1").unwrap(), "chat/inbox/a1");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (channel, reason) in [
            ("name = \"shop/{id}\"", "does not begin"),
            ("name = \"chat\"", "malformed segment"),
            ("name = \"chat/{Id}\"", "malformed segment"),
            ("name = \"chat/{id}\"\nhistory = 1001", "at most"),
            ("name = \"chat/{id}\"\ngreet = true", "by which parameters"),
            ("name = \"chat/{me}\"\nsocket = \"ws\"", "no plain path"),
            ("name = \"chat/{id}\"\njoin = \"No\"", "snake_case"),
            (
                "name = \"chat/{id}\"\n[channel.messages]\nNo = \"yes\"",
                "no name",
            ),
        ] {
            let error = read(channel).unwrap_err();
            assert!(error.contains(reason), "{channel}: {error}");
        }
        let public = format!("{CHAT}[[channel]]\nname = \"chat/{{id}}\"\ncallers = [\"public\"]");
        let error = Manifest::from_toml(&public).unwrap_err().to_string();
        assert!(error.contains("callers are accounts"), "{error}");
    }
}
