//! How far something came that takes its time with many rows.

use tokio::sync::watch;

/// How many rows are done of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Done {
    pub rows: u64,
    pub of: u64,
}

/// Where it is told.
#[derive(Debug)]
pub(super) struct Progress(watch::Sender<Done>);

impl Progress {
    /// A place, and where what is told there is heard: the last word alone.
    pub(super) fn new() -> (Self, watch::Receiver<Done>) {
        let (sender, receiver) = watch::channel(Done::default());
        (Self(sender), receiver)
    }

    /// Tells, and lets those who listen come to their turn.
    pub(super) async fn tell(&self, done: Done) {
        self.0.send_replace(done);
        tokio::task::yield_now().await;
    }
}
