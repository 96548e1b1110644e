//! Who shows a run.

use crate::db::migrations::Event;
use crate::management::CommandResult;

/// What a run came to: how many migrations were run.
pub(super) type Answer = CommandResult<usize>;

/// Who shows a run, in one form or another.
pub(super) trait Watcher: Send {
    /// Something happens.
    fn event(&mut self, event: &Event<'_>);

    /// It is over.
    ///
    /// # Errors
    /// That of the run, with what there is to say about where it ended; when nobody takes what is shown.
    fn end(self: Box<Self>, answer: Answer) -> CommandResult<usize>;
}
