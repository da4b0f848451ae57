//! What is remembered of one plugin's data in a tenant: which steps it has gone, and how each is undone. Versions that
//! do not know a step can be returned to all the same.

use serde::{Deserialize, Serialize};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Expiry, Store, StoreError, UnitOfWork};
use stoa_wit::{Migration, version_numbers};

use super::MIGRATIONS;
use crate::artifact::HOST_PLUGIN;

/// Versions of which is remembered that their code has migrated: the newest.
const CODE_KEPT_MAX: usize = 32;

/// The row. Its id is the plugin's name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The version whose code has seen the data last; empty if none has.
    #[serde(default)]
    pub version: String,
    /// Steps that all documents have gone.
    #[serde(default)]
    pub steps: Vec<Applied>,
    /// The step that some documents have gone.
    #[serde(default)]
    pub under_way: Option<UnderWay>,
    /// Versions whose code has changed data.
    #[serde(default)]
    pub code: Vec<Code>,
}

/// A step that was gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// It, with its way back.
    pub migration: Migration,
    /// Documents that have lost something that can't come back.
    pub removed: u64,
}

/// A step that is being gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// It.
    pub applied: Applied,
    /// Which way.
    pub way: Way,
    /// The id of the last document that has gone it.
    pub after: Option<String>,
    /// The id of the last one that has to; none for all.
    pub until: Option<String>,
}

/// A step that has to be undone.
pub struct Undo<'r> {
    /// It.
    pub applied: &'r Applied,
    under_way: Option<&'r UnderWay>,
}

impl Undo<'_> {
    /// Whether the document of this id has gone it.
    pub fn has_gone(&self, id: &str) -> bool {
        let Some(under_way) = self.under_way else {
            return true;
        };
        let is_through = under_way.after.as_deref().is_some_and(|after| id <= after);
        let is_meant = under_way.until.as_deref().is_none_or(|until| id <= until);
        match under_way.way {
            Way::Up => is_through || !is_meant,
            Way::Down => !is_through && is_meant,
        }
    }
}

/// Which way a step is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Up,
    Down,
}

/// What a version's code has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The version.
    pub version: String,
    /// How much it has written.
    pub writes: u64,
}

impl Row {
    /// As a unit of work sees it.
    pub async fn of(unit: &dyn UnitOfWork, plugin: &str) -> Result<Self, StoreError> {
        let found = unit.get(&collection(), plugin).await?;
        let Some(document) = found else {
            return Ok(Self::default());
        };
        serde_json::from_str(&document.body).map_err(|error| malformed(&error))
    }

    /// As it is committed.
    pub async fn read(
        store: &dyn Store,
        tenant: &TenantId,
        plugin: &str,
    ) -> Result<Self, StoreError> {
        Self::of(&*store.begin(tenant).await?, plugin).await
    }

    /// Writes it.
    pub async fn put(&self, unit: &dyn UnitOfWork, plugin: &str) -> Result<(), StoreError> {
        let body = serde_json::to_value(self).map_err(|error| malformed(&error))?;
        let collection = collection();
        let put = unit.put(&collection, plugin, None, body, Expiry::Never);
        put.await.map(drop)
    }

    /// How many of the steps that were gone are the first of these.
    fn common(&self, wanted: &[Migration]) -> usize {
        let pairs = self.steps.iter().zip(wanted);
        pairs
            .take_while(|(gone, step)| gone.migration.is_same_step(step))
            .count()
    }

    /// Whether the data has gone these steps and no other.
    pub fn is_at(&self, wanted: &[Migration]) -> bool {
        let common = self.common(wanted);
        self.under_way.is_none() && common == self.steps.len() && common == wanted.len()
    }

    /// Steps that have to be undone, the newest first.
    pub fn to_undo(&self, wanted: &[Migration]) -> Vec<Undo<'_>> {
        let common = self.common(wanted);
        let under_way = self.under_way.iter();
        let under_way = under_way.filter(|under_way| !self.is_wanted(under_way, wanted, common));
        let under_way = under_way.map(|under_way| Undo {
            applied: &under_way.applied,
            under_way: Some(under_way),
        });
        let gone = self.steps.get(common..).unwrap_or_default();
        let gone = gone.iter().rev().map(|applied| Undo {
            applied,
            under_way: None,
        });
        under_way.chain(gone).collect()
    }

    /// Steps that have to be gone once nothing has to be undone.
    pub fn to_do<'w>(&self, wanted: &'w [Migration]) -> &'w [Migration] {
        wanted.get(self.common(wanted)..).unwrap_or_default()
    }

    fn is_wanted(&self, under_way: &UnderWay, wanted: &[Migration], common: usize) -> bool {
        let next = wanted.get(common).filter(|_| common == self.steps.len());
        next.is_some_and(|next| next.is_same_step(&under_way.applied.migration))
    }

    /// Makes the next thing to do on the way to these steps what is under way; false when all is done.
    pub fn aim(&mut self, wanted: &[Migration]) -> bool {
        let common = self.common(wanted);
        if let Some(mut under_way) = self.under_way.take() {
            let way = match self.is_wanted(&under_way, wanted, common) {
                true => Way::Up,
                false => Way::Down,
            };
            // Who turned round already goes on to where that began, and turns round there.
            if under_way.way != way && under_way.until.is_none() {
                let Some(after) = under_way.after.take() else {
                    // Nothing was done yet.
                    if under_way.way == Way::Down {
                        self.steps.push(under_way.applied);
                    }
                    return self.aim(wanted);
                };
                under_way.way = way;
                under_way.until = Some(after);
            }
            self.under_way = Some(under_way);
            return true;
        }
        let next = if common < self.steps.len() {
            self.steps.pop().map(|applied| (applied, Way::Down))
        } else {
            wanted.get(common).map(|step| (applied(step), Way::Up))
        };
        self.under_way = next.map(|(applied, way)| UnderWay {
            applied,
            way,
            after: None,
            until: None,
        });
        self.under_way.is_some()
    }

    /// All documents have gone what is under way.
    pub fn arrive(&mut self) {
        if let Some(under_way) = self.under_way.take()
            && under_way.way == Way::Up
        {
            self.steps.push(under_way.applied);
        }
    }

    /// A version's code has seen the data and written so much.
    pub fn seen_by(&mut self, version: &str, writes: usize) {
        version.clone_into(&mut self.version);
        // What later versions' code did, this one has taken up.
        self.code.retain(|code| {
            code.version != version && version_numbers(&code.version) < version_numbers(version)
        });
        if writes > 0 {
            self.code.push(Code {
                version: version.to_owned(),
                writes: writes as u64,
            });
        }
        let beyond = self.code.len().saturating_sub(CODE_KEPT_MAX);
        self.code.drain(..beyond);
    }

    /// What code of later versions has done.
    pub fn code_after<'r>(&'r self, version: &str) -> impl Iterator<Item = &'r Code> {
        let version = version_numbers(version);
        let code = self.code.iter();
        code.filter(move |code| version_numbers(&code.version) > version)
    }
}

/// Whether these are the same steps.
pub fn are_same(some: &[Migration], others: &[Migration]) -> bool {
    let mut pairs = some.iter().zip(others);
    some.len() == others.len() && pairs.all(|(a, b)| a.is_same_step(b))
}

/// A step that nobody has gone, with its way back written down.
fn applied(step: &Migration) -> Applied {
    Applied {
        migration: Migration {
            down: Some(step.way_back()),
            ..step.clone()
        },
        removed: 0,
    }
}

fn collection() -> CollectionName {
    CollectionName::new(HOST_PLUGIN, MIGRATIONS)
}

fn malformed(error: &serde_json::Error) -> StoreError {
    StoreError::Invalid(format!("the row of a migration: {error}"))
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn steps(fields: &[&str]) -> Vec<Migration> {
        let steps = (1_u32..).zip(fields).map(|(step, field)| {
            let up = json!([{ "add": { "field": field, "value": 1 } }]);
            let step = json!({ "step": step, "collection": "notes", "up": up });
            serde_json::from_value(step).unwrap()
        });
        steps.collect()
    }

    /// Goes all the way; which steps were gone which way.
    fn go(row: &mut Row, wanted: &[Migration]) -> Vec<(u32, Way)> {
        let mut gone = Vec::new();
        while row.aim(wanted) {
            let under_way = row.under_way.as_ref().unwrap();
            gone.push((under_way.applied.migration.step, under_way.way));
            row.arrive();
        }
        assert!(row.is_at(wanted));
        gone
    }

    #[test]
    fn steps_are_undone_to_where_histories_part_and_then_done() {
        let mut row = Row::default();
        let (ours, theirs) = (steps(&["a", "b", "c"]), steps(&["a", "x"]));
        let up = |step| (step, Way::Up);
        let down = |step| (step, Way::Down);
        assert_eq!(go(&mut row, &ours), [up(1), up(2), up(3)]);
        assert_eq!(row.to_undo(&theirs).len(), 2);
        assert_eq!(go(&mut row, &theirs), [down(3), down(2), up(2)]);
        assert_eq!(go(&mut row, &[]), [down(2), down(1)]);
        assert_eq!(go(&mut row, &[]), []);
        // It is as it was written, and rows of before the steps are read.
        let written: Value = serde_json::to_value(&row).unwrap();
        assert_eq!(serde_json::from_value::<Row>(written).unwrap(), row);
        let old: Row = serde_json::from_value(json!({ "version": "0.1.0" })).unwrap();
        assert_eq!((old.version.as_str(), old.steps.len()), ("0.1.0", 0));
    }

    #[test]
    fn who_turns_round_in_the_middle_takes_along_those_who_went() {
        let (mut row, wanted) = (Row::default(), steps(&["a"]));
        assert!(row.aim(&wanted));
        row.under_way.as_mut().unwrap().after = Some("k".into());
        let undo = row.to_undo(&[]);
        assert!(undo[0].has_gone("k") && !undo[0].has_gone("l"));
        assert!(row.to_undo(&wanted).is_empty() && !row.is_at(&wanted));
        assert!(row.aim(&[]));
        let back = row.under_way.clone().unwrap();
        assert_eq!((back.way, back.after.as_deref()), (Way::Down, None));
        assert_eq!(back.until.as_deref(), Some("k"));
        let undo = row.to_undo(&[]);
        assert!(undo[0].has_gone("a") && !undo[0].has_gone("l"));
        // Once more, and the way back is ended first.
        assert!(row.aim(&wanted));
        assert_eq!(row.under_way.as_ref(), Some(&back));
        row.arrive();
        assert_eq!(row.steps, []);
        // Nothing was done yet: nothing has to be undone.
        assert!(row.aim(&wanted));
        assert!(!row.aim(&[]));
        assert_eq!(row, Row::default());
    }

    #[test]
    fn code_is_remembered_if_it_wrote() {
        let mut row = Row::default();
        row.seen_by("0.1.0", 0);
        row.seen_by("0.2.0", 3);
        row.seen_by("0.10.0", 1);
        let after = |row: &Row, version: &str| row.code_after(version).count();
        assert_eq!((after(&row, "0.1.0"), after(&row, "0.2.0")), (2, 1));
        row.seen_by("0.2.0", 0);
        assert_eq!((after(&row, "0.1.0"), row.code.len()), (0, 0));
    }
}
