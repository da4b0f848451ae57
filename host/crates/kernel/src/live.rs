//! The port of live updates: messages on channels, to whoever listens at this moment.

mod bus;
mod history;
mod own;

use std::sync::Arc;

pub use bus::{BusEar, BusEars, LiveBus, Signal};
pub use history::{
    KEPT_MS_MAX, MISSED_BYTES_MAX, Words, forget, histories_of, history_collections, keep, missed,
};
pub use own::{ORGANIZATION, own_channels};

use async_trait::async_trait;

use crate::id::TenantId;
use crate::store::StoreError;

/// What is said on a channel, once the unit of work that says it has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The channel's full name, such as `chat/01J…`.
    pub channel: Arc<str>,
    /// A word, named as events are.
    pub event: Arc<str>,
    /// JSON.
    pub payload: Arc<str>,
    /// Its place in the channel's history: 1, 2, 3 … without gaps. None for what no history keeps.
    pub number: Option<u64>,
}

/// What a unit of work does to those who listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Everybody on the channel hears it.
    Say(Arc<Message>),
    /// The account listens to the channel no longer.
    Evict {
        /// The channel's full name.
        channel: Arc<str>,
        /// The account's id.
        account: Arc<str>,
    },
}

/// Who listens: what a connection was opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Whose channels it hears.
    pub tenant: TenantId,
    /// The account's id.
    pub account: Arc<str>,
    /// The session that the access token stands for, whose end ends the connection; an API key's id if it is one.
    pub session: Option<Arc<str>>,
}

/// What a connection hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message on a channel that it has joined.
    Message(Arc<Message>),
    /// It was put out of a channel.
    Evicted(Arc<str>),
    /// It hears nothing more, and has to be closed. The last thing that it hears.
    End(End),
}

/// Why a connection hears nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// More waits for it than it may have waiting: it reads too slowly.
    SlowReader,
    /// Its session or account has ended.
    SessionEnded,
    /// The host stops.
    Shutdown,
}

/// Where a connection began to listen to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The number of the channel's last kept message; 0 if none, or if it keeps no history.
    pub last: u64,
    /// The kept messages after the one that the client named, in order; they come before everything that
    /// [`Ear::next`] tells of the channel, and nothing is told by both. The number of one that was forgotten with its
    /// author is missing among them.
    pub missed: Vec<Arc<Message>>,
    /// Whether messages after the one that the client named are kept no longer: there is a gap before `missed`.
    pub gap: bool,
}

/// Why a connection can't join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// It has joined as many channels as it may, or the host has as many connections as it may.
    #[error("{0}")]
    Limit(&'static str),
    /// The history can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A connection's ear. Dropping it ends its listening.
#[async_trait]
pub trait Ear: Send + 'static {
    /// Listens to a channel from now on, and to what it missed after the message of number `after`. Who may do so
    /// is decided before. Joining twice is joining once.
    ///
    /// # Errors
    /// Every [`JoinError`].
    async fn join(&mut self, channel: &str, after: Option<u64>) -> Result<Joined, JoinError>;

    /// Listens to a channel no longer.
    fn leave(&mut self, channel: &str);

    /// What comes next. Safe to cancel. After [`Heard::End`] it never comes back.
    async fn next(&mut self) -> Heard;
}

/// The channels of all hosts.
#[async_trait]
pub trait Live: Send + Sync + 'static {
    /// Tells those who listen, in this order, here and on other hosts. It never waits: whoever reads too slowly
    /// loses its connection, not the host its memory. To be called after the commit.
    fn push(&self, tenant: &TenantId, pushes: Vec<Push>);

    /// A new connection's ear.
    ///
    /// # Errors
    /// [`JoinError::Limit`] when the host, the tenant or the account has as many connections as it may.
    fn listen(&self, listener: Listener) -> Result<Box<dyn Ear>, JoinError>;

    /// Ends every connection of a session, here and on other hosts.
    fn end_session(&self, session: &str);

    /// Ends every connection of an account in a tenant (of all tenants, if none is named), here and on other hosts.
    fn end_account(&self, tenant: Option<&TenantId>, account: &str);

    /// Ends every connection on this host: it stops.
    fn shutdown(&self);
}
