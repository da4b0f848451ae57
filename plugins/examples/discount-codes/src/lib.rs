//! Codes that make an order cheaper.
//!
//! An example of a plugin that administrators feed by routes of its own, and that answers
//! `stoa:commerce/discount`, which the orders ask while they price an order.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use stoa_guest::portion::{percent_of, split};
use stoa_guest::prelude::*;

use crate::provided::discount::{Answer, Error, Guest, Question};

stoa_guest::plugin!("plugin.toml");

/// All codes by themselves, in capitals.
const CODES: Collection<Code> = Collection::new("codes");

/// Characters of a code.
const CODE_CHARS_MAX: usize = 64;
/// Codes of a shop that are shown: as many as one page of the store has.
const SHOWN_MAX: u32 = 200;

/// What a code does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Code {
    /// More than 0, at most 100.
    percent: f64,
    /// How often it may be used; without end if absent.
    uses_left: Option<u32>,
}

/// A code.
#[derive(Debug, Serialize, Schema)]
struct CodeView {
    code: String,
    #[serde(flatten)]
    does: Code,
}

/// The first 200 codes.
#[derive(Debug, Serialize, Schema)]
struct CodeList {
    items: Vec<CodeView>,
    total: u64,
}

impl Guest for Plugin {
    fn discount(question: Question) -> Result<Answer, Error> {
        let gross: Vec<i64> = question.lines.iter().map(|line| line.gross_minor).collect();
        let Some(typed) = question.code else {
            return Ok(Answer {
                off_minor: vec![0; gross.len()],
                label: String::new(),
            });
        };
        let unknown = || Error::Refused("There is no such code.".into());
        let id = id(&typed).ok_or_else(unknown)?;
        let code = CODES.get(&id).map_err(failed)?.ok_or_else(unknown)?;
        if code.uses_left.is_some() {
            // In the buyer's transaction: an order that fails has used nothing, and nobody is the one too many.
            let left = CODES.take_if_at_least(&id, "usesLeft", 1).map_err(failed)?;
            left.ok_or_else(|| Error::Refused("This code is used up.".into()))?;
        }
        let sum = gross.iter().copied().fold(0, i64::saturating_add);
        Ok(Answer {
            // To the cent, however many lines share it.
            off_minor: split(percent_of(sum, code.percent), &gross),
            label: id,
        })
    }
}

fn failed(error: StorageError) -> Error {
    Error::Unavailable(error.to_string())
}

/// A code as it is kept, however it was typed; none if it can't be one.
fn id(typed: &str) -> Option<String> {
    let id = typed.trim().to_ascii_uppercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    ((1..=CODE_CHARS_MAX).contains(&id.len()) && id.chars().all(is_plain)).then_some(id)
}

/// What is heard of an order that was called off.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    discount_code: Option<String>,
}

/// What was not bought after all has used nothing.
fn on_cancelled(event: Event<Cancelled>) -> Result<()> {
    let Some(id) = event.payload.discount_code.as_deref().and_then(id) else {
        return Ok(());
    };
    if CODES.get(&id)?.is_some_and(|code| code.uses_left.is_some()) {
        CODES.increment(&id, "usesLeft", 1)?;
    }
    Ok(())
}

fn list_codes() -> Result<Json<CodeList>> {
    let codes = CODES.query().sort_asc("id").limit(SHOWN_MAX).with_total();
    let page = codes.run()?;
    let view = |found: Stored<Code>| CodeView {
        code: found.id,
        does: found.value,
    };
    Ok(Json(CodeList {
        items: page.items.into_iter().map(view).collect(),
        total: page.total.unwrap_or_default(),
    }))
}

fn put_code(Path(code): Path<String>, Json(does): Json<Code>) -> Result<Json<CodeView>> {
    if !(does.percent > 0.0 && does.percent <= 100.0) {
        return Err(Problem::invalid(
            "percent",
            "percent is more than 0 and at most 100.",
        ));
    }
    let code = id(&code)
        .ok_or_else(|| Problem::invalid("code", "A code has 1 to 64 letters, digits, - and _."))?;
    CODES.put(&code, &does)?;
    Ok(Json(CodeView { code, does }))
}

fn delete_code(Path(code): Path<String>) -> Result<NoContent> {
    match id(&code) {
        Some(code) if CODES.delete(&code)? => Ok(NoContent),
        _ => Err(Problem::not_found("code")),
    }
}
