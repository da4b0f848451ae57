//! Calculations over documents.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::super::bounds;
use super::{Match, matching};
use crate::bindings::stoa::storage::storage::{Calculation, Error};
use crate::clock;
use stoa_wit::value::sort_order;

/// Groups of one aggregate.
const GROUPS_MAX: u32 = 1_000;

/// A group's keys and its documents.
type Group = (Vec<Value>, Vec<Match>);

/// Rows, one per group, in the order of the groups' keys. Without keys there is one group, even of nothing.
pub fn aggregate(collection: &str, calculation: &Calculation) -> Result<String, Error> {
    bounds::collection(collection)?;
    bounds::calculation(calculation)?;
    let mut groups: Vec<Group> = Vec::new();
    if calculation.group_by.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    for found in matching(collection, &calculation.filter) {
        let keys: Vec<Value> = calculation
            .group_by
            .iter()
            .map(|key| group_key(&found, key))
            .collect();
        match groups.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, documents)) => documents.push(found),
            None => groups.push((keys, vec![found])),
        }
    }
    groups.sort_by(|(a, _), (b, _)| {
        let by_keys = a.iter().zip(b).map(|(a, b)| sort_order(a, b));
        by_keys.fold(Ordering::Equal, Ordering::then)
    });
    let limit = calculation.limit.clamp(1, GROUPS_MAX) as usize;
    let rows = groups
        .into_iter()
        .take(limit)
        .map(|group| row(calculation, group));
    Ok(Value::Array(rows.collect()).to_string())
}

fn group_key(found: &Match, key: &str) -> Value {
    match key.strip_prefix("day:") {
        None => found.subject().field(key).clone(),
        Some(path) => {
            let time = clock::rfc3339(found.subject().field(path).as_u64().unwrap_or_default());
            let day = time.split_once('T').map(|(day, _)| Value::from(day));
            day.filter(|_| found.subject().field(path).is_u64())
                .unwrap_or_default()
        }
    }
}

fn row(calculation: &Calculation, (keys, documents): Group) -> Value {
    let mut row: Map<String, Value> = calculation.group_by.iter().cloned().zip(keys).collect();
    for word in &calculation.compute {
        row.insert(word.clone(), compute(word, &documents));
    }
    Value::Object(row)
}

fn compute(word: &str, documents: &[Match]) -> Value {
    let Some((operation, path)) = word.split_once(':') else {
        return documents.len().into();
    };
    let numbers = documents
        .iter()
        .map(|found| found.subject().field(path))
        .filter(|value| value.is_number());
    match operation {
        "min" => numbers
            .min_by(|a, b| sort_order(a, b))
            .cloned()
            .unwrap_or_default(),
        "max" => numbers
            .max_by(|a, b| sort_order(a, b))
            .cloned()
            .unwrap_or_default(),
        "sum" => sum(numbers),
        #[expect(clippy::cast_precision_loss, reason = "tests have few documents")]
        _ => {
            let values: Vec<f64> = numbers.filter_map(Value::as_f64).collect();
            let mean =
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
            mean.and_then(Number::from_f64)
                .map_or(Value::Null, Value::Number)
        }
    }
}

/// An integer as long as only integers are added and it fits.
fn sum<'v>(numbers: impl Iterator<Item = &'v Value> + Clone) -> Value {
    let whole = numbers
        .clone()
        .try_fold(0_i64, |sum, value| sum.checked_add(value.as_i64()?));
    whole.map_or_else(
        || numbers.filter_map(Value::as_f64).sum::<f64>().into(),
        Value::from,
    )
}
