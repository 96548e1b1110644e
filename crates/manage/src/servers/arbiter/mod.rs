//! The arbiter: it opens the sockets, starts workers, and sees to it that there are as many as there should be.
//!
//! It has no runtime, no database and no template: nothing of a request can harm it. Threads tell what happens, one loop
//! decides ([ADR 30](../../../../../docs/adr/0030-an-arbiter-of-threads-and-one-loop.md)).

mod back_off;
mod event;
mod pid_file;
mod systemd;
mod terminal;

mod control;
mod process;

mod worker;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};

use self::back_off::BackOff;
use self::event::Event;
use self::pid_file::PidFile;
use self::process::{Process, Program};
use self::systemd::{notify, notify_reload};
use self::worker::{State, Worker};
use super::listener::{Listener, SocketFile};
use super::messages::{self, Start, Told};
use super::role::Role;
use super::{inherited, status};
use crate::conf::{Environment, ServerSettings};

/// How often workers are looked after when nothing happens.
const LOOK: Duration = Duration::from_millis(500);

/// Beyond the time that a worker has to finish its requests, it has this one to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long a program may take that is to follow this one.
const SUCCESSION: Duration = Duration::from_secs(60);

/// What the arbiter needs of the site.
pub(crate) trait Site {
    /// The settings, read anew.
    ///
    /// # Errors
    /// What is wrong with them.
    fn settings(&mut self) -> Result<ServerSettings, String>;

    /// The sockets for these settings; those of `old` that are still wanted are taken over.
    ///
    /// # Errors
    /// Which address cannot be listened on.
    fn listeners(&mut self, settings: &ServerSettings, old: &[Listener]) -> Result<Vec<Listener>, String>;

    /// Requests are answered from now on.
    fn served(&mut self, listeners: &[Listener]);
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As it was told.
    Stopped,
    /// No worker could start; it said why.
    NotStarted,
}

/// Workers with the same settings and sockets.
struct Generation {
    number: u32,
    settings: ServerSettings,
    listeners: Vec<Listener>,
    wanted: usize,
}

/// A newer program that is to take the sockets over.
struct Successor {
    number: u32,
    process: Process,
    until: Instant,
}

struct Arbiter<'a> {
    site: &'a mut dyn Site,
    program: Program,
    started: Instant,
    /// The workers that answer.
    current: Generation,
    /// Those that will, after a reload.
    coming: Option<Generation>,
    workers: BTreeMap<u32, Worker>,
    last_number: u32,
    last_generation: u32,
    failures: u64,
    back_off: BackOff,
    is_served: bool,
    had_terminal: bool,
    /// How it is going to end, once that has begun.
    ending: Option<Ended>,
    predecessor: Option<UnixStream>,
    successor: Option<Successor>,
    /// What is left in the file system goes with the arbiter, unless a successor has it.
    pid_file: Option<PidFile>,
    control: Option<SocketFile>,
    looked: Instant,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

/// An arbiter that this process follows.
pub(crate) struct Predecessor {
    stream: UnixStream,
    /// What it listened on.
    pub listeners: Vec<Listener>,
}

impl Predecessor {
    /// That of this process, if there is one.
    ///
    /// # Errors
    /// When it is gone already.
    pub(crate) fn find(environment: &Environment) -> io::Result<Option<Self>> {
        if Role::of(environment) != Some(Role::Successor) {
            return Ok(None);
        }
        let stream = UnixStream::from(inherited::stdin()?);
        let (_, listeners): (Start, _) = messages::started(&stream)?;
        Ok(Some(Self { stream, listeners }))
    }
}

/// Serves with workers until it is told to end.
///
/// # Errors
/// When the system refuses threads, files or processes at the start.
pub(crate) fn run(
    site: &mut dyn Site,
    settings: ServerSettings,
    listeners: Vec<Listener>,
    (environment, root): (&Environment, &Path),
    predecessor: Option<Predecessor>,
) -> io::Result<Ended> {
    let (sender, events) = mpsc::channel();
    let heir_of = predecessor
        .as_ref()
        .and_then(|_| rustix::process::getppid())
        .map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    let had_terminal = terminal::is_tied();
    event::of_signals(sender.clone())?;
    let pid_file = settings.pid.as_ref().map(|path| PidFile::new(&root.join(path), heir_of)).transpose()?;
    check_user(&settings)?;
    let control = control::open(&settings, (environment, root), predecessor.is_some(), &sender)?;
    let wanted = settings.number_of_workers();
    let mut arbiter = Arbiter {
        site,
        program: Program::of_this_process()?,
        started: Instant::now(),
        current: Generation { number: 1, settings, listeners, wanted },
        coming: None,
        workers: BTreeMap::new(),
        last_number: 0,
        last_generation: 1,
        failures: 0,
        back_off: BackOff::default(),
        is_served: false,
        had_terminal,
        ending: None,
        predecessor: predecessor.map(|before| before.stream),
        successor: None,
        pid_file,
        control,
        looked: Instant::now(),
        sender,
        events,
    };
    arbiter.work()
}

/// Looks whether there is such a user, before a worker has to become one.
fn check_user(settings: &ServerSettings) -> io::Result<()> {
    let owners = [&settings.user, &settings.unix_owner];
    owners.into_iter().flatten().try_for_each(|owner| owner.ids().map(drop))
}

/// Says which changes a reload cannot follow.
fn warn_of_unread(old: &ServerSettings, new: &ServerSettings) {
    let unread = [
        ("pid", old.pid != new.pid),
        ("control_socket", old.control_socket != new.control_socket),
        ("workers", new.workers == Some(0)),
    ];
    for (key, _) in unread.into_iter().filter(|(_, is_changed)| *is_changed) {
        tracing::warn!("what `server.{key}` says now holds from the next start on");
    }
}

impl Arbiter<'_> {
    fn work(&mut self) -> io::Result<Ended> {
        loop {
            // What was said comes first: a worker must not be taken for dead because nobody listened.
            while let Ok(event) = self.events.try_recv() {
                self.take(event);
            }
            self.tend();
            if let Some(outcome) = self.ending
                && self.workers.is_empty()
            {
                self.clean_up();
                return Ok(outcome);
            }
            match self.events.recv_timeout(LOOK) {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Signal(signal) => self.obey(signal),
            Event::Told(number, told) => self.hear(number, told),
            Event::Gone(number) => self.miss(number),
            Event::Asked(stream) => self.answer(stream),
        }
    }

    fn obey(&mut self, signal: i32) {
        match signal {
            SIGTERM => self.end(false, Ended::Stopped),
            SIGINT | SIGQUIT => self.end(true, Ended::Stopped),
            // A terminal that is closed takes along what was started there.
            SIGHUP if self.had_terminal && !terminal::is_there() => self.end(false, Ended::Stopped),
            SIGHUP => self.reload(),
            SIGTTIN => self.want(self.current.wanted + 1),
            SIGTTOU => self.want(self.current.wanted - 1),
            SIGUSR1 => tracing::info!("there is no log file to be opened again: the log goes to stderr"),
            SIGUSR2 => self.succeed(),
            _ => {}
        }
    }

    fn hear(&mut self, number: u32, told: Told) {
        if self.successor.as_ref().is_some_and(|successor| successor.number == number) {
            if matches!(told, Told::Ready) {
                self.hand_over();
            }
            return;
        }
        let Some(worker) = self.workers.get_mut(&number) else { return };
        match told {
            Told::Beat(beat) => worker.note(beat),
            Told::Retiring => {
                tracing::info!(
                    "worker {number} has answered {} requests and makes way",
                    worker.status(number).requests
                );
                worker.state = State::Retiring;
            }
            Told::Ready => {
                worker.ready();
                self.welcome();
            }
        }
    }

    /// A worker more answers: others may go now.
    fn welcome(&mut self) {
        if !self.is_served && self.ending.is_none() {
            self.is_served = true;
            self.serve();
        }
        let ready = |workers: &BTreeMap<u32, Worker>, generation: u32| {
            workers.values().filter(|worker| worker.is_ready() && worker.generation == generation).count()
        };
        if let Some(coming) =
            self.coming.take_if(|coming| ready(&self.workers, coming.number) >= coming.wanted)
        {
            self.promote(coming);
        }
        if ready(&self.workers, self.current.number) >= self.current.wanted {
            let within = self.current.settings.graceful_timeout + GRACE;
            let retiring = self.workers.values_mut().filter(|worker| worker.state == State::Retiring);
            retiring.for_each(|worker| worker.stop(Signal::TERM, within));
        }
    }

    /// Tells everybody who waits for it that requests are answered.
    fn serve(&mut self) {
        if let Some(file) = &mut self.pid_file
            && let Err(error) = file.write()
        {
            tracing::error!("{error}");
        }
        if let Some(before) = self.predecessor.take() {
            drop(messages::say(&before, &Told::Ready));
        }
        notify(&[NotifyState::Ready, NotifyState::MainPid(std::process::id())]);
        self.site.served(&self.current.listeners);
    }

    /// Starts workers with new settings beside the old ones.
    fn reload(&mut self) {
        if self.ending.is_some() {
            return;
        }
        let known = &self.coming.as_ref().unwrap_or(&self.current).listeners;
        let begun = self.site.settings().and_then(|settings| {
            check_user(&settings).map_err(|error| error.to_string())?;
            let listeners = self.site.listeners(&settings, known)?;
            Ok((settings, listeners))
        });
        notify_reload();
        match begun {
            Err(why) => {
                tracing::error!("not reloaded, and the workers stay as they are: {why}");
                notify(&[NotifyState::Ready]);
            }
            Ok((settings, listeners)) => {
                warn_of_unread(&self.current.settings, &settings);
                let overtaken = self.coming.take();
                // What failed before may be what this mends.
                self.back_off = BackOff::default();
                self.last_generation += 1;
                tracing::info!("reloading: generation {}", self.last_generation);
                let wanted = settings.number_of_workers();
                self.coming = Some(Generation { number: self.last_generation, settings, listeners, wanted });
                if let Some(overtaken) = overtaken {
                    self.stop_generation(overtaken.number, Signal::TERM);
                    self.leave(&overtaken.listeners);
                }
            }
        }
    }

    fn promote(&mut self, coming: Generation) {
        let old = std::mem::replace(&mut self.current, coming);
        tracing::info!("reloaded: generation {} answers", self.current.number);
        self.stop_generation(old.number, Signal::TERM);
        self.leave(&old.listeners);
        notify(&[NotifyState::Ready]);
    }

    /// Removes the files of sockets that are in no use any more.
    fn leave(&self, listeners: &[Listener]) {
        let coming = self.coming.as_ref().map_or(&[][..], |coming| &coming.listeners);
        let kept: Vec<&SocketFile> =
            self.current.listeners.iter().chain(coming).filter_map(Listener::file).collect();
        let left = listeners.iter().filter_map(Listener::file).filter(|file| !kept.contains(file));
        left.for_each(SocketFile::remove);
    }

    fn stop_generation(&mut self, generation: u32, signal: Signal) {
        let within = self.current.settings.graceful_timeout + GRACE;
        let of_it = self.workers.values_mut().filter(|worker| worker.generation == generation);
        of_it.for_each(|worker| worker.stop(signal, within));
    }

    fn want(&mut self, wanted: usize) {
        self.current.wanted = wanted.max(1);
        if let Some(coming) = &mut self.coming {
            coming.wanted = self.current.wanted;
        }
        tracing::info!("{} workers are wanted", self.current.wanted);
    }

    /// A process is gone.
    fn miss(&mut self, number: u32) {
        if let Some(mut successor) = self.successor.take_if(|successor| successor.number == number) {
            drop(successor.process.wait());
            tracing::error!("the new program ended before it served; this one goes on");
            return;
        }
        let Some(mut worker) = self.workers.remove(&number) else { return };
        let end = worker.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let pid = worker.process.pid();
        match worker.state {
            State::Stopping(_) => tracing::debug!("worker {number} (process {pid}) ended: {end}"),
            _ if self.ending.is_some() => {}
            State::Starting => self.not_started(number, &worker, &end),
            State::Ready | State::Retiring => {
                self.failures += 1;
                let pause = self.back_off.failed(worker.started.elapsed());
                let soon = if pause.is_zero() { String::new() } else { format!(" in {pause:?}") };
                tracing::error!(
                    "worker {number} (process {pid}) ended: {end}; it worked on {}; another one takes its place{soon}",
                    worker.work()
                );
            }
        }
    }

    /// A worker that cannot start: where none has started before, none will.
    fn not_started(&mut self, number: u32, worker: &Worker, end: &str) {
        self.failures += 1;
        if self.abandon(worker.generation) {
            tracing::error!("not reloaded: a new worker did not start ({end}); the old ones stay");
        } else if self.is_served {
            let pause = self.back_off.failed(Duration::ZERO);
            tracing::error!("worker {number} did not start ({end}); the next try is in {pause:?}");
        } else {
            self.end(true, Ended::NotStarted);
        }
    }

    /// Gives a reload up. Whether there was one of this number.
    fn abandon(&mut self, generation: u32) -> bool {
        let Some(given_up) = self.coming.take_if(|coming| coming.number == generation) else { return false };
        let of_it = self.workers.values_mut().filter(|worker| worker.generation == generation);
        let within = given_up.settings.graceful_timeout + GRACE;
        // Some may answer already.
        of_it.for_each(|worker| {
            worker.stop(if worker.answers() { Signal::TERM } else { Signal::QUIT }, within);
        });
        self.leave(&given_up.listeners);
        notify(&[NotifyState::Ready]);
        true
    }

    /// Begins the end, or speeds it up.
    fn end(&mut self, is_quick: bool, outcome: Ended) {
        let was_ending = self.ending.is_some();
        let is_quick = is_quick || was_ending;
        if !was_ending {
            notify(&[NotifyState::Stopping]);
        }
        if let Some(mut successor) = self.successor.take() {
            successor.process.kill();
        }
        let (signal, within) = match is_quick {
            true => (Signal::QUIT, GRACE),
            false => (Signal::TERM, self.current.settings.graceful_timeout + GRACE),
        };
        self.workers.values_mut().for_each(|worker| worker.stop(signal, within));
        self.ending.get_or_insert(outcome);
    }

    /// Kills what is stuck, starts what is missing, stops what is too much.
    fn tend(&mut self) {
        self.kill_stuck();
        if self.ending.is_none() {
            let reload = self.coming.as_ref().map(|coming| (coming.number, coming.wanted));
            self.fill(self.current.number, self.current.wanted);
            if let Some((number, wanted)) = reload {
                self.fill(number, wanted);
            }
        }
        if sd_notify::watchdog_enabled().is_some() {
            notify(&[NotifyState::Watchdog]);
        }
    }

    fn kill_stuck(&mut self) {
        let now = Instant::now();
        let coming = self.coming.as_ref().map(|coming| (coming.number, coming.settings.timeout));
        // This process was stopped itself, and may have read nothing of what it was told.
        let was_away = now.duration_since(std::mem::replace(&mut self.looked, now)) > LOOK * 4;
        for (number, worker) in &mut self.workers {
            let pid = worker.process.pid();
            let of_coming = coming.filter(|(generation, _)| *generation == worker.generation);
            let timeout = of_coming.map_or(self.current.settings.timeout, |(_, timeout)| timeout);
            if was_away {
                worker.excuse();
            }
            match worker.state {
                State::Stopping(until) if now < until => {}
                State::Stopping(_) => {
                    let work = worker.work();
                    tracing::warn!(
                        "worker {number} (process {pid}) is killed: it did not end in time; it worked on {work}"
                    );
                    worker.kill(GRACE);
                }
                _ if worker.silence() < timeout => {}
                _ => {
                    let work = worker.work();
                    tracing::error!(
                        "worker {number} (process {pid}) is killed: it did not answer for {timeout:?}; it worked on {work}"
                    );
                    worker.kill(GRACE);
                    self.failures += 1;
                }
            }
        }
        if let Some(mut successor) = self.successor.take_if(|successor| now > successor.until) {
            tracing::error!(
                "the new program did not serve within {SUCCESSION:?} and is killed; this one goes on"
            );
            successor.process.kill();
        }
    }

    /// Starts workers until there are as many as there should be. The first of a generation goes ahead, so that what is
    /// wrong is said once.
    fn fill(&mut self, generation: u32, wanted: usize) {
        let of_it = || self.workers.iter().filter(|(_, worker)| worker.generation == generation);
        let counted: Vec<u32> =
            of_it().filter(|(_, worker)| worker.is_counted()).map(|(number, _)| *number).collect();
        let has_ready = of_it().any(|(_, worker)| worker.is_ready());
        let missing = wanted.saturating_sub(counted.len());
        let now = if has_ready { missing } else { missing.min(usize::from(counted.is_empty())) };
        if !self.back_off.is_on() {
            let _ = (0..now).all(|_| self.start(generation));
        }
        let within = self.current.settings.graceful_timeout + GRACE;
        for number in counted.iter().take(counted.len().saturating_sub(wanted)) {
            if let Some(worker) = self.workers.get_mut(number) {
                worker.stop(Signal::TERM, within);
            }
        }
    }

    /// Starts one. Whether that went well.
    fn start(&mut self, generation: u32) -> bool {
        let coming = self.coming.as_ref().filter(|coming| coming.number == generation);
        let Generation { settings, listeners, .. } = coming.unwrap_or(&self.current);
        self.last_number += 1;
        let names = (self.last_number, generation);
        match self.program.start(Role::Worker, names, listeners, settings.user.as_ref(), &self.sender) {
            Ok(process) => {
                tracing::debug!("worker {} is process {}", self.last_number, process.pid());
                self.workers.insert(self.last_number, Worker::new(process, generation)).is_none()
            }
            Err(error) => {
                let pause = self.back_off.failed(Duration::ZERO);
                if self.abandon(generation) {
                    tracing::error!("not reloaded: a worker cannot be started: {error}; the old ones stay");
                } else if self.is_served {
                    tracing::error!("a worker cannot be started: {error}; the next try is in {pause:?}");
                } else {
                    tracing::error!("a worker cannot be started: {error}");
                    self.end(true, Ended::NotStarted);
                }
                false
            }
        }
    }

    /// Starts the program that lies there now; this one goes on until that one serves.
    fn succeed(&mut self) {
        if self.ending.is_some() || self.successor.is_some() {
            return;
        }
        self.last_number += 1;
        let number = self.last_number;
        let listeners = &self.current.listeners;
        match self.program.start(Role::Successor, (number, 0), listeners, None, &self.sender) {
            Ok(process) => {
                tracing::info!("the new program is process {}", process.pid());
                self.successor = Some(Successor { number, process, until: Instant::now() + SUCCESSION });
            }
            Err(error) => tracing::error!("the new program cannot be started: {error}; this one goes on"),
        }
    }

    /// The successor serves: it has the sockets and the files from now on.
    fn hand_over(&mut self) {
        let Some(successor) = self.successor.take() else { return };
        tracing::info!("process {} serves; this one finishes its requests", successor.process.pid());
        notify(&[NotifyState::MainPid(successor.process.pid())]);
        self.pid_file = None;
        self.current.listeners.clear();
        // The unit goes on, so systemd is not told of an end.
        self.ending = Some(Ended::Stopped);
        let within = self.current.settings.graceful_timeout + GRACE;
        self.workers.values_mut().for_each(|worker| worker.stop(Signal::TERM, within));
    }

    fn answer(&self, mut stream: UnixStream) {
        let answer = serde_json::to_vec(&self.status()).map_err(io::Error::from);
        // Whoever asks and does not read must not hold the arbiter up.
        let written = answer.and_then(|text| {
            stream.set_write_timeout(Some(Duration::from_millis(100)))?;
            stream.write_all(&text)
        });
        if let Err(error) = written {
            tracing::debug!(%error, "a question was not answered");
        }
    }

    fn status(&self) -> status::Status {
        status::Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime: self.started.elapsed().as_secs_f64(),
            listeners: self.current.listeners.iter().map(ToString::to_string).collect(),
            generation: self.current.number,
            wanted: self.current.wanted,
            failures: self.failures,
            workers: self.workers.iter().map(|(number, worker)| worker.status(*number)).collect(),
        }
    }

    /// Removes what it made in the file system, where that is still its own.
    fn clean_up(&mut self) {
        let coming = self.coming.iter().flat_map(|coming| &coming.listeners);
        let files = self.current.listeners.iter().chain(coming).filter_map(Listener::file);
        files.chain(&self.control).for_each(SocketFile::remove);
        self.pid_file = None;
    }
}
