//! Events on their way: from later to now, from the platform to a tenant, and out.

use std::collections::BTreeMap;

use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, Pending, Promoted};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Number, RecordId, Value, Variables};

use super::news::News;
use super::row::{
    event, later_key, later_record, mark_content, mark_record, millis_of, record, row,
};
use crate::fault::Fault;
use crate::names::{ARRIVED, LATER, OUTBOX};
use crate::row::millis;
use crate::script::Script;
use crate::shared::Shared;
use crate::tenants::Tenant;

/// Delayed events that one script moves.
const PROMOTED_MAX: u32 = 200;

/// How long the note of an arrival stays after the event has left the platform's outbox: far longer than
/// anybody who read it there before could take to move it.
const NOTE_KEPT_MS: u64 = 86_400_000;

/// How often a script of the host's own runs again after a conflict: each time somebody else got on.
const TRIES_MAX: u32 = 20;

impl Shared {
    /// Moves what is due into the outbox. Whoever comes second finds it gone: moving it again would have it
    /// handled again.
    pub(crate) async fn promote(
        &self,
        tenant: &TenantId,
        now: Millis,
    ) -> Result<Promoted, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let due = self.due(&tenant, now).await?;
        let mut promoted = Promoted::default();
        if !due.is_empty() {
            let mut script = Script::default();
            for event in &due {
                script.take(later_record(event));
            }
            let rows = due.iter().map(|event| row(event, record(&event.id)));
            script.insert(OUTBOX, rows.collect());
            match self.once(&tenant, script).await {
                Ok(()) => promoted.first = due.iter().map(|event| event.id.clone()).min(),
                // Somebody else has moved some of it; the next look finds the rest.
                Err(Fault::Conflict | Fault::Exists(_)) => {}
                Err(fault) => {
                    if fault.is_in_doubt() {
                        // The next look would find nothing to move, and nobody would look at what waits.
                        self.tell(&tenant.id, &News::of(&due, now));
                    }
                    return Err(fault.into());
                }
            }
        }
        promoted.next_due_at = self.next_due_at(&tenant).await?;
        Ok(promoted)
    }

    async fn due(&self, tenant: &Tenant, now: Millis) -> Result<Vec<Event>, StoreError> {
        let mut variables = Variables::new();
        variables.insert("to", Value::String(later_key(now.saturating_add(1), "")));
        variables.insert("limit", Value::Number(Number::Int(PROMOTED_MAX.into())));
        let text = format!("SELECT * FROM type::record('{LATER}', ..$to) LIMIT $limit");
        let rows = self.rows(tenant, text, variables).await?;
        Ok(rows.into_iter().filter_map(event).collect())
    }

    async fn next_due_at(&self, tenant: &Tenant) -> Result<Option<Millis>, StoreError> {
        let mut variables = Variables::new();
        variables.insert("from", Value::String(String::new()));
        let text = format!("SELECT VALUE due FROM type::record('{LATER}', $from..) LIMIT 1");
        let rows = self.rows(tenant, text, variables).await?;
        Ok(millis_of(rows.first()))
    }

    /// Removes events with their marks. Of those that went from the platform to tenants, the notes of their arrival
    /// have an end from then on.
    pub(crate) async fn settle(
        &self,
        tenant: &TenantId,
        events: &[Pending],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let rows = events.iter().map(|pending| record(&pending.event.id));
        let marks = events.iter().flat_map(|pending| {
            let marked = pending.handled.iter();
            marked.map(|subscriber| mark_record(&pending.event.id, subscriber))
        });
        let (rows, marks): (Vec<Value>, Vec<Value>) = (rows.collect(), marks.collect());
        self.persist(&tenant, || {
            let mut script = Script::default();
            script.clear(rows.clone());
            if !marks.is_empty() {
                script.clear(marks.clone());
            }
            script
        })
        .await?;
        self.end_notes(events).await
    }

    /// Brings an event of the platform's outbox to its tenant's, with a note of its arrival: while the event waits
    /// in the platform's, it may come once more, and the note refuses it. It leaves there with many others, see
    /// [`Self::settle`]: removing rows one by one is dear.
    pub(crate) async fn hand_over(&self, event: &Event) -> Result<(), StoreError> {
        let Some(id) = &event.tenant else {
            return Err(StoreError::Invalid("the event is for no tenant".into()));
        };
        let tenant = self.tenants.open(&self.engine, id).await?;
        let arriving = Event {
            tenant: None,
            ..event.clone()
        };
        let now = self.now();
        let mut script = Script::default();
        let content = mark_content(now);
        script.create(note(event), Value::Object(content));
        super::row::insert(&mut script, [(&arriving, now)]);
        match self.once(&tenant, script).await {
            // Whoever brought it before may not have known that it had arrived, and have told nobody.
            Ok(()) | Err(Fault::Exists(_)) => {
                self.tell(id, &News::of(&[arriving], now));
                Ok(())
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Nobody reads these in the platform's outbox any more.
    async fn end_notes(&self, events: &[Pending]) -> Result<(), StoreError> {
        let mut notes: BTreeMap<&TenantId, Vec<Value>> = BTreeMap::new();
        for Pending { event, .. } in events {
            if let Some(id) = &event.tenant {
                notes.entry(id).or_default().push(note(event));
            }
        }
        let ends_at = millis(self.now().saturating_add(NOTE_KEPT_MS));
        for (id, notes) in notes {
            let tenant = self.tenants.open(&self.engine, id).await?;
            self.persist(&tenant, || {
                let mut script = Script::default();
                script.expire(notes.clone(), ends_at.clone());
                script
            })
            .await?;
        }
        Ok(())
    }

    async fn once(&self, tenant: &Tenant, script: Script) -> Result<(), Fault> {
        let session = tenant.session.clone();
        self.engine
            .run(async move { script.run(&session).await })
            .await?
    }

    /// Runs a script that bears repetition until nothing gets in between.
    async fn persist(
        &self,
        tenant: &Tenant,
        script: impl Fn() -> Script,
    ) -> Result<(), StoreError> {
        let mut tried = 1;
        loop {
            match self.once(tenant, script()).await {
                Err(Fault::Conflict) if tried < TRIES_MAX => tried += 1,
                outcome => return Ok(outcome?),
            }
        }
    }
}

/// The note in its tenant that an event has arrived there.
fn note(event: &Event) -> Value {
    Value::RecordId(RecordId::new(ARRIVED, event.id.as_str()))
}
