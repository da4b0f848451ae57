//! What an act makes of what is: the next activation, or why there is none. Nothing is read or written here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::{Package, Permission, version_numbers as numbers};

use crate::records::{Activation, Head, Kind, Outcome};
use crate::settings::{judged, kept};
use crate::who::Ceiling;

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Lets a revision serve.
    Install {
        /// Its digest.
        digest: String,
        /// What it may do.
        grants: Grants,
        /// What is set for it; none to take over what was set.
        settings: Option<BTreeMap<String, Value>>,
        /// Whether it may be older than what served already.
        pin: bool,
    },
    /// Lets what waits serve.
    Approve {
        /// What it may do.
        grants: Grants,
    },
    /// Lets tenants install and grant as much of what a revision asks for.
    Offer {
        /// Its digest.
        digest: String,
        /// What they may grant.
        grants: Grants,
    },
    /// Goes back to the activation before.
    Rollback,
    /// Replaces what it may do.
    Grant(BTreeSet<Permission>),
    /// Takes these from what it may do, whatever that is by now.
    Narrow(BTreeSet<Permission>),
    /// Replaces what is set for it.
    Settings(BTreeMap<String, Value>),
    /// Lets nothing serve.
    Disable,
    /// Lets serve again what was disabled.
    Enable,
    /// Writes down that the runtime went back to this digest.
    Returned {
        /// The digest that served.
        from: String,
        /// The one that does.
        to: String,
    },
}

/// Which of the permissions that a revision asks for it is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Grants {
    /// What the version before had. If it asks for more than that one did, it waits.
    #[default]
    Carry,
    /// All that it asks for.
    All,
    /// These.
    These(BTreeSet<Permission>),
}

/// How it is before the act.
#[derive(Debug, Clone)]
pub struct Place {
    /// The head.
    pub head: Head,
    /// The activation that counts.
    pub current: Option<Placed>,
    /// The one that a rollback leads to, or to which the runtime returned.
    pub previous: Option<Placed>,
    /// The one that waits.
    pub waiting: Option<Placed>,
    /// The revision that the act names.
    pub subject: Option<Subject>,
    /// What is set in the scope.
    pub set: Option<BTreeMap<String, Value>>,
    /// What the one who acts can grant.
    pub ceiling: Ceiling,
}

/// An activation and what its code says of itself.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The row.
    pub row: Activation,
    /// None when the row has no code.
    pub package: Option<Package>,
}

/// A revision.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its digest.
    pub digest: String,
    /// What it says of itself.
    pub package: Package,
}

/// The next activation, as far as the act decides it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub kind: Kind,
    pub outcome: Outcome,
    pub digest: Option<String>,
    pub version: Option<String>,
    pub grants: BTreeSet<Permission>,
    pub settings: BTreeMap<String, Value>,
    pub settings_given: bool,
    pub previous: Option<u64>,
    /// Whether an operator's word in what it is made of lives on in it.
    pub by_operator: bool,
}

/// What the act makes of it.
///
/// # Errors
/// Why there is nothing to do, or may not be done.
pub fn draft(change: &Change, place: &Place) -> Result<Draft, Problem> {
    match change {
        Change::Install {
            grants,
            settings,
            pin,
            ..
        } => place.install(grants, settings.as_ref(), *pin),
        Change::Approve { grants } => place.approve(grants),
        Change::Offer { grants, .. } => place.offer(grants),
        Change::Rollback => place.again(Kind::Rollback),
        Change::Enable => place.enable(),
        Change::Returned { .. } => place.again(Kind::Returned),
        Change::Grant(grants) => place.grant(grants),
        Change::Narrow(lost) => place.narrow(lost),
        Change::Settings(settings) => place.set(settings),
        Change::Disable => place.disable(),
    }
}

impl Place {
    fn install(
        &self,
        grants: &Grants,
        settings: Option<&BTreeMap<String, Value>>,
        pin: bool,
    ) -> Result<Draft, Problem> {
        let subject = self.subject.as_ref().ok_or_else(Problem::not_found)?;
        let package = &subject.package;
        let version = &package.manifest.version;
        if let Some(highest) = &self.head.highest
            && !pin
            && numbers(version) < numbers(highest)
        {
            return Err(Problem::new(
                409,
                "downgrade",
                format!("{highest} has served here; an older version has to be pinned."),
            ));
        }
        self.may_serve()?;
        let base = self.base();
        let asked = package.manifest.permissions();
        let carried = base.map(|base| self.bounded(&base.row.grants));
        let carried = &carried.unwrap_or_default() & &asked;
        let (grants, outcome) = match grants {
            Grants::Carry if self.widens(&asked) => (carried, Outcome::Waiting),
            Grants::Carry => (carried, Outcome::Active),
            chosen => (self.chosen(chosen, &asked)?, Outcome::Active),
        };
        let settings_given = settings.is_some();
        let settings = match settings {
            Some(settings) => checked(settings, package)?,
            None => self.carried(package),
        };
        Ok(Draft {
            kind: base.map_or(Kind::Install, |_| Kind::Upgrade),
            outcome,
            digest: Some(subject.digest.clone()),
            version: Some(version.clone()),
            grants,
            settings,
            settings_given,
            previous: base.map(|base| base.row.number),
            by_operator: base.is_some_and(|base| base.row.by_operator),
        })
    }

    fn approve(&self, grants: &Grants) -> Result<Draft, Problem> {
        let nothing = || Problem::new(409, "nothing-waits", "Nothing waits for approval here.");
        let waiting = self.waiting.as_ref().ok_or_else(nothing)?;
        self.may_serve()?;
        let package = waiting.package.as_ref().ok_or_else(nothing)?;
        let asked = package.manifest.permissions();
        let grants = match grants {
            Grants::Carry => &Grants::All,
            chosen => chosen,
        };
        Ok(Draft {
            kind: waiting.row.kind,
            outcome: Outcome::Active,
            digest: waiting.row.digest.clone(),
            version: waiting.row.version.clone(),
            grants: self.chosen(grants, &asked)?,
            settings: match waiting.row.settings_given {
                true => waiting.row.settings.clone(),
                // It may be another since then.
                false => self.carried(package),
            },
            settings_given: waiting.row.settings_given,
            previous: self.base().map(|base| base.row.number),
            by_operator: waiting.row.by_operator,
        })
    }

    fn offer(&self, grants: &Grants) -> Result<Draft, Problem> {
        let subject = self.subject.as_ref().ok_or_else(Problem::not_found)?;
        let asked = subject.package.manifest.permissions();
        let grants = match grants {
            Grants::Carry => &Grants::All,
            chosen => chosen,
        };
        Ok(Draft {
            kind: Kind::Offer,
            outcome: Outcome::Active,
            digest: Some(subject.digest.clone()),
            version: Some(subject.package.manifest.version.clone()),
            grants: self.chosen(grants, &asked)?,
            settings: BTreeMap::new(),
            settings_given: false,
            previous: None,
            by_operator: true,
        })
    }

    /// What was before, once more.
    fn again(&self, kind: Kind) -> Result<Draft, Problem> {
        self.may_serve()?;
        let nothing = || Problem::new(409, "nothing-before", "Nothing served here before.");
        let row = &self.previous.as_ref().ok_or_else(nothing)?.row;
        let mut grants = self.bounded(&row.grants);
        if kind == Kind::Returned {
            // Nobody has decided anew what it may do.
            grants = &grants - &self.refused();
        }
        Ok(Draft {
            kind,
            outcome: Outcome::Active,
            digest: row.digest.clone(),
            version: row.version.clone(),
            grants,
            settings: row.settings.clone(),
            settings_given: row.settings_given,
            previous: row.previous,
            by_operator: row.by_operator,
        })
    }

    /// What is set, as far as this version knows it.
    fn carried(&self, package: &Package) -> BTreeMap<String, Value> {
        let set = self.set.as_ref();
        set.map(|set| kept(set, &package.manifest))
            .unwrap_or_default()
    }

    /// What the current version asks for and does not have.
    fn refused(&self) -> BTreeSet<Permission> {
        let current = self.current.as_ref();
        let asked = current.and_then(|placed| Some((placed, placed.package.as_ref()?)));
        asked.map_or_else(BTreeSet::new, |(placed, package)| {
            withheld(&placed.row, package)
        })
    }

    fn enable(&self) -> Result<Draft, Problem> {
        match &self.current {
            Some(current) if current.row.digest.is_none() => self.again(Kind::Enable),
            _ => Err(Problem::new(
                409,
                "not-disabled",
                "Nothing is disabled here.",
            )),
        }
    }

    fn disable(&self) -> Result<Draft, Problem> {
        let (row, _) = self.serving()?;
        Ok(Draft {
            kind: Kind::Disable,
            digest: None,
            version: None,
            previous: Some(row.number),
            // Who disables is who enables.
            by_operator: false,
            // What it would have if it were enabled.
            ..same(row)
        })
    }

    fn grant(&self, grants: &BTreeSet<Permission>) -> Result<Draft, Problem> {
        let (row, package) = self.serving()?;
        let asked = package.manifest.permissions();
        is_asked(grants, &asked)?;
        self.can_grant(&(grants - &row.grants))?;
        Ok(Draft {
            kind: Kind::Grant,
            grants: grants.clone(),
            previous: Some(row.number),
            ..same(row)
        })
    }

    fn narrow(&self, lost: &BTreeSet<Permission>) -> Result<Draft, Problem> {
        let (row, _) = self.serving()?;
        Ok(Draft {
            kind: Kind::Grant,
            grants: &row.grants - lost,
            previous: Some(row.number),
            ..same(row)
        })
    }

    fn set(&self, settings: &BTreeMap<String, Value>) -> Result<Draft, Problem> {
        let (row, package) = self.serving()?;
        Ok(Draft {
            kind: Kind::Settings,
            settings: checked(settings, package)?,
            settings_given: true,
            previous: Some(row.number),
            ..same(row)
        })
    }

    /// The last activation with code: what the next one follows.
    fn base(&self) -> Option<&Placed> {
        let current = self.current.as_ref()?;
        match current.row.digest {
            Some(_) => Some(current),
            None => self.previous.as_ref(),
        }
    }

    fn serving(&self) -> Result<(&Activation, &Package), Problem> {
        let current = self.current.as_ref();
        let serving = current.and_then(|placed| Some((&placed.row, placed.package.as_ref()?)));
        serving.ok_or_else(|| Problem::new(409, "nothing-serves", "Nothing serves here."))
    }

    /// What an operator has disabled, an operator enables.
    fn may_serve(&self) -> Result<(), Problem> {
        let current = self.current.as_ref().map(|placed| &placed.row);
        let is_barred = current.is_some_and(|row| row.digest.is_none() && row.by_operator);
        if is_barred && self.ceiling != Ceiling::All {
            let detail = "An operator of the platform has disabled it.";
            return Err(Problem::new(403, "disabled-by-operator", detail));
        }
        Ok(())
    }

    /// Whether it asks for more than the version before did.
    fn widens(&self, asked: &BTreeSet<Permission>) -> bool {
        let base = self.base();
        let package = base.and_then(|base| base.package.as_ref());
        let before = package.map(|package| package.manifest.permissions());
        !asked.is_subset(&before.unwrap_or_default())
    }

    /// What of earlier grants is still theirs to give who act: an operator may have taken some back.
    fn bounded(&self, grants: &BTreeSet<Permission>) -> BTreeSet<Permission> {
        let beyond = self.ceiling.beyond(grants);
        let current = self.current.as_ref();
        let held = current.map(|placed| &placed.row.grants);
        let lost = beyond
            .into_iter()
            .filter(|permission| !held.is_some_and(|held| held.contains(permission)));
        grants - &lost.collect()
    }

    fn chosen(
        &self,
        grants: &Grants,
        asked: &BTreeSet<Permission>,
    ) -> Result<BTreeSet<Permission>, Problem> {
        let chosen = match grants {
            Grants::These(chosen) => {
                is_asked(chosen, asked)?;
                chosen
            }
            Grants::Carry | Grants::All => asked,
        };
        self.can_grant(chosen)?;
        Ok(chosen.clone())
    }

    fn can_grant(&self, grants: &BTreeSet<Permission>) -> Result<(), Problem> {
        let beyond = self.ceiling.beyond(grants);
        if beyond.is_empty() {
            return Ok(());
        }
        let detail = format!("An operator has to grant first: {}.", listed(&beyond));
        Err(Problem::new(403, "grant-denied", detail))
    }
}

fn same(row: &Activation) -> Draft {
    Draft {
        kind: row.kind,
        outcome: Outcome::Active,
        digest: row.digest.clone(),
        version: row.version.clone(),
        grants: row.grants.clone(),
        settings: row.settings.clone(),
        settings_given: row.settings_given,
        previous: row.previous,
        by_operator: row.by_operator,
    }
}

/// What a version asks for and was not given.
pub fn withheld(row: &Activation, package: &Package) -> BTreeSet<Permission> {
    &package.manifest.permissions() - &row.grants
}

fn is_asked(grants: &BTreeSet<Permission>, asked: &BTreeSet<Permission>) -> Result<(), Problem> {
    let beyond = grants - asked;
    if beyond.is_empty() {
        return Ok(());
    }
    let detail = format!("The plugin does not ask for {}.", listed(&beyond));
    Err(Problem::invalid("grants", detail))
}

fn listed(permissions: &BTreeSet<Permission>) -> String {
    let words: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
    words.join(", ")
}

/// Settings that the manifest knows and takes.
fn checked(
    settings: &BTreeMap<String, Value>,
    package: &Package,
) -> Result<BTreeMap<String, Value>, Problem> {
    judged(settings, &package.manifest)?;
    Ok(settings.clone())
}
