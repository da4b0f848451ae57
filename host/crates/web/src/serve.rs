//! Connections: hyper driven by ourselves, with a limit on everything a client can drag out.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Response, Version};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{interval, sleep, timeout};

use crate::body::Body;
use crate::client::{Peer, is_proxy};
use crate::company;
use crate::edge::Edge;
use crate::line::{Line, STALLED_S_MAX};
use crate::meters::Metrics;
use crate::places::{Place, Places};
use crate::taking::{Answer, Patience, Takings};

/// Header lines of a request: browsers and proxies together send about thirty.
const HEADERS_MAX: usize = 64;

/// Bytes of a request's head that a connection holds.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// HTTP/2: requests of one connection at the same time.
const STREAMS_MAX: u32 = 100;

/// HTTP/2: bytes of a request's headers after decompression.
const H2_HEADER_LIST_BYTES_MAX: u32 = 16 << 10;

/// HTTP/2: how often, and how long, a silent client is asked whether it is still there.
const H2_PING_EVERY_S: u64 = 20;
const H2_PING_S_MAX: u64 = 10;

/// HTTP/2: patience with a client. Its connection holds a place; another one is made in a round trip.
const PATIENCE: Patience = Patience {
    taking: Duration::from_secs(STALLED_S_MAX),
    idle: Duration::from_secs(300),
};

/// A connection is asked to end after this time, so that clients come back through the load balancer.
const CONNECTION_S_MAX: u64 = 3_600;

/// Time that requests under way get when the host stops.
const DRAIN_S_MAX: u64 = 30;

/// Time that requests under way get on a connection that is old: a large file takes long on a slow line.
const LAST_REQUESTS_S_MAX: u64 = 6 * 3_600;

/// Pause after a failed `accept`: whatever the reason is does not go away at once.
const ACCEPT_PAUSE_MS: u64 = 50;

/// Failures of `accept` in a row after which the listener itself must be broken.
const ACCEPT_FAILURES_MAX: u32 = 200;

/// Connections that were closed at once because their address had too many.
const REFUSED: &str = "connections_refused_total";

/// How often metrics' samples are folded.
const UPKEEP_EVERY_S: u64 = 5;

impl Edge {
    /// Serves a listener until `shutdown`, then lets the requests under way end, 30 seconds at most.
    ///
    /// # Errors
    /// The listener's own error when it keeps failing.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let places = Places::new(&self.shared.config);
        let header_read = Duration::from_millis(self.shared.config.header_read_ms_max);
        let builder = builder(header_read);
        let (stop, stopped) = watch::channel(false);
        let mut shutdown = pin!(shutdown);
        let mut upkeep = interval(Duration::from_secs(UPKEEP_EVERY_S));
        let mut failures = 0;
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = upkeep.tick() => self.shared.metrics.iter().for_each(Metrics::run_upkeep),
                accepted = accept(&listener, &places) => match accepted {
                    Ok((stream, peer, place)) => {
                        failures = 0;
                        let Some(place) = self.admit(peer, place, &places) else {
                            continue;
                        };
                        let connection = Connection { edge: Arc::clone(&self), peer, stopped: stopped.clone() };
                        tokio::spawn(connection.drive(builder.clone(), stream, place));
                    }
                    Err(error) => {
                        // Too few descriptors are those of connections that end some time.
                        failures += u32::from(!is_out_of_descriptors(&error));
                        tracing::warn!(%error, "a connection can't be accepted");
                        if failures > ACCEPT_FAILURES_MAX {
                            return Err(error);
                        }
                        sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                    }
                },
            }
        }
        drop(listener);
        stop.send_replace(true);
        self.shared.ports.live.shutdown();
        let within = Duration::from_secs(DRAIN_S_MAX);
        // Whoever does not read lets nobody close their line.
        let goodbye = timeout(within, self.socket_io.close());
        let (drained, _) = futures::join!(timeout(within, places.all_free()), goodbye);
        if drained.is_err() {
            tracing::warn!(
                connections = places.count(),
                "stopping although requests are still under way"
            );
        }
        Ok(())
    }

    /// The place of a connection, unless its address has too many; a proxy's are those of many clients.
    fn admit(&self, peer: Peer, place: Place, places: &Places) -> Option<Place> {
        if is_proxy(peer.0.to_canonical(), &self.shared.config) {
            return Some(place);
        }
        let place = place.give(places, peer.0);
        if place.is_none() {
            metrics::counter!(REFUSED).increment(1);
            tracing::debug!(address = %peer.0, "a connection is refused: its address has too many");
        }
        place
    }
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Places) -> io::Result<(TcpStream, Peer, Place)> {
    let place = places.next().await?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, Peer(address.ip()), place))
}

fn builder(header_read: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(H2_HEADER_LIST_BYTES_MAX)
        .keep_alive_interval(Duration::from_secs(H2_PING_EVERY_S))
        .keep_alive_timeout(Duration::from_secs(H2_PING_S_MAX));
    builder
}

/// One connection.
struct Connection {
    edge: Arc<Edge>,
    peer: Peer,
    stopped: watch::Receiver<bool>,
}

impl Connection {
    /// Serves its requests. It ends when the client does, when no first request comes, and, after the
    /// requests under way, when it is old, when its client lets it wait, or when the host stops.
    async fn drive(mut self, builder: Builder<TokioExecutor>, stream: TcpStream, place: Place) {
        // Answers leave in one piece: waiting to fill a packet only adds latency.
        let _ = stream.set_nodelay(true);
        let header_read = Duration::from_millis(self.edge.shared.config.header_read_ms_max);
        let inside = Arc::new(Inside {
            edge: self.edge,
            peer: self.peer,
            used: AtomicBool::new(false),
            takings: Takings::new(PATIENCE),
        });
        let service = service_fn(|request| {
            let inside = Arc::clone(&inside);
            async move { Ok::<_, Infallible>(inside.answer(request).await) }
        });
        let line = TokioIo::new(Line::new(stream, place));
        let connection = builder.serve_connection_with_upgrades(line, service);
        let mut connection = pin!(connection);
        let mut stalled = pin!(inside.takings.stalled());
        tokio::select! {
            _ = connection.as_mut() => return,
            () = &mut stalled => {}
            () = unused(&inside.used, header_read) => return,
            () = stopping(&mut self.stopped) => {}
            () = sleep(Duration::from_secs(CONNECTION_S_MAX)) => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = &mut stalled => {}
                    () = stopping(&mut self.stopped) => {}
                    () = sleep(Duration::from_secs(LAST_REQUESTS_S_MAX)) => return,
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(Duration::from_secs(DRAIN_S_MAX), connection).await;
    }
}

/// What the requests of a connection share.
struct Inside {
    edge: Arc<Edge>,
    peer: Peer,
    used: AtomicBool,
    takings: Takings,
}

impl Inside {
    async fn answer(&self, request: hyper::Request<hyper::body::Incoming>) -> Response<Answer> {
        self.used.store(true, Ordering::Relaxed);
        let (mut head, body) = request.into_parts();
        let taking = (head.version == Version::HTTP_2).then(|| self.takings.begin());
        head.extensions.insert(self.peer);
        company::begin();
        let response = self.edge.answer(head, Body::Wire(body)).await;
        company::wait_for_others().await;
        response.map(|content| match taking {
            Some(taking) => taking.answer(content),
            None => content.into(),
        })
    }
}

/// Whether this process, or the system, has no file descriptor left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let few = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| few.contains(&code))
}

/// Ends when the host stops.
async fn stopping(stopped: &mut watch::Receiver<bool>) {
    // An error means that whoever would say so has gone.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Ends when the time for a first request is over and none has come. hyper's own timer begins only when it
/// knows which version of HTTP a client speaks: one that never says would stay for ever.
async fn unused(used: &AtomicBool, header_read: Duration) {
    sleep(header_read).await;
    if used.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}
