//! Sockets that whoever started the program opened for it.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use crate::conf::Environment;

/// The first descriptor of systemd's socket activation (`sd_listen_fds(3)`).
const FIRST: u16 = 3;

/// How many sockets systemd hands over: their descriptors begin with 3.
pub(super) fn activated(environment: &Environment) -> u16 {
    let number = |name| environment.get(name).and_then(|text| text.parse::<u32>().ok());
    let is_ours = number("LISTEN_PID").is_some_and(|pid| pid == std::process::id());
    number("LISTEN_FDS").filter(|_| is_ours).and_then(|count| count.try_into().ok()).unwrap_or(0)
}

/// The descriptors that systemd hands over.
pub(crate) fn descriptors(environment: &Environment) -> impl Iterator<Item = u16> {
    FIRST..FIRST.saturating_add(activated(environment))
}

/// The socket that this process was started with under this number; a copy, so that asking twice is no harm.
///
/// # Errors
/// When nothing is open there.
pub(super) fn socket(number: u16) -> io::Result<OwnedFd> {
    if number < FIRST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "0, 1 and 2 are no sockets but the terminal's",
        ));
    }
    copy(i32::from(number))
}

/// The standard input of this process, where it is a socket.
///
/// # Errors
/// When there are no descriptors left.
pub(super) fn stdin() -> io::Result<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned()
}

#[expect(unsafe_code, reason = "there is no safe way to name a descriptor by its number")]
fn copy(number: i32) -> io::Result<OwnedFd> {
    // SAFETY: it is borrowed only until it is copied, and copying what is not open is an error. Nobody in this process
    // closes it meanwhile: it was opened by whoever started the program, and its number was told by settings or systemd.
    unsafe { BorrowedFd::borrow_raw(number) }.try_clone_to_owned()
}
