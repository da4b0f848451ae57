//! The statements that find documents.

use stoa_kernel::clock::Millis;
use stoa_kernel::query::Filter;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Number, Value, Variables};

use super::cursor;
use super::filter::Conditions;
use super::order::{Order, Position};
use crate::row::millis;
use crate::table::{Key, Table};

/// Longer ones are ended by the engine.
const TIMEOUT: &str = "10s";

/// Which documents of a table are meant.
pub(crate) struct Scope<'a> {
    pub(crate) table: &'a Table,
    pub(crate) filter: Option<&'a Filter>,
    /// Documents that are left out because the request has written them.
    pub(crate) without: &'a [Key],
    /// Set where documents may expire. Left out elsewhere, as it keeps an index from serving the limit.
    pub(crate) alive_at: Option<Millis>,
}

impl<'a> Scope<'a> {
    fn conditions(&self) -> Conditions<'a> {
        let mut conditions = Conditions::new(&self.table.name);
        if let Some(filter) = self.filter {
            conditions.filter(filter);
        }
        if let Some(now) = self.alive_at {
            let (never, now) = (
                conditions.bind(millis(Millis::MAX)),
                conditions.bind(millis(now)),
            );
            // Not so that the index of ends could serve it: the engine would go through all that has an end, to leave out what
            // the other conditions leave out anyway.
            conditions.push(format!("(exp ?? {never}) > {now}"));
        }
        if !self.without.is_empty() {
            let records: Vec<Value> = self.without.iter().map(Key::record).collect();
            let records = conditions.bind(Value::Array(records.into()));
            conditions.push(format!("id NOTINSIDE {records}"));
        }
        conditions
    }

    /// A page of rows in an order.
    pub(crate) fn page(
        &self,
        order: &Order,
        after: Option<&Position>,
        start: usize,
        limit: usize,
    ) -> Result<(String, Variables), StoreError> {
        let mut conditions = self.conditions();
        if let Some(position) = after {
            cursor::after(&mut conditions, order, position)?;
        }
        let limit = conditions.bind(int(limit));
        let start_clause = if start > 0 {
            format!(" START {}", conditions.bind(int(start)))
        } else {
            String::new()
        };
        let (clause, variables) = conditions.finish();
        let order = order.clause();
        let text = format!(
            "SELECT * FROM `{}`{clause}{order} LIMIT {limit}{start_clause} TIMEOUT {TIMEOUT}",
            self.table.name
        );
        Ok((text, variables))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> (String, Variables) {
        let (clause, variables) = self.conditions().finish();
        (
            format!(
                "SELECT count() FROM `{}`{clause} GROUP ALL TIMEOUT {TIMEOUT}",
                self.table.name
            ),
            variables,
        )
    }

    /// Some columns of all of them, up to a limit.
    pub(crate) fn columns(&self, columns: &[String], limit: usize) -> (String, Variables) {
        let mut conditions = self.conditions();
        let limit = conditions.bind(int(limit));
        let (clause, variables) = conditions.finish();
        let columns = columns.join(", ");
        (
            format!(
                "SELECT VALUE [{columns}] FROM `{}`{clause} LIMIT {limit} TIMEOUT {TIMEOUT}",
                self.table.name
            ),
            variables,
        )
    }
}

fn int(number: usize) -> Value {
    Value::Number(Number::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// What a count answered.
pub(crate) fn counted(rows: Vec<Value>) -> u64 {
    let Some(Value::Object(row)) = rows.into_iter().next() else {
        return 0;
    };
    match row.into_inner().remove("count") {
        Some(Value::Number(Number::Int(count))) => u64::try_from(count).unwrap_or_default(),
        _ => 0,
    }
}
