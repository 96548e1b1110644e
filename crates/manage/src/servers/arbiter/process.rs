//! A process that an arbiter started: a worker, or its own successor.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;

use rustix::process::{Pid, Signal, kill_process};

use super::event::{self, Event};
use crate::conf::Owner;
use crate::servers::listener::Listener;
use crate::servers::messages;
use crate::servers::role::Role;

/// Variables that are meant for this very process: they name it.
const OWN_VARIABLES: [&str; 4] = ["WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// Variables that are meant for arbiters alone.
const ARBITERS_VARIABLES: [&str; 2] = ["NOTIFY_SOCKET", "WATCHDOG_USEC"];

/// The program that runs, and how it was called.
pub(super) struct Program {
    /// As it was typed; what lies there may be replaced.
    path: PathBuf,
    args: Vec<OsString>,
}

/// A process. Its end of the pair of sockets is with the thread that hears it, for as long as the arbiter is there.
pub(super) struct Process {
    child: Child,
}

impl Program {
    /// This one.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let mut args: Vec<OsString> = std::env::args_os().collect();
        let name = if args.is_empty() { OsString::new() } else { args.remove(0) };
        // A name with a folder is looked up again: a link in it may lead to a newer release then.
        let path = match name.as_encoded_bytes().contains(&b'/') {
            true => std::path::absolute(Path::new(&name))?,
            false => std::env::current_exe()?,
        };
        Ok(Self { path, args })
    }

    /// Starts it once more, for `role`.
    ///
    /// # Errors
    /// When the system has no room, or the program is gone.
    pub(super) fn start(
        &self,
        role: Role,
        (number, generation): (u32, u32),
        listeners: &[Listener],
        user: Option<&Owner>,
        events: &Sender<Event>,
    ) -> io::Result<Process> {
        let (here, there) = UnixStream::pair()?;
        let mut command = Command::new(self.file(role));
        let (name, value) = role.variable();
        command.arg0(&self.path).args(&self.args).env(name, value).stdin(Stdio::from(OwnedFd::from(there)));
        let withheld = if role == Role::Worker { &ARBITERS_VARIABLES[..] } else { &[] };
        for name in OWN_VARIABLES.iter().chain(withheld) {
            command.env_remove(name);
        }
        let (uid, gid) = user.map_or(Ok((None, None)), Owner::ids)?;
        if let Some(gid) = gid {
            command.gid(gid);
        }
        if let Some(uid) = uid {
            command.uid(uid);
        }
        let mut process = Process { child: command.spawn()? };
        let greeted = messages::start(&here, (number, generation), listeners)
            .and_then(|()| event::of_process(number, here, events.clone()));
        if greeted.is_err() {
            process.kill();
        }
        greeted.map(|()| process)
    }

    /// Workers are of the very program that runs, also when its file was replaced meanwhile.
    fn file(&self, role: Role) -> &Path {
        let itself = Path::new("/proc/self/exe");
        if role == Role::Worker && itself.exists() { itself } else { &self.path }
    }
}

impl Process {
    /// Its number.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal. One that is gone does not need it.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        drop(self.wait());
    }

    /// Waits for its end, which is near.
    pub(super) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}
