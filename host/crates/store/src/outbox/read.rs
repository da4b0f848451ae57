//! Reading what waits.

use std::collections::HashMap;

use stoa_kernel::event::{Event, Pending};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Number, Value, Variables};

use super::row::event;
use crate::names::{HANDLED, LATER, OUTBOX};
use crate::shared::Shared;
use crate::tenants::Tenant;

/// Events of one reading.
const EVENTS_MAX: u32 = 1_000;

/// Greater than every character of an id and of the `:` behind it.
const END: char = '~';

impl Shared {
    /// The events behind one, in the order of their ids.
    pub(crate) async fn events(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        // Every id is greater than the empty text. In this form the engine reads no further than the limit.
        let text = format!("SELECT * FROM type::record('{OUTBOX}', $after>..) LIMIT $limit");
        let rows = self
            .rows(
                &tenant,
                text,
                range("after", after.unwrap_or_default(), limit),
            )
            .await?;
        Ok(rows.into_iter().filter_map(event).collect())
    }

    /// The events that are due later, the next one first.
    pub(crate) async fn delayed(
        &self,
        tenant: &TenantId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let text = format!("SELECT * FROM type::record('{LATER}', $from..) LIMIT $limit");
        let rows = self.rows(&tenant, text, range("from", "", limit)).await?;
        Ok(rows.into_iter().filter_map(event).collect())
    }

    /// The events from an id on, with their marks.
    pub(crate) async fn pending(
        &self,
        tenant: &TenantId,
        from: &str,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let text = format!("SELECT * FROM type::record('{OUTBOX}', $from..) LIMIT $limit");
        let rows = self.rows(&tenant, text, range("from", from, limit)).await?;
        let events: Vec<Event> = rows.into_iter().filter_map(event).collect();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(Vec::new());
        };
        self.event_ids.seen(&last.id);
        let mut marks = self.marks(&tenant, &first.id, &last.id).await?;
        Ok(events
            .into_iter()
            .map(|event| Pending {
                handled: marks.remove(&event.id).unwrap_or_default(),
                event,
            })
            .collect())
    }

    /// The marks of these events. Those that are set or settled meanwhile are no harm: the commit that handles
    /// an event looks again.
    async fn marks(
        &self,
        tenant: &Tenant,
        first: &str,
        last: &str,
    ) -> Result<HashMap<String, Vec<String>>, StoreError> {
        let mut variables = Variables::new();
        variables.insert("from", Value::String(first.into()));
        variables.insert("to", Value::String(format!("{last}{END}")));
        let text =
            format!("SELECT VALUE record::id(id) FROM type::record('{HANDLED}', $from..$to)");
        let found = self.rows(tenant, text, variables).await?;
        let mut marks: HashMap<String, Vec<String>> = HashMap::new();
        for mark in found {
            if let Value::String(mark) = mark
                && let Some((event, subscriber)) = mark.split_once(':')
            {
                marks
                    .entry(event.to_owned())
                    .or_default()
                    .push(subscriber.to_owned());
            }
        }
        Ok(marks)
    }
}

/// Where a reading begins, and how long it is.
fn range(name: &str, from: &str, limit: u32) -> Variables {
    let mut variables = Variables::new();
    variables.insert(name, Value::String(from.into()));
    let limit = limit.clamp(1, EVENTS_MAX);
    variables.insert("limit", Value::Number(Number::Int(limit.into())));
    variables
}
