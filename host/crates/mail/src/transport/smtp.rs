//! SMTP, with TLS from the start, TLS by `STARTTLS`, or none.

use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use lettre::message::{MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{SendError, Transport, TransportError};
use crate::message::Message;

/// For a connection. What follows is bounded by the try as a whole.
const CONNECT_WAITS: Duration = Duration::from_secs(15);

/// Connections that are kept: as many as letters may be on their way.
const CONNECTIONS_MAX: u32 = 8;

/// An idle connection is closed after this time; servers close theirs after five minutes (RFC 5321, 4.5.3.2).
const IDLE_MAX: Duration = Duration::from_secs(60);

/// Answers about whom a letter is for (RFC 5321, 4.2.3): no such mailbox, elsewhere, full, no possible name. All others that say
/// "never" are about this host, its signing in or its address, which the operator can repair: their letters wait.
const MAILBOX_REFUSED: &[u16] = &[550, 551, 552, 553];

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all: for a server on the same machine.
    None,
    /// By `STARTTLS`; a server without it gets nothing.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// Where the server is, and who we are there.
#[derive(Clone)]
pub struct SmtpConfig {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// User and password, if the server wants them.
    pub credentials: Option<(String, String)>,
    /// Certificates in PEM that are trusted besides the machine's own, for a server of the operator's.
    pub roots_pem: Option<Vec<u8>>,
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpConfig({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

type Pool = AsyncSmtpTransport<Tokio1Executor>;

/// Sends by SMTP.
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    pool: Mutex<Pool>,
}

impl Smtp {
    /// To this server. Connections are made when there is something to send.
    ///
    /// # Errors
    /// When the host's name is none, or root certificates are none.
    pub fn new(config: SmtpConfig) -> Result<Self, TransportError> {
        let tls = match config.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::StartTls => Tls::Required(parameters(&config)?),
            SmtpTls::Implicit => Tls::Wrapper(parameters(&config)?),
        };
        let connections = PoolConfig::new()
            .max_size(CONNECTIONS_MAX)
            .idle_timeout(IDLE_MAX);
        let mut builder = Pool::builder_dangerous(config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(CONNECT_WAITS))
            .pool_config(connections);
        if let Some((user, password)) = config.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            pool: Mutex::new(builder.clone().build()),
            builder,
        })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A conversation with the server. One that is dropped before its end leaves an answer unread, and its connection
/// goes back to the pool all the same, where the next message would take that answer for its own: so the
/// pool is dropped along with it.
struct Conversation<'a> {
    smtp: &'a Smtp,
    is_over: bool,
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            *self.smtp.pool() = self.smtp.builder.clone().build();
        }
    }
}

fn parameters(config: &SmtpConfig) -> Result<TlsParameters, TransportError> {
    let failed = |error| TransportError(format!("TLS to the SMTP server: {error}"));
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.roots_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(failed)?);
    }
    builder.build().map_err(failed)
}

#[async_trait]
impl Transport for Smtp {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let email = email(message).map_err(|error| SendError::permanent(error.to_string()))?;
        let mut conversation = Conversation {
            smtp: self,
            is_over: false,
        };
        let pool = self.pool().clone();
        let answer = pool.send(email).await;
        conversation.is_over = true;
        answer.map(drop).map_err(|error| failure(&error))
    }
}

fn email(message: &Message) -> Result<lettre::Message, lettre::error::Error> {
    let date: SystemTime = UNIX_EPOCH + Duration::from_millis(message.date());
    let parts = MultiPart::alternative()
        .boundary(message.boundary())
        .singlepart(SinglePart::plain(message.text().to_owned()))
        .singlepart(SinglePart::html(message.html().to_owned()));
    lettre::Message::builder()
        .from(message.from().mailbox().clone())
        .to(message.to().clone().into())
        .date(date)
        .message_id(Some(message.message_id()))
        .subject(message.subject())
        .multipart(parts)
}

/// What an answer means. Its words are left out: servers quote addresses and parts of messages in them.
fn failure(error: &Error) -> SendError {
    if let Some(broken) = handshake(error) {
        return SendError::temporary(format!("smtp: {broken}"));
    }
    match error.status() {
        Some(status) => {
            let status = u16::from(status);
            let reason = format!("smtp {status}");
            if error.is_permanent() && MAILBOX_REFUSED.contains(&status) {
                SendError::permanent(reason)
            } else {
                SendError::temporary(reason)
            }
        }
        None if error.is_timeout() => SendError::temporary("smtp: timeout"),
        None if error.is_tls() => SendError::temporary("smtp: TLS failed"),
        None if error.is_client() => {
            SendError::temporary("smtp: the server lacks what we need, such as TLS or sign-in")
        }
        None => SendError::temporary("smtp: no connection"),
    }
}

/// What was wrong with TLS, such as a certificate that nobody whom we trust has signed: the operator's to know.
fn handshake(error: &Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let io = inner.downcast_ref().and_then(std::io::Error::get_ref);
        if let Some(broken) = io.and_then(|io| io.downcast_ref()) {
            return Some(broken);
        }
        cause = inner.source();
    }
    None
}
