//! Aggregates: the engine finds the fields of what matches, the host adds them up, own writes included.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use stoa_kernel::limits::{self, GROUP_KEY_CHARS_MAX};
use stoa_kernel::query::{Aggregate, COMPUTE_MAX, Compute, GroupKey, KEYS_MAX, Path};
use stoa_kernel::store::StoreError;
use surrealdb::types::Value;

use super::Work;
use super::state::Pending;
use crate::encode::decode;
use crate::names::column;
use crate::pages::Found;
use crate::query::order::compare;
use crate::query::select::{Scope, counted};
use crate::table::{Key, Table};
use crate::tally::{Tally, day};

/// Documents that one aggregate looks at: beyond it, keep a running total in a document.
const DOCUMENTS_MAX: usize = 100_000;

/// Portions of documents whose keys may be of any length: some 32 MiB.
const KEYS_PORTIONS: usize = 8;

/// The values of a group's keys, in the order in which groups are answered.
#[derive(Debug, Clone)]
struct Group(Vec<Json>);

impl Ord for Group {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0
            .iter()
            .zip(&other.0)
            .fold(Ordering::Equal, |order, (a, b)| {
                order.then_with(|| compare(a, b))
            })
    }
}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Group {}

type Groups = BTreeMap<Group, Vec<Tally>>;

impl Work {
    pub(super) async fn groups(
        &self,
        table: &Arc<Table>,
        aggregate: &Aggregate,
    ) -> Result<Vec<Json>, StoreError> {
        if aggregate.group_by.len() > KEYS_MAX || aggregate.compute.len() > COMPUTE_MAX {
            return Err(StoreError::Invalid(format!(
                "at most {KEYS_MAX} group keys and {COMPUTE_MAX} calculations"
            )));
        }
        let own = {
            let mut state = self.state();
            state.query(table);
            state.own_of(table)
        };
        let question = question(aggregate);
        let (true, false, Some(question)) = (
            own.is_empty(),
            self.shared.may_expire(&self.tenant, table).await?,
            question,
        ) else {
            return self.compute(table, aggregate, own).await;
        };
        if let Some(Found::Rows(rows)) = self.shared.pages.get(table, &question) {
            return Ok(Vec::clone(&rows));
        }
        let generation = table.generation();
        let rows = self.compute(table, aggregate, own).await?;
        self.shared.pages.put(
            table,
            question,
            generation,
            &Found::Rows(Arc::new(rows.clone())),
        );
        Ok(rows)
    }

    async fn compute(
        &self,
        table: &Arc<Table>,
        aggregate: &Aggregate,
        own: Vec<(Key, Pending)>,
    ) -> Result<Vec<Json>, StoreError> {
        let now = self.shared.now();
        let without: Vec<Key> = own.iter().map(|(key, _)| key.clone()).collect();
        let alive_at = self
            .shared
            .may_expire(&self.tenant, table)
            .await?
            .then_some(now);
        let scope = Scope {
            table,
            filter: aggregate.filter.as_ref(),
            without: &without,
            alive_at,
        };
        let mut groups = Groups::new();
        if aggregate.group_by.is_empty() {
            groups.insert(
                Group(Vec::new()),
                vec![Tally::default(); aggregate.compute.len()],
            );
        }
        self.add_committed(&scope, aggregate, &mut groups).await?;
        for (key, pending) in &own {
            let Some(row) = pending.visible(now) else {
                continue;
            };
            if aggregate
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&key.id, &row.value))
            {
                let value = |path: &Path| {
                    if path.is_id() {
                        Json::from(&*key.id)
                    } else {
                        path.of(&row.value).clone()
                    }
                };
                let paths = keys(aggregate).chain(numbers(aggregate));
                let values: Vec<Json> = paths.map(value).collect();
                add(&mut groups, aggregate, &values, 1)?;
            }
        }
        let limit = aggregate.limit.clamp(1, limits::GROUPS_MAX) as usize;
        Ok(groups
            .into_iter()
            .take(limit)
            .map(|(group, tallies)| answer(aggregate, group, &tallies))
            .collect())
    }

    async fn add_committed(
        &self,
        scope: &Scope<'_>,
        aggregate: &Aggregate,
        groups: &mut Groups,
    ) -> Result<(), StoreError> {
        let whole: Vec<String> = keys(aggregate).map(column).collect();
        let numbers: Vec<String> = numbers(aggregate).map(number_column).collect();
        if whole.is_empty() && numbers.is_empty() {
            // Nothing but counting: the engine does it without reading a document.
            let (text, variables) = scope.count();
            let count = counted(self.shared.rows(&self.tenant, text, variables).await?);
            return add(groups, aggregate, &[], count);
        }
        // Whether keys are short is asked of the engine, which takes half as long again, only where it matters.
        let few = if whole.is_empty() {
            DOCUMENTS_MAX
        } else {
            (scope.table.largest.portion() * KEYS_PORTIONS).min(DOCUMENTS_MAX)
        };
        let columns = |keys: Vec<String>| [keys, numbers.clone()].concat();
        let mut rows = self.columns(scope, columns(whole), few + 1).await?;
        if rows.len() > few && few < DOCUMENTS_MAX {
            drop(rows);
            let short = keys(aggregate).map(short_column).collect();
            rows = self
                .columns(scope, columns(short), DOCUMENTS_MAX + 1)
                .await?;
        }
        if rows.len() > DOCUMENTS_MAX {
            return Err(StoreError::Limit(format!(
                "an aggregate looks at no more than {DOCUMENTS_MAX} documents"
            )));
        }
        for row in rows {
            let Value::Array(values) = row else { continue };
            let values: Vec<Json> = values.into_vec().into_iter().map(decode).collect();
            add(groups, aggregate, &values, 1)?;
        }
        Ok(())
    }

    async fn columns(
        &self,
        scope: &Scope<'_>,
        columns: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let (text, variables) = scope.columns(&columns, limit);
        self.shared.rows(&self.tenant, text, variables).await
    }
}

/// The fields of an aggregate's groups.
fn keys(aggregate: &Aggregate) -> impl Iterator<Item = &Path> {
    aggregate.group_by.iter().map(|key| match key {
        GroupKey::Field(path) | GroupKey::Day(path) => path,
    })
}

/// The fields of its calculations.
fn numbers(aggregate: &Aggregate) -> impl Iterator<Item = &Path> {
    aggregate.compute.iter().filter_map(computed)
}

/// A key if it is short; an object, which is none, otherwise. What is a scalar comes before every object.
fn short_column(path: &Path) -> String {
    let column = column(path);
    if path.is_id() {
        return column;
    }
    format!(
        "IF {column} < {{}} AND (<string>{column}).len() <= {GROUP_KEY_CHARS_MAX} {{ {column} }} ELSE {{ {{}} }}"
    )
}

fn is_short(key: &Json) -> bool {
    match key {
        Json::String(text) => text.chars().nth(GROUP_KEY_CHARS_MAX).is_none(),
        Json::Array(_) | Json::Object(_) => false,
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    }
}

/// A field as far as it is a number: those come before every text. Nothing else is calculated with.
fn number_column(path: &Path) -> String {
    let column = column(path);
    format!("({column} < '' AND {column})")
}

const fn computed(compute: &Compute) -> Option<&Path> {
    match compute {
        Compute::Count => None,
        Compute::Sum(path) | Compute::Avg(path) | Compute::Min(path) | Compute::Max(path) => {
            Some(path)
        }
    }
}

/// Adds documents with the same values of [`keys`] and [`numbers`].
fn add(
    groups: &mut Groups,
    aggregate: &Aggregate,
    values: &[Json],
    count: u64,
) -> Result<(), StoreError> {
    let (keys, _) = values.split_at(aggregate.group_by.len().min(values.len()));
    if !keys.iter().all(is_short) {
        return Err(StoreError::Limit(format!(
            "an aggregate groups by scalars, and by no text of more than {GROUP_KEY_CHARS_MAX} characters"
        )));
    }
    let mut values = values.iter();
    let keys = aggregate
        .group_by
        .iter()
        .zip(values.by_ref())
        .map(|(key, value)| match key {
            GroupKey::Field(_) => value.clone(),
            GroupKey::Day(_) => day(value),
        });
    let tallies = groups
        .entry(Group(keys.collect()))
        .or_insert_with(|| vec![Tally::default(); aggregate.compute.len()]);
    for (compute, tally) in aggregate.compute.iter().zip(tallies) {
        match computed(compute) {
            None => tally.count(count),
            Some(_) => tally.add(values.next().unwrap_or(&Json::Null)),
        }
    }
    Ok(())
}

fn answer(aggregate: &Aggregate, group: Group, tallies: &[Tally]) -> Json {
    let mut row = Map::new();
    for (key, value) in aggregate.group_by.iter().zip(group.0) {
        row.insert(word(key), value);
    }
    for (compute, tally) in aggregate.compute.iter().zip(tallies) {
        row.insert(compute.word(), tally.answer(compute));
    }
    Json::Object(row)
}

fn word(key: &GroupKey) -> String {
    match key {
        GroupKey::Field(path) => path.as_str().to_owned(),
        GroupKey::Day(path) => format!("day:{}", path.as_str()),
    }
}

/// An aggregate's text for the cache: equal for equal aggregates only.
fn question(aggregate: &Aggregate) -> Option<String> {
    let keys: Vec<String> = aggregate.group_by.iter().map(word).collect();
    let compute: Vec<String> = aggregate.compute.iter().map(Compute::word).collect();
    serde_json::to_string(&(
        "aggregate",
        &aggregate.filter,
        keys,
        compute,
        aggregate.limit,
    ))
    .ok()
}
