//! The one place where a command turns asynchronous.

use std::any::Any;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::error::{CommandError, CommandResult, ErrorKind};
use crate::db;
use crate::setup::Project;

/// How long an interrupted command may take to have its statement stopped at the server.
const STOPPING: Duration = Duration::from_millis(300);

/// Runs `work` to its end on this thread. Ctrl-C and SIGTERM drop it, which rolls open transactions back. Another thread
/// waits for them, for a statement of SQLite keeps this one.
///
/// # Errors
/// Those of `work`, [`CommandError::interrupted`] and [`CommandError::terminated`].
pub fn block_on<T>(work: impl Future<Output = CommandResult<T>>) -> CommandResult<T> {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let mut stop = tokio::spawn(async {
            let error = stopped().await?;
            Ok::<_, io::Error>((error, db::stop_statements()))
        });
        let answer = tokio::select! {
            answer = work => answer,
            stopped = &mut stop => {
                let (error, _stopping) = stopped.map_err(io::Error::other)??;
                Err(error)
            }
        };
        stop.abort();
        let is_stopped =
            |error: &CommandError| matches!(error.kind, ErrorKind::Interrupted | ErrorKind::Terminated);
        if answer.as_ref().is_err_and(is_stopped) {
            // The statement in flight is stopped by a task of its own, which needs this runtime for a moment.
            tokio::time::sleep(STOPPING).await;
        }
        answer
    })
}

/// Tells a signal to whoever asked for it; where nobody did, nothing is made for it.
///
/// # Errors
/// Those of who is told.
pub(super) fn tell<T: Any + Sync>(project: &Project, signal: &T) -> CommandResult {
    if !project.signals.has_receivers::<T>() {
        return Ok(());
    }
    block_on(async { Ok(project.signals.send(project, signal).await?) })
}

/// Waits until somebody wants this to end, and says how.
async fn stopped() -> io::Result<CommandError> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| CommandError::interrupted()),
        _ = terminate.recv() => Ok(CommandError::terminated()),
    }
}

/// Runs `work`, which blocks its thread, such as a question to a person, so that Ctrl-C ends the wait.
///
/// # Errors
/// [`CommandError::interrupted`]. `work` itself then stays behind until the program ends, in a moment.
pub fn wait<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> CommandResult<T> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || answer.send(work()).is_ok());
    block_on(async { answered.await.map_err(|_| CommandError::failed("the question was not answered")) })
}
