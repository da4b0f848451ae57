//! Every bound of the host, with its unit in its name and the reason beside it.

use stoa_wit::Limits;

/// Calls from plugin to plugin nest this deep: longer chains are mistakes, and each level costs a stack.
pub const CALL_DEPTH_MAX: u32 = 8;

/// How often a request runs again after a conflict: at 12 tries with full jitter even the hottest
/// record of a busy shop gets through; more would only hide a livelock.
pub const COMMIT_TRIES_MAX: u32 = 12;

/// Documents one request may write: keeps one commit script within what the engine takes at once.
pub const WRITES_PER_REQUEST_MAX: usize = 1_000;

/// Bytes of documents one request may write: the engine's memtable bounds a transaction.
pub const WRITE_BYTES_PER_REQUEST_MAX: usize = 8 << 20;

/// Bytes of a request's own writes that later ones have replaced, kept as long as a call of another plugin may fail
/// and be undone. Twice what it may write: only those pile up that calls lie between.
pub const UNDO_BYTES_PER_REQUEST_MAX: usize = 16 << 20;

/// Bytes of one document: larger things are files, not documents.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// Bytes of a document's id.
pub const DOCUMENT_ID_BYTES_MAX: usize = 256;

/// Documents a request may have read whose versions its commit checks.
pub const READS_PER_REQUEST_MAX: usize = 5_000;

/// Events one request may raise.
pub const EVENTS_PER_REQUEST_MAX: usize = 100;

/// The same of one that the host raises itself: an account that ends is told of in every tenant where it ever was.
pub const HOST_EVENTS_PER_REQUEST_MAX: usize = 10_000;

/// How far ahead an event may be due, in milliseconds: a year and a month, so that what is renewed yearly can be.
pub const EVENT_DELAY_MS_MAX: u64 = 400 * 86_400_000;

/// Bytes of a message to those who listen: each of thousands of connections may have some of them waiting.
pub const LIVE_MESSAGE_BYTES_MAX: usize = 32 << 10;

/// Messages that one request says to those who listen: one to each member of a large chat, and some.
pub const LIVE_MESSAGES_PER_REQUEST_MAX: usize = 256;

/// Bytes of an event's payload.
pub const EVENT_BYTES_MAX: usize = 64 << 10;

/// Bytes of an event's name or key.
pub const EVENT_KEY_BYTES_MAX: usize = 256;

/// Letters that one request may send: a shop tells a buyer and a few vendors; more is a list, and lists are
/// worked off event by event.
pub const LETTERS_PER_REQUEST_MAX: u32 = 10;

/// Bytes of a letter's subject: one line that mail programs show.
pub const LETTER_SUBJECT_BYTES_MAX: usize = 200;

/// Bytes of a letter's text: with every character escaped it still fits into an event's payload.
pub const LETTER_TEXT_BYTES_MAX: usize = 30 << 10;

/// Letters that the plugins of one tenant may send in a day (UTC) where the operator says nothing else: more
/// than a busy shop's, few enough that a mistake does not ruin the sender's name.
pub const LETTERS_PER_TENANT_DAILY_MAX: u32 = 1_000;

/// Ids of one question to the directory.
pub const PEOPLE_IDS_MAX: usize = 100;

/// Bytes of an account's id.
pub const ACCOUNT_ID_BYTES_MAX: usize = 128;

/// Bytes of a plugin's file: a JavaScript engine with its program takes 12 MiB, a Python one 18.
pub const PLUGIN_BYTES_MAX: usize = stoa_wit::admission::ARTIFACT_BYTES_MAX;

/// Documents of one page.
pub const PAGE_LIMIT_MAX: u32 = 200;

/// Bytes of the documents that one query or get-many finds, in JSON: the largest answer that a limit can allow. A page ends
/// there and goes on with the next one; more than that by ids is too much.
pub const PAGE_BYTES_MAX: usize = 16 << 20;

/// Documents that an offset may skip: beyond it, cursors; the engine walks what it skips.
pub const PAGE_OFFSET_MAX: u32 = 10_000;

/// Groups of one aggregate.
pub const GROUPS_MAX: u32 = 1_000;

/// Characters of a text that an aggregate groups by: words, ids and titles, of which a hundred thousand fit into memory.
pub const GROUP_KEY_CHARS_MAX: usize = 256;

/// Ids of one get-many.
pub const GET_MANY_MAX: usize = 200;

/// Bytes of log text that one request may write.
pub const LOG_BYTES_PER_REQUEST_MAX: usize = 64 << 10;

/// Random bytes per host call.
pub const RANDOM_BYTES_MAX: u32 = 4_096;

/// Bytes of a cached value.
pub const CACHE_VALUE_BYTES_MAX: usize = 256 << 10;

/// Bytes of a cache key.
pub const CACHE_KEY_BYTES_MAX: usize = 512;

/// The longest that a plugin's cached value lives.
pub const CACHE_TTL_MS_MAX: u64 = 86_400_000;

/// Bytes that may pass between one instance and the host in one request, both directions together:
/// bounds what a guest makes the host hold even when each single call is small.
pub const GUEST_BYTES_PER_REQUEST_MAX: u64 = 64 << 20;

/// How long a stored answer is replayed: a day, as clients of payment services expect.
pub const IDEMPOTENCY_TTL_MS: u64 = 86_400_000;

/// Bytes of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// Bytes of an answer that is kept for replay; the request is refused a key beyond it.
pub const IDEMPOTENT_ANSWER_BYTES_MAX: usize = 1 << 20;

/// What one call may use, after the operator's caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Bytes of all linear memories of the instance together.
    pub memory_bytes_max: u64,
    /// Milliseconds of computing.
    pub cpu_ms_max: u64,
    /// Milliseconds from beginning to end.
    pub wall_ms_max: u64,
    /// Calls of host functions.
    pub host_calls_max: u64,
    /// Bytes of the answer's body.
    pub response_bytes_max: u64,
    /// Calls of one plugin at the same time.
    pub concurrency_max: u32,
}

impl CallLimits {
    /// What a plugin gets that asks for nothing: ample for a page of a shop, little enough that a mistake
    /// is noticed in development.
    pub const DEFAULT: Self = Self {
        memory_bytes_max: 32 << 20,
        cpu_ms_max: 500,
        wall_ms_max: 5_000,
        host_calls_max: 2_000,
        response_bytes_max: 4 << 20,
        concurrency_max: 256,
    };

    /// The most that a manifest may ask for unless the operator says otherwise.
    pub const CAP: Self = Self {
        memory_bytes_max: 64 << 20,
        cpu_ms_max: 5_000,
        wall_ms_max: 30_000,
        host_calls_max: 20_000,
        response_bytes_max: 16 << 20,
        concurrency_max: 1_000,
    };

    /// The manifest's wishes, filled up with `default` and cut to `cap`.
    #[must_use]
    pub fn resolve(wish: &Limits, default: &Self, cap: &Self) -> Self {
        Self {
            memory_bytes_max: wish
                .memory_bytes_max
                .unwrap_or(default.memory_bytes_max)
                .min(cap.memory_bytes_max),
            cpu_ms_max: wish
                .cpu_ms_max
                .unwrap_or(default.cpu_ms_max)
                .min(cap.cpu_ms_max),
            wall_ms_max: wish
                .wall_ms_max
                .unwrap_or(default.wall_ms_max)
                .min(cap.wall_ms_max),
            host_calls_max: wish
                .host_calls_max
                .unwrap_or(default.host_calls_max)
                .min(cap.host_calls_max),
            response_bytes_max: wish
                .response_bytes_max
                .unwrap_or(default.response_bytes_max)
                .min(cap.response_bytes_max),
            concurrency_max: wish
                .concurrency_max
                .unwrap_or(default.concurrency_max)
                .min(cap.concurrency_max),
        }
    }
}

const _: () = assert!(CallLimits::DEFAULT.memory_bytes_max <= CallLimits::CAP.memory_bytes_max);
const _: () = assert!(CallLimits::DEFAULT.wall_ms_max <= CallLimits::CAP.wall_ms_max);
const _: () = assert!(DOCUMENT_BYTES_MAX <= WRITE_BYTES_PER_REQUEST_MAX);
const _: () = assert!(2 * (LETTER_TEXT_BYTES_MAX + 1_024) <= EVENT_BYTES_MAX);
