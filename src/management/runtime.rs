//! The one place where a command turns asynchronous.

use super::error::{CommandError, CommandResult};

/// Runs `work` to its end on this thread. Ctrl-C drops it, which rolls open transactions back.
///
/// # Errors
/// Those of `work`, and [`CommandError::interrupted`].
pub fn block_on<T>(work: impl Future<Output = CommandResult<T>>) -> CommandResult<T> {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            answer = work => answer,
            signal = tokio::signal::ctrl_c() => {
                signal?;
                Err(CommandError::interrupted())
            }
        }
    })
}
