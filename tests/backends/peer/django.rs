//! Django, as a program that goes through histories.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use manage::db::migrations::{ProjectState, write_models};

use crate::backends::chance::{APP, OTHER};
use crate::support::TestDatabase;

/// One process for all histories on a kind of database. It ends with its input.
pub(super) struct Django {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Django {
    pub(super) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "scripts/test hands the program over")]
        let python = std::env::var("MANAGE_TEST_DJANGO").unwrap_or_else(|_| {
            panic!("MANAGE_TEST_DJANGO is not set: run the tests with scripts/test, which installs Django")
        });
        let mut process = Command::new(python)
            .args(["-c", include_str!("../django/peer.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Brings a database to the models, with its own makemigrations and migrate. Another folder is another history.
    ///
    /// # Errors
    /// What Django raised.
    pub(super) fn follow(
        &mut self,
        db: &TestDatabase,
        state: &ProjectState,
        renamed: &[Vec<String>],
    ) -> Result<(), String> {
        let request = serde_json::json!({
            "url": db.url,
            "folder": db.workspace.path(),
            "models": BTreeMap::from([APP, OTHER].map(|app| (app, declared(state, app)))),
            "renamed": renamed,
        });
        writeln!(self.process.stdin.as_mut().unwrap(), "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let error: String = serde_json::from_str(&line).expect("Django ended");
        if error.is_empty() { Ok(()) } else { Err(error) }
    }
}

impl Drop for Django {
    fn drop(&mut self) {
        drop(self.process.wait());
    }
}

/// The models of an app, as its file declares them. Python's own reader of TOML does not know the newest TOML.
fn declared(state: &ProjectState, app: &str) -> toml::Table {
    let models = state.models().filter(|model| model.app == app).map(|model| &**model);
    toml::from_str(&write_models(models).unwrap()).unwrap()
}
