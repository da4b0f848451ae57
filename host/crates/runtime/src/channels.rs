//! Which entry of a manifest a channel's name leads to, and whose it is.

use std::sync::Arc;

use stoa_kernel::id::HOST_PLUGIN;
use stoa_kernel::live::own_channels;
use stoa_kernel::plugins::MatchedChannel;
use stoa_kernel::routing::{Lookup, Routes};
use stoa_wit::{Channel, Method};

use crate::revision::Revision;

/// All channels of a set of plugins, and the host's own.
pub struct Channels(Vec<Entry>);

struct Entry {
    channel: Arc<Channel>,
    /// Whose it is; none for the host's.
    owner: Option<Arc<Revision>>,
}

/// A channel wants a path for its sockets that leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel}: {path} leads elsewhere already")]
pub struct SocketClash {
    channel: String,
    path: String,
}

impl Channels {
    /// The channels of these plugins, beside these routes.
    ///
    /// # Errors
    /// [`SocketClash`].
    pub fn build<'a>(
        plugins: impl Iterator<Item = &'a Arc<Revision>>,
        routes: &Routes<Arc<Revision>>,
    ) -> Result<Self, SocketClash> {
        let own = own_channels().iter().map(|channel| Entry {
            channel: Arc::clone(channel),
            owner: None,
        });
        let mut entries: Vec<Entry> = own.collect();
        for revision in plugins {
            if !revision.grants.opens_channels() {
                continue;
            }
            for channel in &revision.package.manifest.channels {
                if let Some(path) = &channel.socket
                    && is_taken(path, &entries, routes)
                {
                    return Err(SocketClash {
                        channel: channel.name.clone(),
                        path: path.clone(),
                    });
                }
                entries.push(Entry {
                    channel: Arc::new(channel.clone()),
                    owner: Some(Arc::clone(revision)),
                });
            }
        }
        Ok(Self(entries))
    }

    /// The channel that a name leads to: of several the one with the fewest parameters.
    pub fn find(&self, name: &str) -> Option<MatchedChannel> {
        if name.chars().any(char::is_control) {
            return None;
        }
        let entries = self.0.iter().enumerate();
        let fitting = entries.filter_map(|(key, entry)| {
            let params = entry.channel.params(name)?;
            Some((key, entry, params))
        });
        let (key, entry, params) = fitting.min_by_key(|(_, _, params)| params.len())?;
        let owner = entry.owner.as_ref();
        Some(MatchedChannel {
            key,
            channel: Arc::clone(&entry.channel),
            plugin: owner.map_or_else(|| HOST_PLUGIN.into(), |owner| Arc::clone(&owner.name)),
            name: name.into(),
            params,
        })
    }

    /// Every one.
    pub fn all(&self) -> Vec<Arc<Channel>> {
        let channels = self.0.iter().map(|entry| &entry.channel);
        channels.cloned().collect()
    }

    /// Whose the channel behind a key of [`Channels::find`] is; none for the host's.
    pub fn owner(&self, key: usize) -> Option<&Arc<Revision>> {
        self.0.get(key)?.owner.as_ref()
    }
}

/// Whether a path leads to a route, by whichever method, or to other sockets. A slash at the end makes no other path.
fn is_taken(path: &str, entries: &[Entry], routes: &Routes<Arc<Revision>>) -> bool {
    let routed = routes.find(Method::Get.as_str(), path, |revision| {
        Arc::clone(&revision.name)
    });
    let mut channels = entries.iter().map(|entry| &entry.channel);
    !matches!(routed, Lookup::Missing) || channels.any(|channel| channel.has_socket_at(path))
}
