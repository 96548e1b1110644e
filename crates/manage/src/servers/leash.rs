//! What binds a worker to its arbiter: it tells how it does, and it does not outlive it.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::in_flight::InFlight;
use super::inherited;
use super::listener::Listener;
use super::messages::{self, Beat, Start, Told};
use super::role::Role;
use super::thread;
use crate::conf::Environment;

/// The worker's end of the pair of sockets.
pub(crate) struct Leash {
    /// What the worker was told at its start.
    pub start: Start,
    /// What it listens on.
    pub listeners: Vec<Listener>,
    stream: UnixStream,
}

/// What a worker reports of itself. The part that ticks is moved by its runtime.
#[derive(Default)]
pub(super) struct Pulse {
    /// Moves as long as the runtime comes to it.
    pub ticks: AtomicU64,
    /// Open connections.
    pub connections: AtomicUsize,
}

impl Leash {
    /// That of this process, if it was started as a worker.
    ///
    /// # Errors
    /// When the arbiter is gone already, or never was one.
    pub(crate) fn find(environment: &Environment) -> io::Result<Option<Self>> {
        if Role::of(environment) != Some(Role::Worker) {
            return Ok(None);
        }
        let stream = UnixStream::from(inherited::stdin()?);
        let (start, listeners) = messages::started(&stream)?;
        // It was started as `/proc/self/exe`, and would be called so in lists of processes.
        drop(std::fs::write("/proc/self/comm", "manage-worker"));
        Ok(Some(Self { start, listeners, stream }))
    }

    /// Says that requests are answered from now on.
    pub(super) fn say_ready(&self) -> io::Result<()> {
        messages::say(&self.stream, &Told::Ready)
    }

    /// Reports in this interval, on a thread of its own, so that it goes on when all others are held by views. Says when
    /// the worker has answered as many requests as it should.
    pub(super) fn report(
        &self,
        every: Duration,
        most_requests: Option<u64>,
        pulse: Arc<Pulse>,
        in_flight: Arc<InFlight>,
    ) -> io::Result<()> {
        let stream = self.stream.try_clone()?;
        let mut is_retiring = false;
        thread::start("manage-report", move || {
            loop {
                let begun = in_flight.begun();
                if !is_retiring && most_requests.is_some_and(|most| begun >= most) {
                    is_retiring = true;
                    if messages::say(&stream, &Told::Retiring).is_err() {
                        return;
                    }
                }
                if messages::say(&stream, &Told::Beat(beat(&pulse, &in_flight))).is_err() {
                    return;
                }
                std::thread::sleep(every);
            }
        })
    }

    /// Ends the worker when the arbiter is gone, however that came: in good order, and after this time in any case.
    pub(super) fn hold(self, within: Duration, gone: watch::Sender<bool>) -> io::Result<()> {
        thread::start("manage-leash", move || {
            // The arbiter says nothing more; that there is nothing more to hear is the message.
            messages::hear::<serde_json::Value>(self.stream).for_each(drop);
            let _ = gone.send(true);
            std::thread::sleep(within);
            leave();
        })
    }
}

fn beat(pulse: &Pulse, in_flight: &InFlight) -> Beat {
    let (answering, busy) = in_flight.busy();
    Beat {
        ticks: pulse.ticks.load(Ordering::Relaxed),
        requests: in_flight.begun(),
        connections: pulse.connections.load(Ordering::Relaxed),
        answering,
        busy,
        memory: memory(),
    }
}

/// The memory of this process in bytes (`proc(5)`: the second number of statm, in pages).
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Views may hold every other thread for good, so nothing is left to return to.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the only thread that still runs cannot return from `main`"
)]
fn leave() {
    std::process::exit(1);
}
