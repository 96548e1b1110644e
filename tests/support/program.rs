//! Runs the program as a person would: in a folder of its own, with an environment of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The program under test.
pub const MANAGE: &str = env!("CARGO_BIN_EXE_manage");

/// A folder that is gone when the test ends.
pub struct Workspace {
    path: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run of the program came to.
#[must_use = "a run that nobody looks at proves nothing"]
#[derive(Debug)]
pub struct Run {
    /// Exit status; 128 and the signal when it was killed.
    pub status: i32,
    /// What it answered.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Workspace {
    /// An empty folder that every run takes for its project.
    pub fn new() -> Self {
        let mut workspace = Self::bare();
        let root = workspace.path.to_str().unwrap().to_owned();
        workspace.set("MANAGE_PROJECT", &root);
        workspace
    }

    /// An empty folder that nobody calls a project.
    pub fn bare() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let name = format!("manage-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            // Not below this project: its own settings would be found upward.
            let path = std::env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Self { path, variables: Vec::new() },
                // A test of a process that had the same number was killed, and its folder is not empty.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, file: &str, text: &str) -> &Self {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Sets a variable for every run from here on.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program with these arguments, not started yet; the environment is cleared but for the path.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(MANAGE);
        command.args(args).current_dir(&self.path).env_clear().env("HOME", &self.path);
        if let Some(path) = option_env!("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn manage<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(self.command(args).spawn().unwrap())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

impl Run {
    /// Waits for a started program.
    pub fn of(child: Child) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let output = child.wait_with_output().unwrap();
        let status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts success and gives what was answered.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!(self.status, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Asserts success, no answer, and the whole of what was said on stderr.
    #[track_caller]
    pub fn says(self, stderr: &str) {
        let said = (self.status, self.stdout.as_str(), self.stderr.as_str());
        assert_eq!(said, (0, "", stderr));
    }

    /// Asserts success and the whole answer.
    #[track_caller]
    pub fn succeeds_with(self, stdout: &str) {
        let answered = self.succeeds();
        assert_eq!(answered, stdout);
    }

    /// Asserts the exit status and the whole of what was said on stderr.
    #[track_caller]
    pub fn fails_with(self, status: i32, stderr: &str) {
        assert_eq!((self.status, self.stderr.as_str()), (status, stderr), "stdout:\n{}", self.stdout);
    }

    /// Asserts the exit status and gives what was said on stderr.
    #[track_caller]
    pub fn fails(self, status: i32) -> String {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stderr
    }
}
