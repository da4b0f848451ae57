//! `plugin.toml`: the one source of truth for what a plugin is.

mod background;
mod channel;
mod migration;
mod name;
mod outbound;
mod route;
mod setting;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use background::{
    ERASED, SCHEDULE_S_MAX, SCHEDULE_S_MIN, Schedule, Subscription, is_event_name, is_host_event,
};
pub use channel::{CHANNEL_BYTES_MAX, Channel, HISTORY_MAX, ME};
pub use migration::{BothFields, Done, MIGRATIONS_MAX, Migration, OPERATIONS_MAX, Operation};
use name::is_name;
pub use name::{is_plugin_name, version_numbers};
pub use outbound::{BUDGET_MS_MAX, Extension, Outbound, OutboundAuth, Secret, TIMEOUT_MS_MAX};
pub use route::{Bearer, Method, Route, RouteClass, Tally};
pub use setting::{SETTINGS_MAX, Setting, SettingScope};

/// What a plugin is, asks for and offers. Unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1 to 32 of `a-z0-9-`, starting with a letter; unique within a host.
    pub name: String,
    /// `major.minor.patch`.
    pub version: String,
    /// One sentence about the plugin.
    #[serde(default)]
    pub summary: String,
    /// Host interfaces that the plugin uses, by their short words, such as `storage`. Those of
    /// [`crate::FREE_CAPABILITIES`] need no mention.
    #[serde(default)]
    pub capabilities: BTreeSet<String>,
    /// Interfaces of other plugins that this one calls: name in the code → WIT interface with version.
    #[serde(default)]
    pub uses: BTreeMap<String, String>,
    /// Interfaces that this plugin answers for others: name in the code → WIT interface with version.
    #[serde(default)]
    pub provides: BTreeMap<String, String>,
    /// Interfaces that it calls if some plugin provides them: name in the code → extension point.
    #[serde(default)]
    pub extensions: BTreeMap<String, Extension>,
    /// Names of events it may raise, such as `product.created`.
    #[serde(default)]
    pub raises: BTreeSet<String>,
    /// Events that it handles.
    #[serde(default, rename = "subscribe")]
    pub subscriptions: Vec<Subscription>,
    /// Work at intervals.
    #[serde(default, rename = "schedule")]
    pub schedules: Vec<Schedule>,
    /// Services elsewhere that it talks to, by the name in the code.
    #[serde(default)]
    pub outbound: BTreeMap<String, Outbound>,
    /// What the operator keeps for it and never shows it, by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// HTTP routes.
    #[serde(default, rename = "route")]
    pub routes: Vec<Route>,
    /// Channels on which it speaks to whoever listens.
    #[serde(default, rename = "channel")]
    pub channels: Vec<Channel>,
    /// Collections by name.
    #[serde(default)]
    pub collections: BTreeMap<String, Collection>,
    /// Steps that bring its documents from one shape to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Migration>,
    /// What may be set, by name.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Names of settings without which it does not serve; they have no default.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub required_settings: BTreeSet<String>,
    /// What one call may use; the operator's caps apply on top.
    #[serde(default)]
    pub limits: Limits,
    /// How instances live.
    #[serde(default)]
    pub instance: Instance,
    /// Whether the component exports `stoa:lifecycle/lifecycle`.
    #[serde(default)]
    pub lifecycle: bool,
    /// Whether it keeps data about people: the component exports `stoa:lifecycle/personal-data`, and handles the
    /// event [`ERASED`].
    #[serde(default)]
    pub personal_data: bool,
}

/// What a signed-in account is within its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the tenant.
    Admin,
    /// Builds in the tenant.
    Developer,
    /// Reads in the tenant.
    Viewer,
    /// Sells; called `artist` by one of the seeds, which is accepted as another word for it.
    #[serde(alias = "artist")]
    Vendor,
    /// Buys.
    User,
    /// A machine.
    Worker,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
            Self::Vendor => "vendor",
            Self::User => "user",
            Self::Worker => "worker",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Caller {
    /// Anybody.
    Public,
    /// A browser's session without an account; the host issues one where there is none.
    Session,
    /// Any signed-in account, whatever its role.
    User,
    /// An account with the role `admin`.
    Admin,
    /// An account with the role `developer`.
    Developer,
    /// An account with the role `viewer`.
    Viewer,
    /// An account with the role `vendor`.
    Vendor,
    /// An account with the role `worker`.
    Worker,
    /// An operator of the platform: for routes of the host alone.
    Operator,
}

impl Caller {
    /// Whether an account of this role is meant.
    #[must_use]
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Public | Self::User => true,
            Self::Session | Self::Operator => false,
            Self::Admin => role == Role::Admin,
            Self::Developer => role == Role::Developer,
            Self::Viewer => role == Role::Viewer,
            Self::Vendor => role == Role::Vendor,
            Self::Worker => role == Role::Worker,
        }
    }
}

/// A collection of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Lists of dotted field paths that queries filter and sort by.
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
    /// Lists of dotted field paths whose values no two documents share.
    #[serde(default)]
    pub unique: Vec<Vec<String>>,
    /// Every write lets the document live this many days from then; absent means for ever.
    #[serde(default)]
    pub expiry_days: Option<u32>,
}

/// What one call may use. Absent means the operator's default; more than the operator's cap means the cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of all linear memories of the instance together.
    #[serde(default)]
    pub memory_bytes_max: Option<u64>,
    /// Milliseconds of computing.
    #[serde(default)]
    pub cpu_ms_max: Option<u64>,
    /// Milliseconds from beginning to end, waiting included.
    #[serde(default)]
    pub wall_ms_max: Option<u64>,
    /// Calls of host functions.
    #[serde(default)]
    pub host_calls_max: Option<u64>,
    /// Bytes of the answer's body.
    #[serde(default)]
    pub response_bytes_max: Option<u64>,
    /// Calls of this plugin that run at the same time.
    #[serde(default)]
    pub concurrency_max: Option<u32>,
}

/// How instances live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Whether an instance may serve more than one request.
    #[serde(default)]
    pub reuse: Reuse,
}

/// Whether an instance may serve more than one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reuse {
    /// A fresh instance for every request: nothing can leak from one to the next.
    #[default]
    Never,
    /// An instance may serve one tenant's requests one after another, if the operator allows it.
    Tenant,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, or not the keys and types of a manifest.
    #[error("plugin.toml: {0}")]
    Syntax(#[from] toml::de::Error),
    /// Each key is well-formed, but the whole makes no sense.
    #[error("plugin.toml: {0}")]
    Invalid(String),
}

fn invalid<T>(text: impl Into<String>) -> Result<T, ManifestError> {
    Err(ManifestError::Invalid(text.into()))
}

impl Manifest {
    /// Reads and checks the text of a `plugin.toml`.
    ///
    /// # Errors
    /// Every [`ManifestError`].
    pub fn from_toml(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// [`ManifestError::Invalid`], naming the key at fault.
    pub fn check(&self) -> Result<(), ManifestError> {
        if !is_plugin_name(&self.name) {
            return invalid(format!(
                "name {:?} is not 1 to 32 of a-z, 0-9 and -, starting with a letter",
                self.name
            ));
        }
        let numbers: Vec<&str> = self.version.split('.').collect();
        if numbers.len() != 3 || numbers.iter().any(|part| part.parse::<u32>().is_err()) {
            return invalid(format!(
                "version {:?} is not major.minor.patch",
                self.version
            ));
        }
        for word in &self.capabilities {
            if !crate::HOST_INTERFACES
                .iter()
                .any(|(_, known)| known == word)
            {
                return invalid(format!("capabilities: unknown capability {word:?}"));
            }
        }
        route::check(&self.routes, &self.raises)?;
        self.check_collections()?;
        migration::check(&self.migrations, &self.collections)?;
        self.check_interfaces()?;
        background::check(&self.subscriptions, &self.schedules)?;
        channel::check(&self.name, &self.channels, &self.routes)?;
        outbound::check(&self.outbound, &self.secrets, &self.extensions)?;
        if let Some(name) = self.raises.iter().find(|name| !is_event_name(name)) {
            return invalid(format!("raises: {name:?} is no name of an event"));
        }
        if let Some(name) = self.raises.iter().find(|name| is_host_event(name)) {
            return invalid(format!("raises: {name:?} is the host's alone to raise"));
        }
        let mut subscribed = self.subscriptions.iter().map(|each| each.event.as_str());
        if self.personal_data && !subscribed.any(|event| event == ERASED) {
            return invalid(format!(
                "personal_data without a [[subscribe]] to {ERASED:?}: what is kept about people has to be forgotten, too"
            ));
        }
        setting::check(&self.settings, &self.required_settings)?;
        Ok(())
    }

    /// Whether the component exports `stoa:http/handler`: it has routes, or channels whose clients it hears.
    #[must_use]
    pub fn answers_requests(&self) -> bool {
        let mut channels = self.channels.iter();
        !self.routes.is_empty() || channels.any(|channel| channel.handlers().next().is_some())
    }

    /// Every interface of other plugins that this one calls, extension points included: name in the code and
    /// WIT interface.
    pub fn used(&self) -> impl Iterator<Item = (&str, &str)> {
        let uses = self.uses.iter();
        let extensions = self.extensions.iter();
        let extensions = extensions.map(|(alias, point)| (alias, &point.interface));
        uses.chain(extensions)
            .map(|(alias, interface)| (alias.as_str(), interface.as_str()))
    }

    fn check_collections(&self) -> Result<(), ManifestError> {
        for (name, collection) in &self.collections {
            if !is_name(name, 32, b"_") {
                return invalid(format!("collections.{name}: not 1 to 32 of a-z, 0-9 and _"));
            }
            for path in collection
                .indexes
                .iter()
                .chain(&collection.unique)
                .flatten()
            {
                if !crate::value::is_path(path) {
                    return invalid(format!("collections.{name}: {path:?} is no field path"));
                }
            }
        }
        if !self.collections.is_empty() && !self.capabilities.contains("storage") {
            return invalid("collections without the capability \"storage\"");
        }
        Ok(())
    }

    fn check_interfaces(&self) -> Result<(), ManifestError> {
        let used = self.used().map(|(alias, used)| ("uses", alias, used));
        let provided = self.provides.iter();
        let provided = provided.map(|(alias, own)| ("provides", alias.as_str(), own.as_str()));
        for (key, alias, interface) in used.chain(provided) {
            if !is_name(alias, 32, b"_") {
                return invalid(format!("{key}.{alias}: not a snake_case name"));
            }
            let well_formed = interface.split_once('@').is_some_and(|(path, version)| {
                path.contains(':') && path.contains('/') && !version.is_empty()
            });
            if !well_formed {
                return invalid(format!(
                    "{key}.{alias}: {interface:?} is not package:name/interface@version"
                ));
            }
        }
        if let Some((_, both)) = self
            .used()
            .find(|(_, used)| self.provides.values().any(|own| own == used))
        {
            return invalid(format!("{both} is both used and provided"));
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use super::*;

    const CART: &str = r#"
        name = "cart"
        version = "0.1.0"
        capabilities = ["storage"]
        [uses]
        catalog = "stoa:commerce/catalog@0.1.0"
        [[route]]
        method = "POST"
        path = "/api/cart/items/{id}"
        handler = "add_item"
        callers = ["user", "session"]
        [collections.carts]
        expiry_days = 7
    "#;

    #[test]
    fn a_manifest_reads_and_survives_json() {
        let manifest = Manifest::from_toml(CART).unwrap();
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (from, to, named) in [
            ("name = \"cart\"", "name = \"Cart\"", "Cart"),
            ("0.1.0\"\n        cap", "one\"\n        cap", "version"),
            ("[\"storage\"]", "[\"sorcery\"]", "sorcery"),
            (
                "[collections",
                "[[subscribe]]\nevent = \"Paid\"\nhandler = \"paid\"\n[collections",
                "subscribe Paid",
            ),
            (
                "[collections",
                "[[schedule]]\nhandler = \"sweep\"\nevery_s = 0\n[collections",
                "every_s",
            ),
            (
                "[collections",
                "[outbound.psp]\nurl = \"http://psp.example\"\n[collections",
                "outbound.psp",
            ),
            (
                "[collections",
                "[outbound.psp]\nurl = \"https://psp.example\"\nauth = { bearer = \"key\" }\n[collections",
                "\"key\"",
            ),
            (
                "[collections",
                "[extensions.tax]\ninterface = \"a:b/tax@0.1.0\"\nbudget_ms = 0\n[collections",
                "extensions.tax",
            ),
            ("[\"user\", \"session\"]", "[]", "callers"),
            ("[\"user\", \"session\"]", "[\"god\"]", "god"),
            (
                "capabilities",
                "personal_data = true\ncapabilities",
                "user.erased",
            ),
            ("{id}", "{id", "segment"),
            ("handler = ", "colour = 1\nhandler = ", "colour"),
            ("handler = ", "class = \"free\"\nhandler = ", "free"),
            (
                "handler = ",
                "tally = { event = \"cart.seen\", by = \"id\" }\nhandler = ",
                "only a GET can be tallied",
            ),
            ("handler = ", "bearer = \"any\"\nhandler = ", "any"),
            (
                "[\"user\", \"session\"]",
                "[\"user\"]\nbearer = \"ignored\"",
                "stranger",
            ),
            ("stoa:commerce/catalog@0.1.0", "catalog", "uses.catalog"),
            ("[\"storage\"]", "[]", "storage"),
            (
                "[collections",
                "[settings.tax]\ntype = \"integer\"\ndefault = \"no\"\n[collections",
                "settings.tax",
            ),
            (
                "[collections",
                "[settings.tax]\ntype = \"integer\"\nminumum = 1\n[collections",
                "settings.tax: unknown keyword \"minumum\"",
            ),
            (
                "[collections",
                "[settings.tax]\nscope = \"everybody\"\n[collections",
                "everybody",
            ),
            (
                "[\"storage\"]",
                "[\"storage\"]\nrequired_settings = [\"tax\"]",
                "settings.tax",
            ),
        ] {
            let text = CART.replacen(from, to, 1);
            assert_ne!(text, CART, "{from} is not in the sample");
            let error = Manifest::from_toml(&text).unwrap_err().to_string();
            assert!(error.contains(named), "{error} does not name {named}");
        }
    }

    #[test]
    fn what_is_tallied_is_a_parameter_and_told_by_an_own_event() {
        let of = |raises: &str, by: &str| {
            let tally = format!("tally = {{ event = \"cart.seen\", by = {by:?} }}\nhandler = ");
            let text = CART
                .replacen("\"POST\"", "\"GET\"", 1)
                .replacen("handler = ", &tally, 1)
                .replacen("capabilities", &format!("{raises}\ncapabilities"), 1);
            Manifest::from_toml(&text).map_err(|error| error.to_string())
        };
        let raises = "raises = [\"cart.seen\"]";
        let tally = of(raises, "id").unwrap().routes[0].tally.clone().unwrap();
        assert_eq!((&*tally.event, &*tally.by), ("cart.seen", "id"));
        assert!(of("", "id").unwrap_err().contains("raises"));
        assert!(of(raises, "item").unwrap_err().contains("{item}"));
    }

    #[test]
    fn what_the_host_tells_no_plugin_can_raise() {
        for name in [
            "host.letter",
            "host.plan-changed",
            "host",
            "user.registered",
            "user.erased",
            "user",
        ] {
            let raises = format!("raises = [\"cart.kept\", {name:?}]\ncapabilities");
            let text = CART.replacen("capabilities", &raises, 1);
            let error = Manifest::from_toml(&text).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("host's"), "{error}");
        }
        for name in ["users.seen", "hosted.x", "cart.user", "cart.host.letter"] {
            let raises = format!("raises = [{name:?}]\ncapabilities");
            let text = CART.replacen("capabilities", &raises, 1);
            Manifest::from_toml(&text).unwrap();
        }
    }

    #[test]
    fn who_keeps_personal_data_forgets_it_on_demand() {
        let text = CART.replacen("capabilities", "personal_data = true\ncapabilities", 1);
        let text = text.replacen(
            "[collections",
            "[[subscribe]]\nevent = \"user.erased\"\nhandler = \"forget\"\n[collections",
            1,
        );
        assert!(Manifest::from_toml(&text).unwrap().personal_data);
    }

    #[test]
    fn a_route_counts_against_the_ordinary_quota_unless_it_names_another() {
        let class = |text: &str| Manifest::from_toml(text).unwrap().routes[0].class;
        assert_eq!(class(CART), RouteClass::Default);
        for (word, expected) in [
            ("default", RouteClass::Default),
            ("sign-in", RouteClass::SignIn),
        ] {
            let text = CART.replacen("handler = ", &format!("class = {word:?}\nhandler = "), 1);
            assert_eq!((class(&text), expected.as_str()), (expected, word));
        }
    }

    #[test]
    fn the_artist_of_one_seed_is_the_vendor_of_the_others() {
        assert_eq!(
            serde_json::from_str::<Role>("\"artist\"").unwrap(),
            Role::Vendor
        );
    }
}
