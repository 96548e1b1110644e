//! Panics: told to the log once, each with its place.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt as _;

tokio::task_local! {
    /// Where the work that is watched panicked: the hook knows the place, the catcher the request.
    static PLACE: Cell<Option<String>>;
}

/// Sends the process's panics to the log instead of stderr. A program calls it once, when its log has started.
///
/// Of a panic inside of a view only the place is noted: the log of its request tells it.
pub fn log_panics() {
    std::panic::set_hook(Box::new(note));
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let is_watched = PLACE.try_with(|last| last.set(place.clone())).is_ok();
    if !is_watched {
        tracing::error!("{}", told(place.as_deref(), panic.payload()));
    }
}

/// Does the work.
///
/// # Errors
/// What a panic said and where, as far as [`log_panics`] was called before.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    // The task's own memory, not the thread's: another task may panic on this thread in between.
    PLACE.scope(Cell::new(None), watched(work)).await
}

async fn watched<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|payload| told(PLACE.with(Cell::take).as_deref(), &*payload))
}

fn told(place: Option<&str>, payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic at {}: {}", place.unwrap_or("an unknown place"), text.unwrap_or("no message"))
}
