//! A worker: its own runtime, its connections, and a graceful end.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use super::connection;
use crate::conf::ServerSettings;
use crate::middleware::{Handler, log_panics};

/// Answers on all listeners until TERM or Ctrl-C, then finishes the requests in flight.
///
/// # Errors
/// When the runtime or the signals cannot be set up.
pub(crate) fn run(handler: Arc<Handler>, listeners: Vec<TcpListener>) -> io::Result<()> {
    log_panics();
    let settings = handler.site.project.settings.server.clone();
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if settings.threads > 0 {
        runtime.worker_threads(settings.threads);
    }
    let runtime = runtime.thread_name("manage-worker").enable_all().build()?;
    let answer = runtime.block_on(serve(handler, listeners, &settings));
    // Work that blocks, such as a password's hash, is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(500));
    answer
}

async fn serve(
    handler: Arc<Handler>,
    listeners: Vec<TcpListener>,
    settings: &ServerSettings,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    let connections = Arc::new(Semaphore::new(settings.max_connections));
    let builder = Arc::new(connection::builder(settings));
    let mut accepting = Vec::new();
    for listener in listeners {
        let accept = Accept {
            listener: tokio::net::TcpListener::from_std(listener)?,
            handler: Arc::clone(&handler),
            builder: Arc::clone(&builder),
            connections: Arc::clone(&connections),
            stopped: stopped.clone(),
        };
        accepting.push(tokio::spawn(accept.run()));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing requests for up to {:?}", settings.graceful_timeout);
    let _ = stop.send(true);
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
    let all = u32::try_from(settings.max_connections).unwrap_or(u32::MAX);
    let finished = async {
        tokio::select! {
            _ = connections.acquire_many(all) => {}
            // Asked a second time: at once.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    if tokio::time::timeout(settings.graceful_timeout, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

/// Takes connections from one listener, never more at once than the settings allow.
struct Accept {
    listener: tokio::net::TcpListener,
    handler: Arc<Handler>,
    builder: Arc<hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>>,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Accept {
    async fn run(self) {
        loop {
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Answers are written in one piece; waiting for more would only delay them.
                    drop(stream.set_nodelay(true));
                    let (handler, builder) = (Arc::clone(&self.handler), Arc::clone(&self.builder));
                    let stopped = self.stopped.clone();
                    tokio::spawn(async move {
                        connection::serve(stream, peer, handler, builder, stopped).await;
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
