//! Passwords off the threads that answer requests: a hash takes long on purpose.

use tokio::sync::Semaphore;

use super::hashers;

/// Hashes at once: each needs much memory and a whole core.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// What a check found.
pub(super) struct Checked {
    pub(super) is_right: bool,
    /// The password encoded anew, when it was right and encoded in an older way.
    pub(super) upgraded: Option<String>,
}

/// Checks a password. Without an encoded one it is wrong, after the same time.
pub(super) async fn check(password: String, encoded: Option<String>) -> Checked {
    run(move || match encoded {
        Some(encoded) if hashers::is_password_usable(&encoded) => {
            let is_right = hashers::check_password(&password, &encoded);
            let upgraded =
                (is_right && hashers::must_update(&encoded)).then(|| hashers::make_password(&password));
            Checked { is_right, upgraded }
        }
        _ => {
            hashers::check_nothing(&password);
            Checked { is_right: false, upgraded: None }
        }
    })
    .await
    .unwrap_or(Checked { is_right: false, upgraded: None })
}

/// Encodes a password.
///
/// # Errors
/// When the process is about to end.
pub async fn hash(password: String) -> anyhow::Result<String> {
    run(move || hashers::make_password(&password))
        .await
        .ok_or_else(|| anyhow::anyhow!("hashing was interrupted"))
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _slot = SLOTS.acquire().await.ok()?;
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "a password could not be hashed or checked")).ok()
}
