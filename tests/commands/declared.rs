//! A project of one declared app, whose migrations are written and moved about.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::support::{Run, Workspace};

/// Its models as they begin.
pub const MODELS: &str = r#"
[Tag]
fields = [{ name = "name", type = "Char", max_length = 20 }]

[Article]
fields = [{ name = "title", type = "Char", max_length = 80 }]
"#;

/// The project. Its app is called `news`.
pub struct Declared {
    workspace: Workspace,
    models: String,
}

impl Declared {
    /// With models and no migration.
    pub fn new() -> Self {
        let workspace = Workspace::new();
        let settings = "apps = [\"news\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
        workspace.write("settings/base.toml", settings);
        let mut declared = Self { workspace, models: String::new() };
        declared.models(MODELS);
        declared
    }

    /// Runs the program.
    pub fn manage<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.workspace.manage(args)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.workspace.path()
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, file: &str, text: &str) {
        self.workspace.write(file, text);
    }

    /// Makes the models these.
    pub fn models(&mut self, models: &str) {
        models.clone_into(&mut self.models);
        self.workspace.write("models/news.toml", models);
    }

    /// Changes the models: one text for another.
    #[track_caller]
    pub fn change(&mut self, (old, new): (&str, &str)) {
        assert!(self.models.contains(old), "{old}");
        self.models(&self.models.replace(old, new));
    }

    /// Writes the migrations that the models need.
    #[track_caller]
    pub fn make(&self) {
        self.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    }

    /// Names of the files of its migrations.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().join("migrations/news")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The text of a file of its migrations.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join("migrations/news").join(name)).unwrap()
    }

    /// The name that is kept of its last migration.
    pub fn last(&self) -> String {
        self.read("max_migration.txt")
    }

    /// Takes a file of its migrations away, and gives its text.
    pub fn take(&self, name: &str) -> String {
        let text = self.read(name);
        fs::remove_file(self.path().join("migrations/news").join(name)).unwrap();
        text
    }

    /// Puts a file to its migrations.
    pub fn put(&self, name: &str, text: &str) {
        self.workspace.write(&format!("migrations/news/{name}"), text);
    }
}
