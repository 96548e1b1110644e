//! Somebody who follows a page: types what it says and looks whether the answer is the one it shows.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use super::document::{Command, fits};
use crate::support::{MANAGE, Workspace};

/// How the page names the folder of the framework.
const FRAMEWORK: &str = "../manage/crates/manage";

/// A person in a folder.
pub struct Follower {
    house: PathBuf,
    workspace: Workspace,
    folder: PathBuf,
}

impl Follower {
    /// In an empty folder beside nothing.
    pub fn new(house: &Path) -> Self {
        let workspace = Workspace::bare();
        let folder = workspace.path().to_owned();
        Self { house: house.to_owned(), workspace, folder }
    }

    /// Where the person is now.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of the page.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Types a command; `line` is where the page shows it.
    pub fn run(&mut self, line: usize, command: &Command) {
        if let Some(folder) = command.typed.strip_prefix("cd ") {
            self.folder = self.folder.join(folder);
            // The versions of this repository, which are compiled already and need no network.
            fs::copy(self.house.join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
            return;
        }
        let said = match command.typed.as_str() {
            "cargo run -- dev" => self.serve(),
            typed => self.output(typed),
        };
        let lines: Vec<&str> = said.lines().collect();
        assert!(
            fits(&command.expected, &lines),
            "docs/tutorial.md, the block of line {line}: `{}` says\n{said}\nand not\n{}",
            command.typed,
            command.expected.join("\n")
        );
    }

    /// What a command answers and says, in the order of its lines.
    fn output(&self, typed: &str) -> String {
        let quiet = match typed {
            "cargo test" => "cargo test --quiet --offline -- --format pretty".to_owned(),
            typed => typed.replace("cargo run --", "cargo run --quiet --offline --"),
        };
        let framework = self.house.join("crates/manage");
        let typed = quiet.replace(FRAMEWORK, framework.to_str().unwrap()).replacen(
            "manage ",
            &format!("{MANAGE} "),
            usize::from(quiet.starts_with("manage ")),
        );
        let output = self.shell(&format!("{{ {typed}; }} 2>&1")).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("warning:"), "{said}");
        said
    }

    /// Starts the site, asks for two pages, and stops it.
    fn serve(&self) -> String {
        let typed = "exec cargo run --quiet --offline -- dev --bind 127.0.0.1:0 2>&1";
        let mut child = self.shell(typed).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        for line in lines.map_while(Result::ok) {
            let is_last = line.ends_with("stop with Ctrl-C");
            let line = match line.strip_prefix("Serving http://127.0.0.1:") {
                Some(port) => {
                    let port: u16 = port.trim_end_matches('/').parse().unwrap();
                    crate::support::Server::page(port, "/");
                    "Serving http://127.0.0.1:8000/".to_owned()
                }
                None => line,
            };
            said.push_str(&format!("{line}\n"));
            if is_last {
                break;
            }
        }
        let group = format!("-{}", child.id());
        assert!(Process::new("kill").args(["-s", "INT", "--", &group]).status().unwrap().success());
        child.wait().unwrap();
        said
    }

    fn shell(&self, typed: &str) -> Process {
        use std::os::unix::process::CommandExt as _;
        let mut shell = Process::new("sh");
        shell.args(["-c", typed]).current_dir(&self.folder).env_remove("MANAGE_PROJECT").process_group(0);
        // What was compiled for these tests is compiled once.
        shell.env("CARGO_TARGET_DIR", target(&self.house)).env("NO_COLOR", "1").env("RUST_BACKTRACE", "0");
        shell.env("CARGO_TERM_COLOR", "never");
        shell.env_remove("DATABASE_URL").env_remove("MANAGE_SETTINGS");
        let _ = &self.workspace;
        shell
    }
}

/// The folder that the program under test was compiled into.
fn target(house: &Path) -> PathBuf {
    Path::new(MANAGE).ancestors().nth(2).map_or_else(|| house.join("target"), Path::to_owned)
}
