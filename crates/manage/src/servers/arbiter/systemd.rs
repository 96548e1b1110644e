//! What systemd is told of a service (`sd_notify(3)`).

use sd_notify::NotifyState;

/// Tells systemd that a reload begins, and when: it waits for the end of it (`sd_notify(3)`).
pub(super) fn notify_reload() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
}

/// Tells systemd, if it wants to know.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
