//! One connection: requests in, answers out, and a watch that no phase takes too long.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::in_flight::InFlight;
use crate::conf::ServerSettings;
use crate::http::Response;
use crate::middleware::Handler;

/// How long a connection is kept for one more request when its worker ends.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// Serves one connection to its end. When `stop` turns true, the request in flight is finished and no other taken.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    serving: Arc<Serving>,
    mut stop: watch::Receiver<bool>,
) {
    let Serving { handler, builder, .. } = &*serving;
    let limits = Limits::new(&handler.site.project.settings.server);
    let clock = Arc::new(Clock::new());
    let io = TokioIo::new(Timed { stream, clock: Arc::clone(&clock) });
    let service = {
        let (clock, serving) = (Arc::clone(&clock), Arc::clone(&serving));
        service_fn(move |request: http::Request<Incoming>| {
            let (serving, clock) = (Arc::clone(&serving), Arc::clone(&clock));
            let answering = Answering::begin(clock);
            async move {
                let version = request.version();
                let mut response = serving.answer(request, peer).await;
                if answering.0.is_last.load(Ordering::Relaxed) && version < http::Version::HTTP_2 {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(answering);
                Ok::<_, std::convert::Infallible>(response)
            }
        })
    };
    let connection = builder.serve_connection(io, service);
    let mut connection = std::pin::pin!(connection);
    let mut stopped = std::pin::pin!(stopped(&mut stop, &clock));
    let mut is_stopping = false;
    let mut next_look = limits.first_look();
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection ended");
                }
                return;
            }
            () = &mut stopped, if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(next_look) => match limits.remaining(&clock) {
                Some(remaining) => next_look = remaining,
                None => {
                    tracing::debug!(%peer, "connection was too slow");
                    return;
                }
            }
        }
    }
}

/// Waits for the end of the worker, and then for a moment: the next request may be on its way, and nobody else would answer
/// it. That it is the last one is told with its answer.
async fn stopped(stop: &mut watch::Receiver<bool>, clock: &Clock) {
    drop(stop.wait_for(|is_stopping| *is_stopping).await);
    clock.is_last.store(true, Ordering::Relaxed);
    let (before, until) = (clock.asked.load(Ordering::Relaxed), Instant::now() + LAST_REQUEST);
    let is_quiet =
        || clock.answering.load(Ordering::Relaxed) == 0 && clock.asked.load(Ordering::Relaxed) == before;
    while is_quiet() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What all connections of a worker share.
pub(super) struct Serving {
    /// Answers the requests.
    pub handler: Arc<Handler>,
    /// Those that are being answered.
    pub in_flight: Arc<InFlight>,
    builder: auto::Builder<TokioExecutor>,
}

impl Serving {
    /// For the settings of a site.
    pub(super) fn new(handler: Arc<Handler>) -> Self {
        let builder = builder(&handler.site.project.settings.server);
        Self { handler, in_flight: Arc::default(), builder }
    }

    async fn answer(&self, request: http::Request<Incoming>, peer: SocketAddr) -> Response {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let info = self.handler.receive(&mut request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let answer = self.handler.answer_received(request, &info);
        self.in_flight.watched((method, uri), Arc::clone(&info), answer).await
    }
}

/// The settings of the protocol.
fn builder(settings: &ServerSettings) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // hyper's smallest buffer is 8 KiB; it holds the header of a request.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(settings.max_header_bytes.max(8_192));
    let max_header_list_size = u32::try_from(settings.max_header_bytes).unwrap_or(u32::MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(max_header_list_size)
        .max_concurrent_streams(128);
    builder
}

#[derive(Clone, Copy)]
struct Limits {
    header: Duration,
    idle: Duration,
}

impl Limits {
    fn new(settings: &ServerSettings) -> Self {
        Self { header: settings.header_timeout, idle: settings.idle_timeout }
    }

    fn first_look(self) -> Duration {
        self.header.min(self.idle)
    }

    /// How long to wait until the next look; none when the present phase took too long.
    fn remaining(self, clock: &Clock) -> Option<Duration> {
        let limit = match clock.phase() {
            // A view may take its time; its body has a time-out of its own.
            Phase::Answering => return Some(self.first_look()),
            Phase::Header => self.header,
            Phase::Idle => self.idle,
        };
        let left = limit.checked_sub(clock.since_change()).filter(|left| !left.is_zero())?;
        Some(left.min(self.first_look()).max(Duration::from_millis(20)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between requests, or while the answer is on its way.
    Idle,
    /// Some bytes of a request came, but not its whole header.
    Header,
    /// A view works.
    Answering,
}

/// What the connection does and since when.
struct Clock {
    started: Instant,
    /// Milliseconds after `started` of the last change or, when idle, of the last progress.
    changed: AtomicU64,
    /// Requests in flight: more than one with HTTP/2.
    answering: AtomicU64,
    in_header: AtomicBool,
    /// Requests so far.
    asked: AtomicU64,
    /// The worker ends: no request follows the next one.
    is_last: AtomicBool,
}

impl Clock {
    /// A new connection counts as one that has begun to send a header.
    fn new() -> Self {
        Self {
            started: Instant::now(),
            changed: AtomicU64::new(0),
            answering: AtomicU64::new(0),
            in_header: AtomicBool::new(true),
            asked: AtomicU64::new(0),
            is_last: AtomicBool::new(false),
        }
    }

    fn begin(&self) {
        self.answering.fetch_add(1, Ordering::Relaxed);
        self.in_header.store(false, Ordering::Relaxed);
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.touch();
        self.answering.fetch_sub(1, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        if self.answering.load(Ordering::Relaxed) > 0 {
            Phase::Answering
        } else if self.in_header.load(Ordering::Relaxed) {
            Phase::Header
        } else {
            Phase::Idle
        }
    }

    fn touch(&self) {
        self.changed.store(self.started.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn since_change(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.changed.load(Ordering::Relaxed)))
    }

    /// Bytes came in. The first of a request start the clock of its header; later ones do not wind it up again.
    fn received(&self) {
        if self.phase() == Phase::Idle {
            self.touch();
            self.in_header.store(true, Ordering::Relaxed);
        }
    }

    fn sent(&self) {
        if self.phase() == Phase::Idle {
            self.touch();
        }
    }
}

/// A request that is being answered. A browser may take it back, which drops it; the clock goes on then too.
struct Answering(Arc<Clock>);

impl Answering {
    fn begin(clock: Arc<Clock>) -> Self {
        clock.begin();
        Self(clock)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A stream that tells the clock about its bytes.
struct Timed<S> {
    stream: S,
    clock: Arc<Clock>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let answer = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.clock.received();
        }
        answer
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if answer.is_ready() {
            self.clock.sent();
        }
        answer
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let answer = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        if answer.is_ready() {
            self.clock.sent();
        }
        answer
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
