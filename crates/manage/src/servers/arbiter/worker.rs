//! A worker, as its arbiter sees it.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::Process;
use crate::servers::in_flight::Busy;
use crate::servers::messages::Beat;
use crate::servers::status::WorkerStatus;

/// What a worker is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It does not answer yet.
    Starting,
    /// It answers requests.
    Ready,
    /// It answers until another one can take its place.
    Retiring,
    /// It was told to end, and is killed at this time.
    Stopping(Instant),
}

/// A worker.
pub(super) struct Worker {
    /// The reload that it belongs to.
    pub generation: u32,
    /// What it is about.
    pub state: State,
    /// Its process.
    pub process: Process,
    /// Since when it is there.
    pub started: Instant,
    beat: Beat,
    moved: Instant,
}

impl Worker {
    /// One that was just started.
    pub(super) fn new(process: Process, generation: u32) -> Self {
        let now = Instant::now();
        Self { generation, state: State::Starting, process, started: now, beat: Beat::default(), moved: now }
    }

    /// Whether it answers and will go on.
    pub(super) fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether it counts among those that are wanted.
    pub(super) fn is_counted(&self) -> bool {
        matches!(self.state, State::Starting | State::Ready)
    }

    /// It answers from now on.
    pub(super) fn ready(&mut self) {
        if self.state == State::Starting {
            self.state = State::Ready;
            self.moved = Instant::now();
        }
    }

    /// Takes a report.
    pub(super) fn note(&mut self, beat: Beat) {
        if beat.ticks != self.beat.ticks {
            self.moved = Instant::now();
        }
        self.beat = beat;
    }

    /// For how long it has not shown that it still answers.
    pub(super) fn silence(&self) -> Duration {
        self.moved.elapsed()
    }

    /// Tells it to end, by this signal, within this time. One that finishes its requests already would take a second TERM
    /// for haste.
    pub(super) fn stop(&mut self, signal: Signal, within: Duration) {
        let until = Instant::now() + within;
        match self.state {
            State::Stopping(_) if signal == Signal::TERM => {}
            State::Stopping(before) => self.end(signal, before.min(until)),
            _ => self.end(signal, until),
        }
    }

    /// Kills it, which must not take long.
    pub(super) fn kill(&mut self, within: Duration) {
        self.end(Signal::KILL, Instant::now() + within);
    }

    fn end(&mut self, signal: Signal, until: Instant) {
        self.process.signal(signal);
        self.state = State::Stopping(until);
    }

    /// Whether it answers, for whatever time.
    pub(super) fn answers(&self) -> bool {
        matches!(self.state, State::Ready | State::Retiring)
    }

    /// Nobody could hear it until now.
    pub(super) fn excuse(&mut self) {
        self.moved = Instant::now();
    }

    /// What holds its threads, or what else it was last about, for a line of the log.
    pub(super) fn work(&self) -> String {
        let running: Vec<&Busy> = self.beat.busy.iter().filter(|busy| busy.is_running).collect();
        let told = if running.is_empty() { self.beat.busy.iter().collect() } else { running };
        let age = self.started.elapsed().as_secs_f64();
        let since =
            |busy: &Busy| format!("{} (id {}, {:.0} s)", busy.request, busy.id, busy.seconds.min(age));
        match told.is_empty() {
            true => "no request".to_owned(),
            false => told.into_iter().map(since).collect::<Vec<_>>().join(", "),
        }
    }

    /// What is told of it.
    pub(super) fn status(&self, number: u32) -> WorkerStatus {
        let state = match self.state {
            State::Starting => "starting",
            State::Ready => "ready",
            State::Retiring => "retiring",
            State::Stopping(_) => "stopping",
        };
        WorkerStatus {
            number,
            pid: self.process.pid(),
            generation: self.generation,
            state: state.to_owned(),
            uptime: self.started.elapsed().as_secs_f64(),
            requests: self.beat.requests,
            answering: self.beat.answering,
            connections: self.beat.connections,
            memory: self.beat.memory,
            busy: self.beat.busy.clone(),
        }
    }
}
