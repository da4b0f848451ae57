//! What is set for plugins: for the deployment and for single tenants, each change a row, live at once.
//!
//! Where a version of the registry serves, a change is a switch like any other, so that a rollback brings back what
//! was set. Elsewhere, for plugins of the folder and for tenants that use the deployment's version, it stands for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::deployment::{Layer, Scope, Serves};
use stoa_kernel::error::Problem;
use stoa_kernel::wit::schema::{Misfit, Schema};
use stoa_kernel::wit::{Manifest, SettingScope};

use crate::books::{Note, Unit, unavailable};
use crate::change::Change;
use crate::records::{Head, Set, SetChange, change_id, head_id};
use crate::registry::Registry;
use crate::restore::parsed;
use crate::switch::Act;
use crate::who::Who;

/// Bytes of all that is set for a plugin in a scope, as JSON: a row of the database, and each change holds it twice.
pub const SETTINGS_BYTES_MAX: usize = 256 << 10;

/// Changes that are kept of a plugin in a scope: more than anybody goes back, and no room for who changes all day.
const CHANGES_KEPT_MAX: u64 = 200;

/// Values by name.
pub type Values = BTreeMap<String, Value>;

/// Whether somebody may set what the manifest leaves to these: an operator everything, an admin what is left to
/// tenants, and everything of a version that is their own.
pub(crate) fn may_set(who: &Who, serves: &Serves, left_to: SettingScope) -> bool {
    let is_own = serves.scope != Scope::Deployment;
    who.is_operator() || is_own || left_to == SettingScope::Tenant
}

/// The names of the settings that somebody may set, and sees.
pub(crate) fn theirs<'s>(who: &Who, serves: &'s Serves) -> BTreeSet<&'s str> {
    let settings = serves.package.manifest.settings.iter();
    let theirs = settings.filter(|(_, setting)| may_set(who, serves, setting.scope));
    theirs.map(|(name, _)| name.as_str()).collect()
}

/// The layer of a scope.
pub(crate) const fn layer(scope: &Scope) -> Layer {
    match scope {
        Scope::Deployment => Layer::Deployment,
        Scope::Tenant(_) => Layer::Tenant,
    }
}

/// Whether these are settings of the manifest, and follow their schemas.
///
/// # Errors
/// 422 with the JSON Pointer of the member at fault.
pub(crate) fn judged(values: &Values, manifest: &Manifest) -> Result<(), Problem> {
    for (name, value) in values {
        let Some(setting) = manifest.settings.get(name) else {
            return Err(unknown(name));
        };
        let schema = Schema::new(&setting.schema).map_err(Problem::internal)?;
        schema.judge(value).map_err(|misfit| unfit(name, &misfit))?;
    }
    if serde_json::to_string(values).map_or(0, |text| text.len()) > SETTINGS_BYTES_MAX {
        let detail = format!("All settings together have at most {SETTINGS_BYTES_MAX} bytes.");
        return Err(refused("/settings".into(), detail));
    }
    Ok(())
}

/// What of these the manifest still knows and takes.
pub(crate) fn kept(values: &Values, manifest: &Manifest) -> Values {
    let mut values = values.clone();
    values.retain(|name, value| {
        let setting = manifest.settings.get(name);
        let schema = setting.and_then(|setting| Schema::new(&setting.schema).ok());
        schema.is_some_and(|schema| schema.judge(value).is_ok())
    });
    values
}

fn refused(pointer: String, detail: impl Into<String>) -> Problem {
    Problem {
        field: Some(pointer),
        ..Problem::new(422, "setting-refused", detail)
    }
}

fn unknown(name: &str) -> Problem {
    refused(
        format!("/settings/{name}"),
        format!("There is no setting {name}."),
    )
}

fn unfit(name: &str, misfit: &Misfit) -> Problem {
    let detail = format!("The setting {name} does not fit: {}.", misfit.reason);
    refused(format!("/settings/{name}{}", misfit.pointer), detail)
}

/// 409: somebody else was faster.
pub(crate) fn changed_meanwhile(newest: u64) -> Problem {
    let detail = format!("Somebody else was faster: {newest} is the newest.");
    Problem::new(409, "changed-meanwhile", detail)
}

impl Registry {
    /// What is set for a plugin in a scope; none if nothing ever was.
    pub(crate) async fn settings_of(
        &self,
        unit: &Unit,
        scope: &Scope,
        plugin: &str,
    ) -> Result<Option<Set>, Problem> {
        unit.get(&head_id(scope, plugin)).await
    }

    /// Replaces what is set for a plugin in a scope, as far as it is theirs who act; `act.expected` is the number of
    /// the newest change that they know of. To its end, even if they go away.
    ///
    /// # Errors
    /// 409 when somebody was faster; 422 with a pointer for what does not fit, is unknown, or is missing.
    pub async fn set(self: &Arc<Self>, act: Act, values: Values) -> Result<(), Problem> {
        let registry = Arc::clone(self);
        let task = tokio::spawn(async move { registry.set_now(act, values).await });
        let done = task.await;
        done.unwrap_or_else(|error| Err(Problem::internal(error.to_string())))
    }

    /// The same with what was set after an earlier change.
    ///
    /// # Errors
    /// As [`Registry::set`]; 404 for a change that never was.
    pub async fn set_again(self: &Arc<Self>, mut act: Act, number: u64) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        let id = change_id(&act.scope, &act.plugin, number);
        let found: Option<SetChange> = unit.get(&id).await?;
        let mut values = found.ok_or_else(Problem::not_found)?.after;
        act.reason = match act.reason.as_str() {
            "" => format!("as of {number}"),
            reason => format!("as of {number}: {reason}"),
        };
        // What is not theirs stays as it is, and what is no setting any more is gone.
        if let Some(serves) = self.deployer.serves(&act.scope, &act.plugin) {
            let theirs = theirs(&act.who, &serves);
            values.retain(|name, _| theirs.contains(name.as_str()));
        }
        self.set(act, values).await
    }

    async fn set_now(self: &Arc<Self>, act: Act, values: Values) -> Result<(), Problem> {
        let serves = self.deployer.serves(&act.scope, &act.plugin);
        let serves =
            serves.ok_or_else(|| Problem::new(409, "nothing-serves", "Nothing serves here."))?;
        let theirs = theirs(&act.who, &serves);
        if let Some(name) = values.keys().find(|name| !theirs.contains(name.as_str())) {
            return Err(unknown(name));
        }
        if !serves.from_folder && serves.scope == act.scope {
            return self.set_by_switch(act, &serves, values).await;
        }
        let _turn = self.turn(&act.head()).await;
        let (act, serves, theirs, values) = (&act, &serves, &theirs, &values);
        let write = |unit: Unit| async move {
            let mut values = values.clone();
            let set = self.settings_of(&unit, &act.scope, &act.plugin).await?;
            let set = set.unwrap_or_default();
            if act.expected.is_some_and(|expected| expected != set.number) {
                return Err(changed_meanwhile(set.number));
            }
            let foreign = kept(&set.values, &serves.package.manifest);
            for (name, value) in foreign {
                if !theirs.contains(name.as_str()) {
                    values.insert(name, value);
                }
            }
            judged(&values, &serves.package.manifest)?;
            has_required(serves, &act.scope, &values)?;
            let names = changed(&set.values, &values).join(", ");
            if names.is_empty() {
                return Ok(values);
            }
            let number = self
                .write_set(&unit, act, set, values.clone(), "settings")
                .await?;
            let note = Note {
                who: &act.who.account,
                what: "plugin.settings",
                scope: Some(&act.scope),
                about: &act.plugin,
                // Some are credentials: names alone.
                detail: format!("{number} {names}: {}", act.reason),
            };
            self.books.note(&unit, note).await?;
            Ok(values)
        };
        let values = self.books.transact(write).await?;
        self.deployer.set(&act.scope, &act.plugin, values).await;
        self.bell.ring();
        Ok(())
    }

    /// Where a version of the registry serves: the next activation.
    async fn set_by_switch(
        self: &Arc<Self>,
        mut act: Act,
        serves: &Serves,
        values: Values,
    ) -> Result<(), Problem> {
        judged(&values, &serves.package.manifest)?;
        has_required(serves, &act.scope, &values)?;
        let unit = self.books.unit().await?;
        // Read first: whoever is faster from here on adds an activation.
        let head: Option<Head> = unit.get(&act.head()).await?;
        let set = self.settings_of(&unit, &act.scope, &act.plugin).await?;
        let set = set.unwrap_or_default();
        if let Some(expected) = act.expected {
            if set.number != expected {
                return Err(changed_meanwhile(set.number));
            }
            act.expected = head.map(|head| head.last);
        }
        if set.values == values {
            return Ok(());
        }
        self.switch(act, Change::Settings(values)).await.map(drop)
    }

    /// Writes the next change of what is set; its number.
    async fn write_set(
        &self,
        unit: &Unit,
        act: &Act,
        before: Set,
        values: Values,
        what: &str,
    ) -> Result<u64, Problem> {
        let number = before.number + 1;
        let since = values.iter().map(|(name, value)| {
            let same = before.values.get(name).filter(|earlier| *earlier == value);
            let known = same.and_then(|_| before.since.get(name));
            (name.clone(), known.copied().unwrap_or(number))
        });
        let set = Set {
            scope: act.scope.to_string(),
            plugin: act.plugin.clone(),
            number,
            since: since.collect(),
            values: values.clone(),
        };
        let change = SetChange {
            scope: set.scope.clone(),
            plugin: set.plugin.clone(),
            number,
            before: before.values,
            after: values,
            what: what.to_owned(),
            by: act.who.account.clone(),
            at: self.books.now(),
            reason: act.reason.clone(),
        };
        let id = change_id(&act.scope, &act.plugin, number);
        unit.create(&id, &change).await.map_err(unavailable)?;
        if let Some(gone) = number.checked_sub(CHANGES_KEPT_MAX) {
            let id = change_id(&act.scope, &act.plugin, gone);
            unit.delete::<SetChange>(&id).await?;
        }
        unit.put(&act.head(), &set).await?;
        Ok(number)
    }

    /// Writes down that this is set since a switch, if it was not before.
    pub(crate) async fn settle(
        &self,
        unit: &Unit,
        act: &Act,
        values: &Values,
        what: &str,
    ) -> Result<(), Problem> {
        let set = self.settings_of(unit, &act.scope, &act.plugin).await?;
        let set = set.unwrap_or_default();
        if set.values == *values {
            return Ok(());
        }
        let written = self.write_set(unit, act, set, values.clone(), what);
        written.await.map(drop)
    }

    /// Tells the runtime everything that is set.
    pub(crate) async fn recall_settings(&self) -> Result<(), Problem> {
        let unit = self.books.unit().await?;
        for set in unit.all::<Set>(None).await? {
            let Set {
                scope,
                plugin,
                values,
                ..
            } = set.record;
            if let Some(scope) = parsed(&scope) {
                self.deployer.set(&scope, &plugin, values).await;
            }
        }
        Ok(())
    }
}

/// Whether everything is there that has to be, here or beneath.
fn has_required(serves: &Serves, scope: &Scope, values: &Values) -> Result<(), Problem> {
    let is_beneath = |name: &String| {
        let given = serves.settings.get(name).into_iter().flatten();
        let mut given = given.map(|(layer, _)| *layer);
        given.any(|beneath| beneath < layer(scope))
    };
    let mut required = serves.package.manifest.required_settings.iter();
    let missing = required.find(|name| !values.contains_key(*name) && !is_beneath(name));
    missing.map_or(Ok(()), |name| {
        let detail = format!("The setting {name} has to be set.");
        Err(refused(format!("/settings/{name}"), detail))
    })
}

/// The names whose values are others.
pub(crate) fn changed<'v>(before: &'v Values, after: &'v Values) -> Vec<&'v str> {
    let names: BTreeSet<&str> = before
        .keys()
        .chain(after.keys())
        .map(String::as_str)
        .collect();
    let changed = names.into_iter();
    changed
        .filter(|name| before.get(*name) != after.get(*name))
        .collect()
}
