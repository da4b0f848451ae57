//! The provider: npm's `oidc-provider` in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Where `cargo xtask test` has installed it.
const FOLDER: &str = "STOA_TEST_OIDC";

/// Where its clients are sent back to. Nobody listens there: the test's browser stops at the door.
pub const REDIRECT_URI: &str = "http://127.0.0.1:9/api/v1/auth/google/callback";

/// What `provider.js` calls one of its clients, and what it makes of that name.
pub const CLIENT: (&str, &str) = ("stoa", "stoa secret/+:%");

/// A running provider. It ends with its standard input, so at the latest with the test that started it.
pub struct Peer {
    /// What it calls itself.
    pub issuer: String,
    process: Child,
}

impl Peer {
    /// A new one with keys of its own, at this port or any free one.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(port: u16) -> Self {
        let folder = std::env::var_os(FOLDER)
            .unwrap_or_else(|| panic!("{FOLDER} is not set: run `cargo xtask test`"));
        let mut process = Command::new("node")
            .arg("provider.js")
            .current_dir(folder)
            .env("PORT", port.to_string())
            .env("REDIRECT_URI", REDIRECT_URI)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the provider's process");
        let mut issuer = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("the provider's process"));
        output
            .read_line(&mut issuer)
            .expect("the provider's process");
        let issuer = issuer.trim().to_owned();
        assert!(!issuer.is_empty(), "the provider did not start");
        Self { issuer, process }
    }

    /// One for all tests that change nothing about it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Peer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(0))
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self
            .issuer
            .rsplit(':')
            .next()
            .expect("the provider's process");
        port.parse().expect("the provider's process")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().expect("the provider's process");
        self.process.wait().expect("the provider's process");
    }
}
