//! WASI 0.2, for guests of other tool chains: no files, no sockets, no environment, no arguments. Time and
//! randomness come from where our own interfaces take them, so that a second run is told the same, and what a guest
//! prints becomes lines of its plugin's log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use stoa_kernel::clock::Millis;
use stoa_kernel::limits::RANDOM_BYTES_MAX;
use tokio::io::AsyncWrite;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::{self, Instant};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::{
    DynPollable, OutputStream, Pollable, StreamError, StreamResult, add_to_linker_async,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::bindings::stoa::log::log::Level;
use crate::fault::{Ended, Fault};
use crate::grants::Capability;
use crate::interface::log;
use crate::interface::random::bytes;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

/// Nanoseconds of a millisecond, which is as exact as our clock is.
const NS_PER_MS: u64 = 1_000_000;

/// Bytes of a printed line. What is longer becomes several.
const LINE_BYTES_MAX: usize = 8 << 10;

/// Bytes that a guest may print with one call (WASI's own `blocking-write-and-flush` takes no more either).
const PRINT_BYTES_MAX: usize = 4 << 10;

/// Bytes of WASI's seed for hash maps: two words.
const SEED_BYTES: usize = 16;

/// Defines all of WASI. What may be imported of it is `artifact::judge_import`'s to say.
///
/// # Errors
/// When the linker refuses.
pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    fn state(state: &mut State) -> &mut State {
        state
    }
    type Ours = HasSelf<State>;
    add_to_linker_async(linker)?;
    // In place of the clocks and the randomness of the machine.
    linker.allow_shadowing(true);
    wall_clock::add_to_linker::<_, Ours>(linker, state)?;
    monotonic_clock::add_to_linker::<_, Ours>(linker, state)?;
    random::add_to_linker::<_, Ours>(linker, state)?;
    insecure::add_to_linker::<_, Ours>(linker, state)?;
    insecure_seed::add_to_linker::<_, Ours>(linker, state)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What an instance that uses WASI has of it.
pub struct Wasi {
    /// What the implementation of everything but clocks and randomness works with.
    pub ctx: WasiCtx,
    printed: Arc<Printed>,
    /// The latest time that the monotonic clock has told.
    latest: Millis,
}

impl Wasi {
    /// For an instance of `revision`.
    pub fn new(revision: Arc<Revision>) -> Self {
        let printed = Arc::new(Printed {
            revision,
            desk: Mutex::default(),
        });
        let stream = |channel| Stream {
            printed: Arc::clone(&printed),
            channel,
        };
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(stream(Channel::Out));
        builder.stderr(stream(Channel::Err));
        Self {
            ctx: builder.build(),
            printed,
            latest: 0,
        }
    }

    /// What is printed from now on belongs to this request.
    pub fn enter(&self, scope: Arc<Scope>) {
        self.printed.desk().scope = Some(scope);
    }

    /// Ends the last lines; nothing of the request stays.
    pub fn leave(&self) {
        self.printed.finish();
    }
}

impl Drop for Wasi {
    /// Whoever traps has often said why.
    fn drop(&mut self) {
        self.leave();
    }
}

impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(self.time()?))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        self.charge(Capability::Free, 0)?;
        Ok(datetime(1))
    }
}

fn datetime(ms: Millis) -> Datetime {
    let nanoseconds = u32::try_from(ms % 1_000 * NS_PER_MS).unwrap_or(0);
    Datetime {
        seconds: ms / 1_000,
        nanoseconds,
    }
}

/// The same time, but it never goes back.
impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<Instant> {
        let now = self.time()?;
        let latest = &mut self.wasi().latest;
        *latest = now.max(*latest);
        Ok(latest.saturating_mul(NS_PER_MS))
    }

    fn resolution(&mut self) -> wasmtime::Result<Instant> {
        self.charge(Capability::Free, 0)?;
        Ok(NS_PER_MS)
    }

    fn subscribe_instant(&mut self, when: Instant) -> wasmtime::Result<Resource<DynPollable>> {
        let now = monotonic_clock::Host::now(self)?;
        self.subscribe_duration(when.saturating_sub(now))
    }

    /// Waits by the machine's clock. How long it took nobody remembers, so the answer is not told again.
    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.charge(Capability::Free, 0)?.outside.open();
        self.clocks().subscribe_duration(duration)
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.random(len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.word()
    }
}

/// Nobody gains by randomness that is worse.
impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.random(len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.word()
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let seed = bytes(self, SEED_BYTES)?;
        let (low, high) = seed.split_at(SEED_BYTES / 2);
        Ok((word(low), word(high)))
    }
}

impl State {
    fn time(&mut self) -> wasmtime::Result<Millis> {
        let scope = self.charge(Capability::Free, 0)?;
        Ok(scope.outside.time(|| scope.ports.clock.now()))
    }

    /// WASI has no way to give fewer bytes than were asked for.
    fn random(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        if len > u64::from(RANDOM_BYTES_MAX) {
            return Err(Ended(Fault::Limit("random bytes of one call".into())).into());
        }
        let len = usize::try_from(len).unwrap_or_default();
        bytes(self, len).map(|random| random.to_vec())
    }

    fn word(&mut self) -> wasmtime::Result<u64> {
        bytes(self, size_of::<u64>()).map(|random| word(&random))
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// What an instance prints, on its way to the log.
struct Printed {
    revision: Arc<Revision>,
    desk: Mutex<Desk>,
}

/// The request that prints, and the lines that have not ended yet.
#[derive(Default)]
struct Desk {
    scope: Option<Arc<Scope>>,
    out: Vec<u8>,
    err: Vec<u8>,
}

/// Where a guest prints to.
#[derive(Clone, Copy)]
enum Channel {
    Out,
    Err,
}

impl Channel {
    const fn level(self) -> Level {
        match self {
            Self::Out => Level::Info,
            Self::Err => Level::Warn,
        }
    }
}

impl Desk {
    const fn line(&mut self, channel: Channel) -> &mut Vec<u8> {
        match channel {
            Channel::Out => &mut self.out,
            Channel::Err => &mut self.err,
        }
    }
}

impl Printed {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, channel: Channel, text: &[u8]) -> Result<(), Fault> {
        let mut desk = self.desk();
        // Between two requests nobody prints.
        let Some(scope) = desk.scope.clone() else {
            return Ok(());
        };
        if !scope.budget.take_guest_bytes(text.len()) {
            return Err(Fault::Limit("bytes passed to and from the host".into()));
        }
        let line = desk.line(channel);
        for byte in text {
            if *byte != b'\n' {
                line.push(*byte);
            }
            if *byte == b'\n' || line.len() >= LINE_BYTES_MAX {
                self.log(&scope, channel, line);
            }
        }
        Ok(())
    }

    fn finish(&self) {
        let mut desk = self.desk();
        let Some(scope) = desk.scope.take() else {
            return;
        };
        for channel in [Channel::Out, Channel::Err] {
            self.log(&scope, channel, desk.line(channel));
        }
    }

    /// Ends a line. One without text says nothing.
    fn log(&self, scope: &Scope, channel: Channel, line: &mut Vec<u8>) {
        if !line.is_empty() {
            let text = String::from_utf8_lossy(line);
            log::line(scope, &self.revision, channel.level(), &text);
        }
        line.clear();
    }
}

/// Standard output or standard error of an instance.
#[derive(Clone)]
struct Stream {
    printed: Arc<Printed>,
    channel: Channel,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// For WASI 0.3, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

#[async_trait]
impl OutputStream for Stream {
    fn write(&mut self, text: Bytes) -> StreamResult<()> {
        let printed = self.printed.print(self.channel, &text);
        printed.map_err(|fault| StreamError::Trap(Ended(fault).into()))
    }

    /// A line ends with its line break, not before.
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PRINT_BYTES_MAX)
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}
