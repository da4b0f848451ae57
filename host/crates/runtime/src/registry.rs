//! The plugins that are live: an immutable set that is replaced as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::plugins::{Matched, MatchedChannel, Snapshot};
use stoa_kernel::routing::{Clash, Lookup, Routes};
use stoa_wit::{Channel, Method, Package};

use crate::Core;
use crate::channels::{Channels, SocketClash};
use crate::fault::Fault;
use crate::linking::{Used, check_types};
use crate::request::{self, Target};
use crate::revision::Revision;
use crate::tallies::Counted;
use crate::transaction::Way;

/// One set of plugins, with everything that a request needs to find its way.
pub struct Live {
    core: Weak<Core>,
    plugins: BTreeMap<Arc<str>, Arc<Revision>>,
    providers: HashMap<String, Arc<Revision>>,
    routes: Routes<Arc<Revision>>,
    channels: Channels,
    /// No other set has it.
    pub number: u64,
}

/// Why a set of plugins can't be live together.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// Two routes are one.
    #[error(transparent)]
    Clash(#[from] Clash),
    /// The path of a channel's sockets leads elsewhere already.
    #[error(transparent)]
    Socket(#[from] SocketClash),
    /// Two plugins provide the same interface.
    #[error("{0} and {1} both provide {2}")]
    TwoProviders(Arc<str>, Arc<str>, String),
    /// A provider is not what its user was compiled against.
    #[error("{provider} provides {interface} otherwise than {user} uses it: {reason}")]
    OtherTypes {
        /// Who provides.
        provider: Arc<str>,
        /// Who uses.
        user: Arc<str>,
        /// What.
        interface: String,
        /// How it differs.
        reason: String,
    },
    /// Plugins call each other in a circle.
    #[error("calls go in a circle: {0}")]
    Circle(String),
}

impl Live {
    /// Checks that these plugins fit together.
    ///
    /// A plugin whose provider is not there is allowed: plugins arrive in any order, and a call without
    /// a provider fails alone.
    pub fn build(
        core: Weak<Core>,
        plugins: BTreeMap<Arc<str>, Arc<Revision>>,
        uses: &BTreeMap<Arc<str>, Arc<Used>>,
    ) -> Result<Self, SetError> {
        let number = core.upgrade().map_or(0, |core| core.next_set());
        let mut routes = Routes::default();
        for revision in plugins.values() {
            let listed = revision.package.manifest.routes.iter();
            for route in listed.filter(|route| revision.grants.routes(route)) {
                routes.add(Arc::clone(revision), &Arc::new(route.clone()))?;
            }
        }
        let channels = Channels::build(plugins.values(), &routes)?;
        let mut providers: HashMap<String, Arc<Revision>> = HashMap::new();
        for revision in plugins.values() {
            let provided = revision.provided.keys();
            for interface in provided.filter(|interface| revision.grants.provides(interface)) {
                if let Some(other) = providers.insert(interface.clone(), Arc::clone(revision)) {
                    return Err(SetError::TwoProviders(
                        other.name.clone(),
                        revision.name.clone(),
                        interface.clone(),
                    ));
                }
            }
        }
        for (user, used) in uses {
            for (interface, functions) in used.iter() {
                let Some(provider) = providers.get(interface) else {
                    continue;
                };
                let Some(provided) = provider.provided.get(interface) else {
                    continue;
                };
                check_types(functions, provided).map_err(|reason| SetError::OtherTypes {
                    provider: provider.name.clone(),
                    user: user.clone(),
                    interface: interface.clone(),
                    reason,
                })?;
            }
        }
        refuse_circles(&providers, uses)?;
        Ok(Self {
            core,
            plugins,
            providers,
            routes,
            channels,
            number,
        })
    }

    /// Who provides an interface.
    pub fn provider(&self, interface: &str) -> Option<&Arc<Revision>> {
        self.providers.get(interface)
    }

    /// What all requests share, while the host runs.
    pub fn core(&self) -> Option<Arc<Core>> {
        self.core.upgrade()
    }

    /// The plugins by name.
    pub const fn plugins(&self) -> &BTreeMap<Arc<str>, Arc<Revision>> {
        &self.plugins
    }
}

fn refuse_circles(
    providers: &HashMap<String, Arc<Revision>>,
    uses: &BTreeMap<Arc<str>, Arc<Used>>,
) -> Result<(), SetError> {
    fn visit<'a>(
        plugin: &'a Arc<str>,
        path: &mut Vec<&'a Arc<str>>,
        done: &mut Vec<&'a Arc<str>>,
        providers: &'a HashMap<String, Arc<Revision>>,
        uses: &'a BTreeMap<Arc<str>, Arc<Used>>,
    ) -> Result<(), SetError> {
        if path.contains(&plugin) {
            let names: Vec<&str> = path.iter().chain([&plugin]).map(|name| &***name).collect();
            return Err(SetError::Circle(names.join(" → ")));
        }
        if done.contains(&plugin) {
            return Ok(());
        }
        path.push(plugin);
        for interface in uses.get(plugin).into_iter().flat_map(|used| used.keys()) {
            if let Some(provider) = providers.get(interface) {
                visit(&provider.name, path, done, providers, uses)?;
            }
        }
        path.pop();
        done.push(plugin);
        Ok(())
    }
    let mut done = Vec::new();
    uses.keys()
        .try_for_each(|plugin| visit(plugin, &mut Vec::new(), &mut done, providers, uses))
}

/// A set as the edge holds it. One for all requests: whoever keeps something by snapshot knows it again.
pub struct Held(pub Arc<Live>);

#[async_trait]
impl Snapshot for Held {
    fn find(&self, method: &str, path: &str) -> Lookup {
        self.0
            .routes
            .find(method, path, |revision| Arc::clone(&revision.name))
    }

    fn packages(&self) -> Vec<Arc<Package>> {
        self.0
            .plugins
            .values()
            .map(|revision| Arc::clone(&revision.package))
            .collect()
    }

    async fn handle(&self, matched: &Matched, request: Request) -> Result<Response, Problem> {
        let (Some(core), Some(route)) = (self.0.core.upgrade(), self.0.routes.get(matched.key))
        else {
            return Err(Fault::Busy("the host is stopping").into_problem(&matched.plugin));
        };
        let (entry, revision) = (&route.route, &route.owner);
        let tally = entry.tally.as_ref();
        let counted = tally.and_then(|tally| Counted::of(tally, &revision.name, &request));
        let target = Target {
            revision,
            handler: &entry.handler,
            way: match entry.method {
                Method::Get => Way::Free,
                _ => Way::Turnstile,
            },
            remembered: entry.remember.then_some(matched.key),
        };
        let answer = run(&core, &self.0, target, request).await?;
        if answer.status == 200
            && let Some(counted) = counted
        {
            core.tallies.count(counted);
        }
        Ok(answer)
    }

    fn channel(&self, name: &str) -> Option<MatchedChannel> {
        self.0.channels.find(name)
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        self.0.channels.all()
    }

    async fn join(
        &self,
        matched: &MatchedChannel,
        request: Request,
    ) -> Result<Option<Response>, Problem> {
        let Some(handler) = &matched.channel.join else {
            return Ok(None);
        };
        // It is asked as a GET is, and rarely writes.
        let answer = self.of_channel(matched, handler, Way::Free, request);
        answer.await.map(Some)
    }

    async fn say(
        &self,
        matched: &MatchedChannel,
        word: &str,
        request: Request,
    ) -> Result<Response, Problem> {
        let Some(handler) = matched.channel.messages.get(word) else {
            let detail = "Nobody listens to such a message on this channel.";
            return Err(Problem::new(404, "unknown-message", detail));
        };
        self.of_channel(matched, handler, Way::Turnstile, request)
            .await
    }
}

impl Held {
    async fn of_channel(
        &self,
        matched: &MatchedChannel,
        handler: &str,
        way: Way,
        request: Request,
    ) -> Result<Response, Problem> {
        let owner = self.0.channels.owner(matched.key);
        let (Some(core), Some(revision)) = (self.0.core.upgrade(), owner) else {
            return Err(Fault::Busy("the host is stopping").into_problem(&matched.plugin));
        };
        let target = Target {
            revision,
            handler,
            way,
            remembered: None,
        };
        let request = Request {
            params: matched.params.clone(),
            ..request
        };
        run(&core, &self.0, target, request).await
    }
}

/// Answers a request from memory, or runs it on the threads where its plugin belongs.
async fn run(
    core: &Arc<Core>,
    live: &Arc<Live>,
    target: Target<'_>,
    request: Request,
) -> Result<Response, Problem> {
    if let Some(response) = request::remembered(core, live, &target, &request) {
        return Ok(response);
    }
    let answering = {
        let (core, live) = (Arc::clone(core), Arc::clone(live));
        let (revision, handler) = (Arc::clone(target.revision), target.handler.to_owned());
        let (way, remembered) = (target.way, target.remembered);
        async move {
            let target = Target {
                revision: &revision,
                handler: &handler,
                way,
                remembered,
            };
            request::run(&core, &live, target, request).await
        }
    };
    let pace = &target.revision.pace;
    core.slow_lane.run(pace, answering).await
}
