//! One run of another program, and the seam behind which a test can stand in for all of them.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::store::Anchor;
use crate::Owner;

/// How long a program may take that nobody talks to; rebuilding a bundle with Java's hook takes seconds.
const LIMIT: Duration = Duration::from_secs(180);

/// A program to run, with what it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// What it reads.
    pub input: Option<Input>,
    /// Whose rights it gets, and whose home, when these are not the caller's own.
    pub person: Option<(Owner, PathBuf)>,
    /// Whether a person may have to answer it: it keeps the terminal, and may take its time.
    pub talks: bool,
}

/// What a program reads or a file is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The bytes.
    pub text: String,
    /// A file that holds the same, so that a person can be told it instead of the text.
    pub path: Option<PathBuf>,
}

/// What a program answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Whether it says that it succeeded.
    pub is_success: bool,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error; nothing when it kept the terminal.
    pub stderr: String,
}

/// What runs programs.
pub trait Programs {
    /// Runs one to its end.
    ///
    /// # Errors
    /// When it cannot be started or takes too long.
    fn run(&self, call: &Call) -> io::Result<Answer>;
}

/// The programs of this machine.
#[derive(Debug)]
pub(super) struct RealPrograms;

impl Call {
    /// A run of `program` without arguments.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self { words: vec![program.as_ref().to_owned()], input: None, person: None, talks: false }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// Sets what it reads.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.input = Some(input);
        self
    }

    /// The program's name, for messages.
    pub fn program(&self) -> String {
        let name = self.words.first().map(Path::new).and_then(Path::file_name);
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.words.first().map_or(OsStr::new(""), |word| word));
        command.args(self.words.iter().skip(1)).stdout(Stdio::piped());
        // What programs print is read; it must not be translated.
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        command.stdin(if self.input.is_some() { Stdio::piped() } else { self.terminal() });
        command.stderr(if self.talks { Stdio::inherit() } else { Stdio::piped() });
        if let Some((owner, home)) = &self.person {
            command.uid(owner.uid).gid(owner.gid).env("HOME", home).current_dir("/");
            for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
                command.env_remove(name);
            }
        }
        command
    }

    fn terminal(&self) -> Stdio {
        if self.talks { Stdio::inherit() } else { Stdio::null() }
    }
}

impl Input {
    /// An authority's certificate as PEM.
    pub fn of(anchor: &Anchor) -> Self {
        Self { text: anchor.pem(), path: Some(anchor.path.clone()) }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), path: None }
    }
}

/// As a person would type it.
impl Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Input { text, path: None }) = &self.input {
            write!(out, "printf %s {} | ", quoted(text))?;
        }
        let words: Vec<String> = self.words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        out.write_str(&words.join(" "))?;
        match &self.input {
            Some(Input { path: Some(path), .. }) => write!(out, " < {}", quoted(&path.to_string_lossy())),
            _ => Ok(()),
        }
    }
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=,+@%".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Programs for RealPrograms {
    fn run(&self, call: &Call) -> io::Result<Answer> {
        let mut child = call.command().spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            if let (Some(mut pipe), Some(input)) = (stdin, &call.input) {
                // A program that stops reading says why by its status.
                scope.spawn(move || drop(pipe.write_all(input.text.as_bytes())));
            }
            let stdout = scope.spawn(move || read(stdout));
            let stderr = scope.spawn(move || read(stderr));
            let status = if call.talks { child.wait()? } else { wait(&mut child)? };
            Ok(Answer {
                is_success: status.success(),
                stdout: stdout.join().unwrap_or_default(),
                stderr: stderr.join().unwrap_or_default(),
            })
        })
    }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What came before a failure is still worth showing.
        drop(pipe.read_to_end(&mut bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if since.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            let text = format!("it did not end within {} seconds", LIMIT.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_as_it_is_typed() {
        let call = Call::new("certutil").args(["-n", "it's mine", "-t", "C,,"]);
        assert_eq!(call.to_string(), r"certutil -n 'it'\''s mine' -t C,,");
        let from = Input { text: "x".into(), path: Some("/a b/ca.pem".into()) };
        assert_eq!(Call::new("tee").arg("/x").input(from).to_string(), "tee /x < '/a b/ca.pem'");
        assert_eq!(Call::new("tee").input(Input::text("{}")).to_string(), "printf %s '{}' | tee");
    }

    #[test]
    fn a_program_reads_its_input_and_its_answer_is_whole() {
        let long = "line\n".repeat(40_000);
        let answer = RealPrograms.run(&Call::new("cat").input(Input::text(long.as_str()))).unwrap();
        assert!(answer.is_success);
        assert_eq!(answer.stdout, long);
        let answer = RealPrograms.run(&Call::new("sh").args(["-c", "echo $LC_ALL >&2; exit 3"])).unwrap();
        assert_eq!((answer.is_success, answer.stderr.as_str()), (false, "C\n"));
    }
}
