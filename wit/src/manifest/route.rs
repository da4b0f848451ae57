//! One `[[route]]` of a `plugin.toml`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Caller, ManifestError, invalid, is_name};

/// One HTTP route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// Absolute path; `{name}` stands for one segment.
    pub path: String,
    /// Which handler of the component answers; one handler may answer several routes.
    pub handler: String,
    /// Who may call. Several entries mean any of them.
    pub callers: BTreeSet<Caller>,
    /// One sentence for the API document.
    #[serde(default)]
    pub summary: String,
    /// Type of the request's body.
    #[serde(default)]
    pub request: Option<String>,
    /// Type of the query string.
    #[serde(default)]
    pub query: Option<String>,
    /// Type of the answer's body.
    #[serde(default)]
    pub response: Option<String>,
    /// Status of a successful answer, for the API document.
    #[serde(default = "Route::default_status")]
    pub status: u16,
    /// For `GET` alone: whether the host may tell an answer again, without running the handler, as long as
    /// everything that the handler was told is as it was: the request, the caller, the documents it read, the
    /// collections it queried, the copies in its cache. A run that asked for the time or for random bytes, or
    /// that logged or wrote, is never told again.
    #[serde(default)]
    pub remember: bool,
    /// For `GET` alone: how the plugin learns how often answers were given, those included that were told again
    /// without running the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// Which quota its requests count against.
    #[serde(default)]
    pub class: RouteClass,
    /// What a bearer credential has to be that comes with a request.
    #[serde(default)]
    pub bearer: Bearer,
    /// For everything but `GET`: whether the answer to a request with an `Idempotency-Key` is kept, to be told to
    /// its repetition. Without it the key is ignored. For routes whose requests or answers hold secrets: neither
    /// a digest of a password nor a token may lie in the database for a day.
    #[serde(default = "Route::default_replay")]
    pub replay: bool,
}

impl Route {
    const fn default_status() -> u16 {
        200
    }

    const fn default_replay() -> bool {
        true
    }
}

/// How often answers of status 200 were given, by the value of a path parameter. The host counts in memory and raises, once
/// a minute where there is something to tell, an event whose payload is `{"counts": {"<value>": 3}}`; the plugin
/// subscribes to it. These are figures of interest, not of account: a host that dies takes its last minute's with it,
/// and values of more than 128 bytes, or beyond 10,000 of one tenant in a minute, are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The event's name, which the manifest lists under `raises`. Routes that name the same are counted together.
    pub event: String,
    /// The name of a path parameter of the route.
    pub by: String,
}

/// Which quota the requests of a route count against; how much each allows is the operator's to say.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum RouteClass {
    /// The one of ordinary routes.
    #[default]
    Default,
    /// The narrow one of routes where passwords and codes could be guessed, or mail be sent to strangers.
    SignIn,
    /// The wide one of pictures and downloads, of which a page asks for dozens at once.
    Files,
}

impl RouteClass {
    /// The word in a manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::SignIn => "sign-in",
            Self::Files => "files",
        }
    }
}

/// What a bearer credential has to be that comes with a request. None at all is always for `callers` to judge.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Bearer {
    /// Good, or the request is refused with 401 even where anybody may call: the client believes that somebody
    /// is signed in, and should learn that nobody is.
    #[default]
    Checked,
    /// As [`Bearer::Checked`], but an access token whose time is up will do while its session lasts. For the
    /// host's own services alone, where all that the token is good for is to end that session.
    Lapsed,
    /// Anything: nobody looks at it, and the caller is a stranger. For routes that find out themselves whom they
    /// deal with, such as by a password, and that clients call because their token is no longer good.
    Ignored,
}

/// HTTP methods that a route may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "RFC 9110 and RFC 5789 define them")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method's token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks what the types alone do not say. `raises` are the plugin's events.
pub(super) fn check(routes: &[Route], raises: &BTreeSet<String>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for route in routes {
        let shown = format!("route {} {}", route.method, route.path);
        if !route.path.starts_with('/') || route.path.contains("//") || route.path.contains('*') {
            return invalid(format!(
                "{shown}: not an absolute path of plain and {{name}} segments"
            ));
        }
        for segment in route.path.split('/') {
            let is_param = segment.starts_with('{') && segment.ends_with('}');
            let inner = segment.trim_start_matches('{').trim_end_matches('}');
            if (is_param && inner.is_empty()) || (!is_param && segment.contains(['{', '}'])) {
                return invalid(format!("{shown}: malformed segment {segment:?}"));
            }
        }
        if !is_name(&route.handler, 64, b"_") {
            return invalid(format!(
                "{shown}: handler {:?} is no snake_case name",
                route.handler
            ));
        }
        if route.remember && route.method != Method::Get {
            return invalid(format!("{shown}: only a GET can be remembered"));
        }
        check_tally(route, &shown, raises)?;
        let strangers = [Caller::Public, Caller::Session];
        if route.bearer == Bearer::Ignored && !strangers.iter().any(|c| route.callers.contains(c)) {
            return invalid(format!(
                "{shown}: whose bearer is ignored is a stranger, and callers names none"
            ));
        }
        if !route.replay && route.method == Method::Get {
            return invalid(format!("{shown}: the answer to a GET is not kept anyway"));
        }
        if route.callers.is_empty() {
            return invalid(format!(
                "{shown}: callers is empty; say \"public\" if anybody may call"
            ));
        }
        let shape: String = route
            .path
            .split('/')
            .map(|s| if s.starts_with('{') { "{}" } else { s })
            .collect::<Vec<_>>()
            .join("/");
        if !seen.insert((route.method, shape)) {
            return invalid(format!("{shown}: listed twice"));
        }
    }
    Ok(())
}

fn check_tally(route: &Route, shown: &str, raises: &BTreeSet<String>) -> Result<(), ManifestError> {
    let Some(Tally { event, by }) = &route.tally else {
        return Ok(());
    };
    if route.method != Method::Get {
        return invalid(format!("{shown}: only a GET can be tallied"));
    }
    if !raises.contains(event) {
        return invalid(format!("{shown}: raises does not list {event:?}"));
    }
    let param = format!("{{{by}}}");
    if !route.path.split('/').any(|segment| segment == param) {
        return invalid(format!("{shown}: tally.by: the path has no {param}"));
    }
    Ok(())
}
