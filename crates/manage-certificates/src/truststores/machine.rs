//! The machine as stores see it: programs to run, and root's files to change.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::call::{Answer, Call, Input, Programs, RealPrograms};
use crate::file::{self, Access, Staged};
use crate::{Error, Person, Result};

/// Where programs lie that a person's `$PATH` may not name.
const MORE_PROGRAMS: &[&str] = &[
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/snap/bin",
    // Homebrew keeps NSS's tools out of its own `bin`.
    "/opt/homebrew/opt/nss/bin",
    "/usr/local/opt/nss/bin",
];

/// A program that lends root's rights to a single command.
struct Escalation {
    program: &'static str,
    asking: &'static [&'static str],
    silent: &'static [&'static str],
}

const ESCALATIONS: &[Escalation] = &[
    Escalation {
        program: "sudo",
        asking: &["--prompt=[sudo] password for %p, to change which authorities this machine trusts: ", "--"],
        silent: &["-n", "--"],
    },
    Escalation { program: "doas", asking: &["--"], silent: &["-n", "--"] },
    Escalation { program: "pkexec", asking: &[], silent: &["--disable-internal-agent"] },
];

/// This machine, and the person for whom it is changed.
pub struct Machine {
    /// The person.
    pub person: Person,
    /// The operating system, as `std::env::consts::OS` names it.
    pub system: &'static str,
    may_ask: bool,
    root: PathBuf,
    programs: Box<dyn Programs>,
}

/// One change that root makes.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Writes a file that everybody can read, with the folders above it.
    Write(PathBuf, Input),
    /// Removes a file.
    Remove(PathBuf),
    /// Runs a program.
    Run(Call),
}

impl Machine {
    /// The machine that the program runs on; `may_ask` is whether a password may be asked for.
    pub fn new(person: Person, may_ask: bool) -> Self {
        Self::with(person, may_ask, std::env::consts::OS, PathBuf::from("/"), Box::new(RealPrograms))
    }

    /// A machine whose files lie below `root` and whose programs are these: for tests.
    pub fn with(
        person: Person,
        may_ask: bool,
        system: &'static str,
        root: PathBuf,
        programs: Box<dyn Programs>,
    ) -> Self {
        Self { person, system, may_ask, root, programs }
    }

    /// A path of the machine.
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// Where a program lies, if it is installed.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        self.person.find_program(program, MORE_PROGRAMS.iter().map(|folder| self.path(folder)))
    }

    /// Runs a program with the caller's rights.
    ///
    /// # Errors
    /// When it cannot be started, or fails.
    pub fn run(&self, call: &Call) -> Result<Answer> {
        let answer = self.try_run(call)?;
        if answer.is_success { Ok(answer) } else { Err(failure(call, &answer)) }
    }

    /// Runs a program that may fail.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn try_run(&self, call: &Call) -> Result<Answer> {
        self.programs.run(call).map_err(|error| Error::failed(format_args!("cannot run `{call}`: {error}")))
    }

    /// Runs a program as the person whose home folder is meant, also when root does this for them: what it makes is
    /// theirs.
    ///
    /// # Errors
    /// As [`Machine::run`].
    pub(crate) fn run_as_person(&self, mut call: Call) -> Result<Answer> {
        call.person = self.person.owner.zip(self.person.home.clone());
        self.run(&call)
    }

    /// Whether the caller may write to the file at `path`.
    pub(crate) fn may_write(&self, path: &Path) -> bool {
        self.person.is_root || OpenOptions::new().append(true).open(path).is_ok()
    }

    /// Makes changes that need root's rights, by the means that this machine has.
    ///
    /// # Errors
    /// When a change fails. Without the right to make it, the hints are the commands for root to type.
    pub(crate) fn as_root(&self, steps: &[Step]) -> Result {
        if self.person.is_root {
            return steps.iter().try_for_each(|step| self.perform(step));
        }
        let found = ESCALATIONS.iter().find_map(|known| Some((known, self.find(known.program)?)));
        let Some((escalation, program)) = found else {
            let names = "this needs root's rights, and there is neither sudo nor doas nor pkexec";
            return Err(commands(Error::failed(names), steps));
        };
        let words = if self.may_ask { escalation.asking } else { escalation.silent };
        for (done, step) in steps.iter().enumerate() {
            let call = step.command();
            let mut lent = Call::new(&program).args(words).args(&call.words);
            lent.input = call.input;
            lent.talks = self.may_ask;
            self.run(&lent).map_err(|error| commands(error, &steps[done..]))?;
        }
        Ok(())
    }

    fn perform(&self, step: &Step) -> Result {
        match step {
            Step::Write(path, content) => self.write(path, content.text.as_bytes()),
            Step::Remove(path) => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Error::file("remove", path, error))
                }
                _ => Ok(()),
            },
            Step::Run(call) => self.run(call).map(drop),
        }
    }

    /// Writes with root's own rights: these files are not the person's, though their folder may not be root's alone.
    fn write(&self, path: &Path, content: &[u8]) -> Result {
        let root = self.person.of_process();
        file::make_folder(file::folder_of(path), Access::Everybody, &root)?;
        Staged::write(path, content, Access::Everybody, &root)?.commit()
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Machine").field("person", &self.person).field("root", &self.root).finish()
    }
}

impl Step {
    /// The command that does it.
    fn command(&self) -> Call {
        match self {
            // Makes the folders, and puts a new file in the place of an old one, whatever root's umask is.
            Self::Write(path, content) => {
                Call::new("install").args(["-D", "-m", "644", "/dev/stdin"]).arg(path).input(content.clone())
            }
            Self::Remove(path) => Call::new("rm").arg("-f").arg(path),
            Self::Run(call) => call.clone(),
        }
    }
}

fn commands(error: Error, steps: &[Step]) -> Error {
    let error = error.hint("type this as root:");
    steps.iter().fold(error, |error, step| error.hint(step.command().to_string()))
}

fn failure(call: &Call, answer: &Answer) -> Error {
    // keytool says what went wrong on standard output.
    let said = if answer.stderr.trim().is_empty() { &answer.stdout } else { &answer.stderr };
    let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let reason = said[said.len().saturating_sub(2)..].join("; ");
    let colon = if reason.is_empty() { "" } else { ": " };
    Error::failed(format_args!("{} failed{colon}{reason}", call.program()))
        .hint(format!("it was run as: {call}"))
}
