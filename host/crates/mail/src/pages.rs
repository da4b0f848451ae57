//! `/dev/mail`: what lies in the outbox, for developers. Anybody who can reach the host reads it, so it is
//! there only when the operator asks for it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::error::Problem;
use stoa_kernel::service::Service;
use stoa_kernel::wit::{Package, PackageError};

use crate::transport::FileOutbox;

/// Messages of the list: what a developer looks for is among the last.
const SHOWN_MAX: usize = 100;

/// The page with all messages.
const LETTERS: (&str, &str) = ("letters.html", include_str!("../pages/letters.html"));
/// The page with one.
const LETTER: (&str, &str) = ("letter.html", include_str!("../pages/letter.html"));

/// Routes, for anybody.
const MANIFEST: &str = include_str!("../pages/manifest.toml");

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// The manifest is malformed.
    #[error(transparent)]
    Manifest(#[from] PackageError),
    /// A page is malformed.
    #[error(transparent)]
    Page(#[from] minijinja::Error),
}

/// The pages over an outbox.
pub struct OutboxPages {
    package: Arc<Package>,
    outbox: FileOutbox,
    pages: Environment<'static>,
}

impl OutboxPages {
    /// Over this outbox.
    ///
    /// # Errors
    /// Every [`PagesError`].
    pub fn new(outbox: FileOutbox) -> Result<Self, PagesError> {
        let mut pages = Environment::new();
        pages.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in [LETTERS, LETTER] {
            pages.add_template(name, text)?;
        }
        Ok(Self {
            package: Arc::new(Package::new(MANIFEST, BTreeMap::new())?),
            outbox,
            pages,
        })
    }

    async fn letters(&self) -> Result<Response, Problem> {
        let letters = self.outbox.list(SHOWN_MAX).await.map_err(unreadable)?;
        self.page(
            LETTERS.0,
            BTreeMap::from([
                ("letters", Value::from(Serde(letters))),
                ("shown_max", Value::from(SHOWN_MAX)),
            ]),
        )
    }

    async fn letter(&self, id: &str) -> Result<Response, Problem> {
        let read = self.outbox.read(id).await.map_err(unreadable)?;
        let letter = read.ok_or_else(Problem::not_found)?;
        let words = letter.message.text.split_whitespace();
        let links: Vec<&str> = words
            .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
            .collect();
        self.page(
            LETTER.0,
            BTreeMap::from([
                ("letter", Value::from(Serde(&letter))),
                ("links", Value::from(Serde(&links))),
            ]),
        )
    }

    fn page(&self, name: &str, values: BTreeMap<&str, Value>) -> Result<Response, Problem> {
        let page = self.pages.get_template(name);
        let body = page
            .and_then(|page| page.render(values))
            .map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Response {
            status: 200,
            headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
            body: body.into(),
            source: Source::Handler,
        })
    }
}

fn unreadable(error: io::Error) -> Problem {
    Problem::internal(format!("the outbox can't be read: {error}"))
}

#[async_trait]
impl Service for OutboxPages {
    fn package(&self) -> &Arc<Package> {
        &self.package
    }

    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem> {
        match handler {
            "letters" => self.letters().await,
            "letter" => {
                let mut params = request.params.iter();
                let id = params.find(|(name, _)| name == "id");
                self.letter(id.map_or("", |(_, id)| id)).await
            }
            _ => Err(Problem::not_found()),
        }
    }
}
