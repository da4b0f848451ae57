//! Names of accounts that write, apart from what they wrote: so that a name can be forgotten in one place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::check;

/// Authors by account.
const AUTHORS: Collection<Author> = Collection::new("authors");

/// Somebody who writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Author {
    name: String,
}

/// Notes the caller's name, and answers the account.
pub fn sign(caller: &Caller) -> Result<String> {
    let id = caller.user()?.to_owned();
    if let Some(person) = directory::get(&id)?
        && let Ok(name) = check::line("author", &person.name, check::LABEL_CHARS_MAX)
        && AUTHORS.get(&id)?.is_none_or(|author| author.name != name)
    {
        AUTHORS.put(&id, &Author { name })?;
    }
    Ok(id)
}

/// The name of an account that wrote something.
pub fn name(id: &str) -> Result<Option<String>> {
    Ok(AUTHORS.get(id)?.map(|author| author.name))
}

/// The names of several.
pub fn names<'a>(ids: impl Iterator<Item = &'a str>) -> Result<BTreeMap<String, String>> {
    let mut ids: Vec<String> = ids.map(ToOwned::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = AUTHORS.get_many(&ids)?.into_iter();
    Ok(found.map(|author| (author.id, author.value.name)).collect())
}

/// Forgets a name.
pub fn forget(id: &str) -> Result<()> {
    AUTHORS.delete(id)?;
    Ok(())
}
