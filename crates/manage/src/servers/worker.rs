//! A worker: its own runtime, its connections, and a graceful end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use super::connection::{self, Serving};
use super::leash::{Leash, Pulse};
use super::listener::{Listener, Socket};
use crate::conf::ServerSettings;
use crate::crypto;
use crate::middleware::{Handler, log_panics};

/// Answers on all listeners until TERM or INT, then finishes the requests in flight. A worker of an arbiter ends at once
/// at INT and QUIT, as gunicorn's do, and with its arbiter.
///
/// # Errors
/// When the runtime or the signals cannot be set up.
pub(crate) fn run(handler: Arc<Handler>, listeners: Vec<Listener>, leash: Option<Leash>) -> io::Result<()> {
    log_panics();
    let settings = handler.site.project.settings.server.clone();
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let workers = if leash.is_some() { settings.number_of_workers() } else { 1 };
    runtime.worker_threads(settings.threads_of(workers));
    let runtime = runtime.thread_name("manage-worker").enable_all().build()?;
    let answer = runtime.block_on(serve(handler, listeners, &settings, leash));
    // Work that blocks, such as a password's hash, is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(500));
    answer
}

async fn serve(
    handler: Arc<Handler>,
    listeners: Vec<Listener>,
    settings: &ServerSettings,
    leash: Option<Leash>,
) -> io::Result<()> {
    let mut end = End::new(leash.is_some())?;
    let (stop, stopped) = watch::channel(false);
    let serving = Arc::new(Serving::new(handler));
    let connections = Arc::new(Semaphore::new(settings.max_connections));
    let pulse = Arc::new(Pulse::default());
    let mut accepting = Vec::new();
    for listener in listeners {
        let accept = Accept {
            serving: Arc::clone(&serving),
            connections: Arc::clone(&connections),
            pulse: Arc::clone(&pulse),
            stopped: stopped.clone(),
        };
        // Registered now: what cannot be listened on is an error of the start.
        accepting.push(match listener.into_socket() {
            Socket::Tcp(socket) => tokio::spawn(accept.run(TcpListener::from_std(socket)?)),
            Socket::Unix(socket) => tokio::spawn(accept.run(UnixListener::from_std(socket)?)),
        });
    }
    if let Some(leash) = leash {
        tether(leash, settings, &serving, &pulse, end.orphaned.clone())?;
    }
    let is_graceful = end.first().await;
    let _ = stop.send(true);
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
    if !is_graceful {
        return Ok(());
    }
    tracing::info!("stopping: finishing requests for up to {:?}", settings.graceful_timeout);
    let all = u32::try_from(settings.max_connections).unwrap_or(u32::MAX);
    let finished = async {
        tokio::select! {
            _ = connections.acquire_many(all) => {}
            // Asked a second time: at once.
            () = end.again() => {}
        }
    };
    if tokio::time::timeout(settings.graceful_timeout, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

/// Tells the arbiter how the worker does, and ends with it.
fn tether(
    leash: Leash,
    settings: &ServerSettings,
    serving: &Serving,
    pulse: &Arc<Pulse>,
    orphaned: watch::Sender<bool>,
) -> io::Result<()> {
    // Often enough that one late report is no reason to be taken for dead.
    let every = (settings.timeout / 4).min(Duration::from_secs(1));
    let ticking = Arc::clone(pulse);
    tokio::spawn(async move {
        loop {
            ticking.ticks.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(every).await;
        }
    });
    leash.say_ready()?;
    leash.report(every, most_requests(settings), Arc::clone(pulse), Arc::clone(&serving.in_flight))?;
    leash.hold(settings.graceful_timeout, orphaned)
}

/// After how many requests a worker makes way.
fn most_requests(settings: &ServerSettings) -> Option<u64> {
    let most = (settings.max_requests > 0).then_some(settings.max_requests as u64)?;
    let chance =
        u64::from_ne_bytes(crypto::random_bytes()) % (settings.max_requests_jitter as u64).saturating_add(1);
    Some(most.saturating_add(chance))
}

/// What ends a worker.
struct End {
    terminate: Signal,
    interrupt: Signal,
    quit: Option<Signal>,
    /// Says that there is no arbiter any more.
    orphaned: watch::Sender<bool>,
    is_orphaned: watch::Receiver<bool>,
}

impl End {
    fn new(has_arbiter: bool) -> io::Result<Self> {
        let (orphaned, is_orphaned) = watch::channel(false);
        if has_arbiter {
            // A terminal sends them to every process of a group; they are the arbiter's business.
            for kind in [SignalKind::hangup(), SignalKind::user_defined1(), SignalKind::user_defined2()] {
                drop(signal(kind)?);
            }
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: has_arbiter.then(|| signal(SignalKind::quit())).transpose()?,
            orphaned,
            is_orphaned,
        })
    }

    /// Waits for the first call; whether there is time to finish.
    async fn first(&mut self) -> bool {
        let has_arbiter = self.quit.is_some();
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => !has_arbiter,
            () = received(&mut self.quit) => false,
            _ = self.is_orphaned.wait_for(|gone| *gone) => true,
        }
    }

    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = received(&mut self.quit) => {}
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Something that connections come from.
trait Acceptor: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and who it is from.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Acceptor for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.accept().await?;
        // Answers are written in one piece; waiting for more would only delay them.
        drop(stream.set_nodelay(true));
        Ok((stream, peer))
    }
}

impl Acceptor for UnixListener {
    type Stream = UnixStream;

    /// Whoever may open the socket counts as this machine.
    async fn next(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
    }
}

/// Takes connections from one listener, never more at once than the settings allow.
struct Accept {
    serving: Arc<Serving>,
    connections: Arc<Semaphore>,
    pulse: Arc<Pulse>,
    stopped: watch::Receiver<bool>,
}

impl Accept {
    async fn run(self, listener: impl Acceptor) {
        loop {
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else { return };
            match listener.next().await {
                Ok((stream, peer)) => {
                    let (serving, pulse) = (Arc::clone(&self.serving), Arc::clone(&self.pulse));
                    let stopped = self.stopped.clone();
                    tokio::spawn(async move {
                        pulse.connections.fetch_add(1, Ordering::Relaxed);
                        connection::serve(stream, peer, serving, stopped).await;
                        pulse.connections.fetch_sub(1, Ordering::Relaxed);
                        drop(permit);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, usually: others have to end first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}
