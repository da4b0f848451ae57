//! A running host, reached as any client reaches it.

use anyhow::Context as _;
use bytes::Bytes;
use serde_json::Value;
use stoa_egress::Egress;
use stoa_kernel::outbound::{Outbound as _, OutboundRequest};
use stoa_kernel::secret::Secret;

/// Where the registry's routes begin.
const REGISTRY: &str = "/api/platform";

/// Milliseconds for an answer: a large plugin is uploaded and compiled.
const TIMEOUT_MS: u32 = 300_000;

/// Which host, and as whom.
#[derive(clap::Args)]
pub struct Remote {
    /// Where the host is, such as https://stoa.example; STOA_HOST if absent.
    #[arg(long, global = true)]
    host: Option<String>,
    /// An access token or an API key; STOA_TOKEN if absent, which no other user of the machine sees.
    #[arg(long, global = true)]
    token: Option<String>,
}

/// What the host says instead of doing it.
#[derive(Debug, thiserror::Error)]
#[error("{status} {code}: {}", text(.said, "detail"))]
pub struct Refused {
    status: u16,
    /// The last segment of the problem's type.
    pub code: String,
    /// The problem.
    pub said: Value,
}

impl Remote {
    /// GET.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, "application/json", Bytes::new())
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, "application/json", body.to_string().into())
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("PUT", path, "application/json", body.to_string().into())
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send("DELETE", path, "application/json", Bytes::new())
    }

    /// POST of a file.
    pub fn upload(&self, path: &str, file: Bytes) -> anyhow::Result<Value> {
        self.send("POST", path, "application/wasm", file)
    }

    /// Whether anybody has said which host.
    pub fn is_known(&self) -> bool {
        said(self.host.as_ref(), "STOA_HOST").is_some()
    }

    /// Whether anybody has said as whom.
    pub fn has_token(&self) -> bool {
        said(self.token.as_ref(), "STOA_TOKEN").is_some()
    }

    /// GET of what the host tells anybody, by its whole path.
    pub fn public(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("GET", path, "application/json", Bytes::new(), None)
    }

    fn send(
        &self,
        method: &'static str,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let token = said(self.token.as_ref(), "STOA_TOKEN");
        let token = token.context("as whom? --token or STOA_TOKEN")?;
        let bearer = Secret::new(format!("Bearer {token}"));
        self.ask(
            method,
            &format!("{REGISTRY}{path}"),
            kind,
            body,
            Some(bearer),
        )
    }

    fn ask(
        &self,
        method: &'static str,
        path: &str,
        kind: &str,
        body: Bytes,
        authorization: Option<Secret>,
    ) -> anyhow::Result<Value> {
        let host =
            said(self.host.as_ref(), "STOA_HOST").context("which host? --host or STOA_HOST")?;
        let request = OutboundRequest {
            method,
            url: format!("{}{path}", host.trim_end_matches('/')),
            headers: vec![("content-type".into(), kind.into())],
            authorization,
            body,
            timeout_ms: TIMEOUT_MS,
            allow_private: true,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a thread")?;
        let answer =
            runtime.block_on(async { Egress::new()?.send(request).await.context(host) })?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status < 400 {
            return Ok(said);
        }
        let code = text(&said, "type").rsplit('/').next();
        Err(Refused {
            status: answer.status,
            code: code.unwrap_or_default().to_owned(),
            said,
        }
        .into())
    }
}

/// A member that is a text.
pub fn text<'v>(said: &'v Value, member: &str) -> &'v str {
    said.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn said(argument: Option<&String>, variable: &str) -> Option<String> {
    let argument = argument.cloned();
    let said = argument.or_else(|| std::env::var(variable).ok());
    said.filter(|text| !text.is_empty())
}

/// The query string of what was said.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a String>)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let said = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    match query.extend_pairs(said).finish() {
        text if text.is_empty() => text,
        text => format!("?{text}"),
    }
}

/// Prints an answer for people and for programs.
pub fn print(answer: &Value) {
    println!("{answer:#}");
}
