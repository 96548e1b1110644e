//! Other people's programs: found, started in a process group of their own, and ended with all their children.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::error::{Error, Result};
use crate::person::{Owner, Person};
use manage_leaves::crypto::random_string;

/// The first of these programs that the person's search path holds.
pub(super) fn find(person: &Person, programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find_map(|program| person.find_program(program, []))
}

/// A folder for one client, gone with the value.
///
/// Through sudo root owns it and what a client says, and the person `work/` inside: a client cannot put a link in the
/// way of what root writes.
pub(super) struct Folder {
    path: PathBuf,
    work: PathBuf,
}

impl Folder {
    /// Makes one among the temporary files.
    pub(super) fn new(person: &Person) -> Result<Self> {
        let parent = person.variable("TMPDIR").filter(|_| person.owner.is_none()).unwrap_or("/tmp");
        // Without links on the way it is root's alone through sudo, and what is written into it is root's at first.
        let parent = fs::canonicalize(parent).unwrap_or_else(|_| parent.into());
        let path = parent.join(format!("manage-{}", random_string(16)));
        let folder = Self { work: path.join("work"), path };
        for (path, mode) in [(&folder.path, 0o711), (&folder.work, 0o700)] {
            DirBuilder::new().mode(mode).create(path).map_err(|error| Error::file("make", path, error))?;
        }
        Ok(folder)
    }

    /// Where the client works.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Lets the client in, once all that it needs is there.
    pub(super) fn hand_over(&self, person: &Person) -> Result {
        let Some(owner) = person.owner else { return Ok(()) };
        give(&self.work, owner).map_err(|error| Error::file("give away", &self.work, error))
    }

    fn output(&self, name: &str) -> io::Result<(PathBuf, File)> {
        let path = self.path.join(name);
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }
}

/// What is in a folder goes before the folder: until then nobody but root gets at it.
fn give(path: &Path, owner: Owner) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::read_dir(path)?.try_for_each(|entry| give(&entry?.path(), owner))?;
    }
    lchown(path, Some(owner.uid), Some(owner.gid))
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a program that was just killed leaves behind is a stray folder at worst.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// What a program said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// On its standard output.
    pub(super) out: String,
    /// On its standard error.
    pub(super) err: String,
    /// Whether it was still running when its time was up.
    pub(super) ran_out_of_time: bool,
}

/// A command that runs as the person, with their variables, in a process group of its own.
pub(super) fn command(program: &Path, person: &Person) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(person.variables()).process_group(0).stdin(Stdio::null());
    if let Some(owner) = person.owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

/// Runs a program until it ends, `is_enough` says so, or `limit` is over; what it left running is killed.
///
/// Its output goes to files: a child that lives on and holds a pipe open would keep a reader waiting.
pub(super) fn run(
    mut command: Command,
    folder: &Folder,
    limit: Duration,
    is_enough: impl Fn() -> bool,
) -> io::Result<Said> {
    let ((out, stdout), (err, stderr)) = (folder.output("out")?, folder.output("err")?);
    command.current_dir(folder.work()).stdout(stdout).stderr(stderr);
    let ran_out_of_time = !attend(command.spawn()?, limit, is_enough)?;
    Ok(Said { out: text(&out)?, err: text(&err)?, ran_out_of_time })
}

/// Waits, then ends the whole group. Answers false when time ran out.
fn attend(mut child: Child, limit: Duration, is_enough: impl Fn() -> bool) -> io::Result<bool> {
    let group = Pid::from_child(&child);
    let deadline = Instant::now() + limit;
    let mut is_done = false;
    while !is_done && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
        is_done = is_enough() || has_ended(group);
    }
    // Before it is waited for: until then its number, which is the group's, belongs to nobody else.
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
    child.wait()?;
    Ok(is_done)
}

/// Whether a child has ended, leaving it to be waited for.
fn has_ended(child: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(rustix::process::waitid(WaitId::Pid(child), look), Ok(None))
}

fn text(path: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}
