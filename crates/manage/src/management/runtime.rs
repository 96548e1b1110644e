//! The one place where a command turns asynchronous.

use std::time::Duration;

use super::error::{CommandError, CommandResult, ErrorKind};

/// How long an interrupted command may take to have its statement stopped at the server.
const STOPPING: Duration = Duration::from_millis(300);

/// Runs `work` to its end on this thread. Ctrl-C drops it, which rolls open transactions back.
///
/// # Errors
/// Those of `work`, and [`CommandError::interrupted`].
pub fn block_on<T>(work: impl Future<Output = CommandResult<T>>) -> CommandResult<T> {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer = tokio::select! {
            answer = work => answer,
            signal = tokio::signal::ctrl_c() => {
                signal?;
                Err(CommandError::interrupted())
            }
        };
        if matches!(&answer, Err(error) if error.kind == ErrorKind::Interrupted) {
            // The statement in flight is stopped by a task of its own, which needs this runtime for a moment.
            tokio::time::sleep(STOPPING).await;
        }
        answer
    })
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
