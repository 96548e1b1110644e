//! What an arbiter waits for: threads listen, one loop decides.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::Sender;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

use crate::servers::messages::{self, Told};
use crate::servers::thread;

/// The signals that mean something, as in gunicorn.
const SIGNALS: [i32; 8] = [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2];

/// Something that happened.
pub(super) enum Event {
    /// A signal came.
    Signal(i32),
    /// A process said something.
    Told(u32, Told),
    /// A process is gone.
    Gone(u32),
    /// Somebody asks how things are.
    Asked(UnixStream),
}

/// Tells of signals from now on.
pub(super) fn of_signals(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new(SIGNALS)?;
    thread::start("signals", move || {
        for signal in signals.forever() {
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    })
}

/// Tells what a process says, and when it is gone.
pub(super) fn of_process(number: u32, stream: UnixStream, events: Sender<Event>) -> io::Result<()> {
    thread::start("process", move || {
        for told in messages::hear(stream) {
            drop(events.send(Event::Told(number, told)));
        }
        drop(events.send(Event::Gone(number)));
    })
}

/// Tells of those who connect.
pub(super) fn of_questions(listener: UnixListener, events: Sender<Event>) -> io::Result<()> {
    thread::start("status", move || {
        for stream in listener.incoming().flatten() {
            if events.send(Event::Asked(stream)).is_err() {
                return;
            }
        }
    })
}
