//! Files of runs: reports, pictures, traces. Workers bring them under their lease, people fetch them by links.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::attempt::Token;
use crate::check;
use crate::complete::lease_header;
use crate::limits;
use crate::run::{self, RUNS};

const ARTEFACTS: Collection<Artefact> = Collection::new("artefacts");

/// Files of one run: one page shows them all.
const PER_RUN_MAX: u32 = 100;
/// Bytes of one, as the host takes them from a plugin.
const BYTES_MAX: usize = 1 << 20;
/// Seconds that a link is good for: long enough to be clicked, too short to be passed around.
const LINK_SECONDS: u32 = 900;
/// Files that are swept at once: each is a few writes, and one more where it was its run's only one.
const PORTION: u32 = 100;
/// By which the sweep goes on.
const SWEEPING: &str = "executions.sweeping";

/// A file that is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artefact {
    run_id: String,
    /// The host's name for the bytes.
    blob: String,
    name: String,
    content_type: String,
    size_bytes: u64,
    attempt: u32,
    created_at: u64,
}

/// How a file is called.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewArtefact {
    /// A plain file name, at most 200 characters.
    pub name: String,
}

/// A file of a run.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArtefactView {
    pub id: String,
    pub name: String,
    /// As the host found it out.
    pub content_type: String,
    pub size_bytes: u64,
    pub attempt: u32,
    /// RFC 3339.
    pub created_at: String,
}

/// The files of a run, in the order in which they came.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArtefactList {
    pub items: Vec<ArtefactView>,
}

/// Where a file is.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ArtefactLink {
    /// A path on this host, from which anybody may fetch it.
    pub url: String,
    /// RFC 3339: how long.
    pub expires_at: String,
}

pub fn add_artefact(
    Path(id): Path<String>,
    Query(new): Query<NewArtefact>,
    Body(bytes): Body,
) -> Result<Created<Json<ArtefactView>>> {
    let mut run = run::find(&id)?;
    run.lease_of(&Token(lease_header()?))?;
    let name = check::line("name", &new.name)?;
    if bytes.is_empty() || bytes.len() > BYTES_MAX {
        let detail = format!("A file has 1 to {BYTES_MAX} bytes.");
        return Err(Problem::new(413, "payload-too-large", detail));
    }
    if run.artefacts >= PER_RUN_MAX {
        let detail = format!("A run has at most {PER_RUN_MAX} files.");
        return Err(Problem::new(422, "too-much", detail));
    }
    let blob = blobs::write(&name, &bytes)?;
    let artefact = Artefact {
        run_id: id.clone(),
        blob: blob.id,
        name: blob.name,
        content_type: blob.content_type,
        size_bytes: blob.size_bytes,
        attempt: run.attempt,
        created_at: clock::now_ms(),
    };
    let artefact_id = random::ulid();
    ARTEFACTS.create(&artefact_id, &artefact)?;
    run.artefacts += 1;
    run::change(&id, &run)?;
    Ok(Created(Json(ArtefactView::of(artefact_id, artefact))))
}

pub fn list_artefacts(Path(id): Path<String>) -> Result<Json<ArtefactList>> {
    run::find(&id)?;
    let found = ARTEFACTS
        .query()
        .filter(eq("runId", id))
        .sort_asc("createdAt")
        .limit(PER_RUN_MAX)
        .run()?;
    let items = found.items.into_iter();
    Ok(Json(ArtefactList {
        items: items
            .map(|stored| ArtefactView::of(stored.id, stored.value))
            .collect(),
    }))
}

pub fn link_artefact(Path((id, artefact)): Path<(String, String)>) -> Result<Json<ArtefactLink>> {
    run::find(&id)?;
    let found = ARTEFACTS.get(&artefact)?;
    let found = found.filter(|found| found.run_id == id);
    let found = found.ok_or_else(|| Problem::not_found("artefact"))?;
    let expires_at = clock::now_ms() + u64::from(LINK_SECONDS) * 1_000;
    Ok(Json(ArtefactLink {
        url: blobs::link(&found.blob, LINK_SECONDS)?,
        expires_at: clock::rfc3339(expires_at),
    }))
}

/// That there is more to sweep; what it is shows when it is swept.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rest {}

/// The schedule: files that are old enough go, with their bytes.
pub fn sweep(_turn: Turn) -> Result<()> {
    sweep_some()
}

/// What the turn had no room for, portion by portion: more may have come in an hour than one unit of work removes.
pub fn sweep_on(_event: Event<Rest>) -> Result<()> {
    sweep_some()
}

fn sweep_some() -> Result<()> {
    let until = clock::now_ms().saturating_sub(limits::artefact_ms());
    let found = ARTEFACTS
        .query()
        .filter(lt("createdAt", until))
        .sort_asc("createdAt")
        .limit(PORTION)
        .run()?;
    let mut swept: BTreeMap<String, i64> = BTreeMap::new();
    for stored in found.items {
        blobs::remove(&stored.value.blob)?;
        ARTEFACTS.delete(&stored.id)?;
        *swept.entry(stored.value.run_id).or_default() += 1;
    }
    for (run_id, files) in swept {
        uncount(&run_id, files)?;
    }
    if found.next_cursor.is_some() {
        events::raise_at(SWEEPING, "sweep", &Rest {}, clock::now_ms())?;
    }
    Ok(())
}

/// Makes room for other files in a run, if that is still kept. Nobody is told: who listens would take it for an end that
/// the run came to weeks ago.
fn uncount(run_id: &str, files: i64) -> Result<()> {
    match RUNS.take_if_at_least(run_id, "artefacts", files) {
        Ok(_) | Err(StorageError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl ArtefactView {
    fn of(id: String, artefact: Artefact) -> Self {
        Self {
            id,
            name: artefact.name,
            content_type: artefact.content_type,
            size_bytes: artefact.size_bytes,
            attempt: artefact.attempt,
            created_at: clock::rfc3339(artefact.created_at),
        }
    }
}
