//! The terminal that a server was started at, and that may be closed.

use std::fs;

use signal_hook::consts::SIGHUP;

/// Whether the process ends with its terminal: there is one, and nobody wants otherwise.
pub(super) fn is_tied() -> bool {
    is_there() && !ignores_hangup()
}

/// Whether somebody sits at a terminal that this process belongs to.
pub(super) fn is_there() -> bool {
    fs::File::open("/dev/tty").is_ok()
}

/// Whether whoever started this process wants it to outlive the terminal, as `nohup` does (`proc(5)`, SigIgn).
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
