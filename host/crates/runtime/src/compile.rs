//! From a component's bytes to loaded code, never on a request's thread.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use stoa_kernel::hex::hex;
use stoa_kernel::trace::SPANS;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::aot::AotCache;
use crate::artifact::Artifact;
use crate::config::Compiler;

/// How long a compiler may take: a 20 MiB component needs some 20 seconds of one core.
const COMPILE_WALL_S_MAX: u64 = 120;

/// How often the compiler is asked whether it is done.
const COMPILE_POLL_MS: u64 = 5;

/// Processor seconds of a compiler: it has one thread, and no more time than this anyway.
const COMPILE_CPU_S_MAX: u64 = COMPILE_WALL_S_MAX;

/// Address space of a compiler. The engine's pool is reserved, not used, so this bounds only what is
/// mapped beyond it; the pool itself is left out of a compiler's engine.
const COMPILE_ADDRESS_BYTES_MAX: u64 = 16 << 30;

/// Memory of a compiler: a Python program's component takes a quarter of it.
const COMPILE_DATA_BYTES_MAX: u64 = 2 << 30;

/// Why a component did not become code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The engine refuses it, or loading failed.
    #[error("does not compile: {0}")]
    Refused(String),
    /// The compiler took too long or died.
    #[error("the compiler gave up: {0}")]
    GaveUp(String),
    /// Files could not be read or written.
    #[error("compiling: {0}")]
    Io(#[from] std::io::Error),
}

/// Compiles and loads components.
pub struct Loader {
    engine: Engine,
    fingerprint: String,
    cache: AotCache,
    compiler: Compiler,
    /// The code of versions that are in memory, by digest: several of one plugin share it.
    loaded: Mutex<HashMap<String, Weak<Component>>>,
    /// Held while a compiler runs: several at once would take from requests what one on one thread does not.
    compiling: Mutex<()>,
}

impl Loader {
    /// A loader for one engine.
    #[must_use]
    pub fn new(engine: Engine, cache: AotCache, compiler: Compiler) -> Self {
        let fingerprint = fingerprint(&engine);
        Self {
            engine,
            fingerprint,
            cache,
            compiler,
            loaded: Mutex::default(),
            compiling: Mutex::new(()),
        }
    }

    /// As [`Loader::load`], and in memory once however many versions have it.
    ///
    /// # Errors
    /// Every [`CompileError`].
    pub fn share(&self, artifact: &Artifact) -> Result<Arc<Component>, CompileError> {
        let loaded = || self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = loaded().get(&artifact.digest).and_then(Weak::upgrade) {
            return Ok(component);
        }
        let component = Arc::new(self.load(artifact)?);
        let mut loaded = loaded();
        loaded.retain(|_, known| known.strong_count() > 0);
        loaded.insert(artifact.digest.clone(), Arc::downgrade(&component));
        Ok(component)
    }

    /// The component's code, from the cache or freshly compiled. Takes its time: not for a thread that
    /// answers requests.
    ///
    /// # Errors
    /// Every [`CompileError`].
    pub fn load(&self, artifact: &Artifact) -> Result<Component, CompileError> {
        let cached = self.cache.load(&artifact.digest, &self.fingerprint);
        if let Some(component) = cached.and_then(|code| deserialize(&self.engine, &code).ok()) {
            return Ok(component);
        }
        let turn = self.compiling.lock();
        let turn = turn.unwrap_or_else(PoisonError::into_inner);
        let span = tracing::info_span!(
            target: SPANS,
            "plugin.compile",
            stoa.plugin = &*artifact.package.manifest.name,
            stoa.plugin.version = &*artifact.package.manifest.version,
            stoa.compile.bytes = artifact.bytes.len(),
        );
        let code = span.in_scope(|| self.compile(&artifact.bytes))?;
        drop((turn, span));
        let component = deserialize(&self.engine, &code)?;
        if let Err(error) = self.cache.store(&artifact.digest, &self.fingerprint, &code) {
            tracing::warn!(%error, "compiled code can't be kept; the next start compiles again");
        }
        Ok(component)
    }

    fn compile(&self, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
        match &self.compiler {
            Compiler::InProcess => precompile(&self.engine, bytes),
            Compiler::Child(program) => {
                let dir = self.cache.workshop()?;
                let compiled = run_child(program, &dir, bytes);
                let _ = std::fs::remove_dir_all(&dir);
                compiled
            }
        }
    }
}

fn precompile(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    engine
        .precompile_component(bytes)
        .map_err(|error| CompileError::Refused(format!("{error:#}")))
}

#[expect(unsafe_code, reason = "loading compiled code is unsafe by nature")]
fn deserialize(engine: &Engine, code: &[u8]) -> Result<Component, CompileError> {
    // SAFETY: the code comes from our own compiler, either just now or from the cache, which has verified
    // that nobody has touched it since.
    unsafe { Component::deserialize(engine, code) }
        .map_err(|error| CompileError::Refused(format!("{error:#}")))
}

/// What code compiled for an engine depends on, as a short word for file names.
fn fingerprint(engine: &Engine) -> String {
    use sha2::Digest as _;
    use std::hash::{Hash as _, Hasher};

    /// Feeds `Hash` into SHA-256: the standard hasher's output may change between releases.
    struct Digest(sha2::Sha256);
    impl Hasher for Digest {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut digest = Digest(sha2::Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    hex(digest.0.finalize().get(..8).unwrap_or_default())
}

/// Lets a child process compile, with `dir` for its files.
fn run_child(program: &Path, dir: &Path, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    let (input, output, said) = (
        dir.join("in.wasm"),
        dir.join("out.cwasm"),
        dir.join("stderr"),
    );
    std::fs::write(&input, bytes)?;
    let mut child = Command::new(program)
        .arg("compile")
        .args([&input, &output])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&said)?)
        .spawn()?;
    let deadline = Instant::now() + Duration::from_secs(COMPILE_WALL_S_MAX);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(CompileError::GaveUp(format!(
                "not done after {COMPILE_WALL_S_MAX} s"
            )));
        }
        std::thread::sleep(Duration::from_millis(COMPILE_POLL_MS));
    };
    if status.success() {
        return Ok(std::fs::read(&output)?);
    }
    let said = String::from_utf8_lossy(&std::fs::read(&said)?)
        .trim()
        .to_string();
    match status.code() {
        Some(_) => Err(CompileError::Refused(said)),
        None => Err(CompileError::GaveUp(format!("{status} {said}"))),
    }
}

/// The compiler process: lowers its own limits, then compiles one file into another. It is as important as answering: one
/// thread leaves the other cores to requests, and on a busy host a new version is there a third sooner than with a nice value of 5.
///
/// # Errors
/// [`CompileError`] for anything that fails; the process then prints it and exits with 1.
pub fn compile_file(engine: &Engine, input: &Path, output: &Path) -> Result<(), CompileError> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |max| Rlimit {
        current: Some(max),
        maximum: Some(max),
    };
    setrlimit(Resource::Cpu, limit(COMPILE_CPU_S_MAX)).map_err(std::io::Error::from)?;
    setrlimit(Resource::As, limit(COMPILE_ADDRESS_BYTES_MAX)).map_err(std::io::Error::from)?;
    setrlimit(Resource::Data, limit(COMPILE_DATA_BYTES_MAX)).map_err(std::io::Error::from)?;
    let code = precompile(engine, &std::fs::read(input)?)?;
    Ok(std::fs::write(output, code)?)
}
