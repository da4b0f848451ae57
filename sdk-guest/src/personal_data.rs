//! What a plugin keeps about people: told to them, and forgotten. Both stay within what one unit of work may do,
//! however much there is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::storage::{Collection, Query, Stored};
use crate::{Problem, Result, clock, events, events::Event, log};

/// Who raises [`ERASED`].
const HOST: &str = "host";

/// The event by which the host says that an account has ended, for every plugin with `personal_data = true`.
pub const ERASED: &str = "user.erased";

/// Elements of one list in an export: more than a person reads, and within the reads of one call.
pub const TOLD_MAX: usize = 1_000;

/// Bytes of an export, as JSON: a quarter of a plugin's answer, so that the person's other plugins find room.
pub const TOLD_BYTES_MAX: usize = 1 << 20;

/// Documents that are read at once for an export: few, as they may be large.
const PAGE: u32 = 20;

/// Milliseconds that an account is remembered as forgotten: as long as an event may be put off.
const FORGOTTEN_MS: u64 = 400 * 86_400_000;

/// The member of an export that names the lists which hold more than is told.
const CUT: &str = "cut";

/// The payload of [`ERASED`], and of the event by which a plugin goes on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// The account that has ended.
    pub user_id: String,
}

impl Erased {
    /// The account that is to be forgotten, if the one who says so may: the host, or the plugin itself, which goes on
    /// by an event whose name begins with its own, such as `profiles.forgetting`.
    #[must_use]
    pub fn of(event: &Event<Self>) -> Option<&str> {
        let (group, _) = event.name.split_once('.').unwrap_or_default();
        let is_said = match event.name.as_str() {
            ERASED => event.source == HOST,
            _ => event.source == group,
        };
        if !is_said {
            log::warn!("{} can't say that somebody is erased", event.source);
        }
        is_said.then_some(event.payload.user_id.as_str())
    }

    /// Where `is_more`, raises the plugin's own event `name` at once, so that the rest is forgotten in a unit of work
    /// of its own.
    ///
    /// # Errors
    /// As [`events::raise_at`].
    pub fn go_on_if(is_more: bool, name: &str, account: &str) -> Result<()> {
        if !is_more {
            return Ok(());
        }
        let rest = Self {
            user_id: account.into(),
        };
        events::raise_at(name, account, &rest, clock::now_ms())
    }
}

/// Lets `forget` have at most `portion` (up to 200) of the documents that the query finds; true if there may be
/// more. `forget` has to see to it that the query does not find the document again.
///
/// # Errors
/// Those of the query and of `forget`.
pub fn forget_some<T: DeserializeOwned>(
    query: Query<T>,
    portion: u32,
    forget: impl FnMut(Stored<T>) -> Result<()>,
) -> Result<bool> {
    let page = query.limit(portion).run()?;
    let is_full = page.items.len() >= portion as usize;
    page.items.into_iter().try_for_each(forget)?;
    Ok(is_full)
}

/// What a plugin keeps about somebody, put together for them: a JSON object of single things and lists, of at
/// most [`TOLD_BYTES_MAX`]. A list that holds more than fits, or than [`TOLD_MAX`], is cut and named in the
/// member `cut`. Nothing is the empty object.
#[derive(Debug, Default)]
pub struct Kept {
    members: Map<String, Value>,
    bytes: usize,
    cut: Vec<Value>,
}

impl Kept {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a thing, if there is one.
    ///
    /// # Errors
    /// 500 when it can't be JSON.
    pub fn one<T: Serialize>(mut self, name: &str, thing: Option<T>) -> Result<Self> {
        if let Some(thing) = thing {
            match self.fitting(&thing)? {
                Some(thing) => {
                    self.members.insert(name.into(), thing);
                }
                None => self.cut.push(name.into()),
            }
        }
        Ok(self)
    }

    /// Adds what the query finds, in its order, as `tell` tells it; nothing for an empty list.
    ///
    /// # Errors
    /// Those of the query; 500 for what can't be JSON.
    pub fn list<T: DeserializeOwned, V: Serialize>(
        mut self,
        name: &str,
        query: Query<T>,
        tell: impl Fn(Stored<T>) -> V,
    ) -> Result<Self> {
        let query = query.limit(PAGE);
        let mut told = Vec::new();
        let mut cursor = None;
        let is_cut = 'pages: loop {
            let page = query.clone().cursor(cursor).run()?;
            for stored in page.items {
                let Some(thing) = self.fitting(&tell(stored))? else {
                    break 'pages true;
                };
                told.push(thing);
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break false;
            }
            if told.len() >= TOLD_MAX {
                break true;
            }
        };
        if is_cut {
            self.cut.push(name.into());
        }
        if !told.is_empty() {
            self.members.insert(name.into(), told.into());
        }
        Ok(self)
    }

    /// All of it.
    #[must_use]
    pub fn told(mut self) -> Value {
        if !self.cut.is_empty() {
            self.members.insert(CUT.into(), self.cut.into());
        }
        Value::Object(self.members)
    }

    /// The thing, if there is room for it.
    fn fitting<V: Serialize>(&mut self, thing: &V) -> Result<Option<Value>> {
        let broken = |error: serde_json::Error| Problem::internal(error.to_string());
        let bytes = serde_json::to_string(thing).map_err(broken)?.len();
        if self.bytes.saturating_add(bytes) > TOLD_BYTES_MAX {
            return Ok(None);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        serde_json::to_value(thing).map(Some).map_err(broken)
    }
}

/// Accounts that were forgotten, in a collection of the plugin's own. Events that tell of somebody may arrive after
/// the one that says they are erased, since only those of one key keep their order; who asks here first keeps
/// nothing of them again. An account's id names nobody any more, and goes when no event can be late by so much.
#[derive(Debug, Clone, Copy)]
pub struct Forgotten(Collection<Mark>);

/// That an account was forgotten: its id is the document's.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mark {}

impl Forgotten {
    /// Those in the collection that the manifest calls so.
    #[must_use]
    pub const fn new(collection: &'static str) -> Self {
        Self(Collection::new(collection))
    }

    /// Remembers that an account is to be forgotten.
    ///
    /// # Errors
    /// Those of the store.
    pub fn add(&self, account: &str) -> Result<()> {
        let until = clock::now_ms().saturating_add(FORGOTTEN_MS);
        self.0.put_until(account, &Mark::default(), until)?;
        Ok(())
    }

    /// Whether an account was forgotten.
    ///
    /// # Errors
    /// Those of the store.
    pub fn has(&self, account: &str) -> Result<bool> {
        Ok(self.0.get(account)?.is_some())
    }
}

/// What the plugin's function answered, as the host takes it.
///
/// # Errors
/// The function's problem, or what keeps its answer from being JSON, in words for the operator.
#[doc(hidden)]
pub fn told<T: Serialize>(kept: Result<T>) -> Result<String, String> {
    let kept = kept.map_err(|problem| format!("{}: {}", problem.code, problem.detail))?;
    serde_json::to_string(&kept).map_err(|error| error.to_string())
}
