//! Where fixtures are: in the folders of apps and of the project, on disk and in the program, or where a path leads.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::db::Files as _;
use crate::db::fixtures::{Compression, FileName, Format};
use crate::management::files::refusal;
use crate::management::{CommandError, CommandResult};
use crate::setup::Project;

/// A fixture that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What it is called in messages: its path.
    pub name: String,
    /// Its form.
    pub format: Format,
    /// How it is compressed.
    pub compression: Option<Compression>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Stdin,
    Disk(PathBuf),
    Program(String),
}

impl Found {
    /// What comes through the pipe.
    pub(super) fn stdin(format: Format) -> Self {
        Self { name: "stdin".to_owned(), format, compression: None, place: Place::Stdin }
    }

    /// Whether both are one file, whatever it was called.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Disk(one), Place::Disk(other)) => real(one) == real(other),
            (one, other) => one == other,
        }
    }

    /// Its bytes, and how many there are where that is known.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(&self, project: &Project) -> CommandResult<(Box<dyn Read + Send>, Option<u64>)> {
        let failed = |error: io::Error| {
            CommandError::failed(format!("{}: cannot be read: {}", self.name, refusal(&error)))
        };
        Ok(match &self.place {
            Place::Stdin => (Box::new(io::stdin()), None),
            Place::Disk(path) => {
                let file = File::open(path).map_err(failed)?;
                let facts = file.metadata().map_err(failed)?;
                (Box::new(file), facts.is_file().then_some(facts.len()))
            }
            Place::Program(path) => {
                let bytes = project.files.read(path).map_err(failed)?.unwrap_or_default();
                let number = bytes.len() as u64;
                (Box::new(Cursor::new(bytes)), Some(number))
            }
        })
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Looks for fixtures.
pub(super) struct Finder<'a> {
    pub project: &'a Project,
    /// The database that is filled: `users.default.json` is meant for `default` alone.
    pub alias: &'a str,
    /// The only app whose folder is looked into.
    pub app: Option<&'a str>,
    /// The form of files whose name does not say it.
    pub format: Option<Format>,
}

impl Finder<'_> {
    /// All fixtures of a name, one in each folder at most.
    ///
    /// # Errors
    /// When there is none, or several in one folder.
    pub(super) fn find(&self, label: &str) -> CommandResult<Vec<Found>> {
        let (folder, name) = label.rsplit_once('/').map_or(("", label), |(folder, name)| (folder, name));
        if let Some(foreign) = FileName::of(name).foreign {
            return Err(CommandError::usage(format!("{label}: nothing here reads .{foreign}"))
                .hint("files that end with .gz or .zst are read, and those that are not compressed"));
        }
        let mut found = Vec::new();
        if !label.starts_with('/') {
            for base in self.folders() {
                let folder = if folder.is_empty() { base } else { format!("{base}/{folder}") };
                let paths = self.project.files.list(&folder)?;
                let inside = |path: &String| {
                    let name = path.strip_prefix(&folder)?.strip_prefix('/')?;
                    (!name.contains('/')).then(|| name.to_owned())
                };
                let names: Vec<String> = paths.iter().filter_map(inside).collect();
                found.extend(self.one(label, name, &folder, names)?);
            }
        }
        let own = if folder.is_empty() && !label.starts_with('/') { "." } else { folder };
        let own = if label.starts_with('/') && folder.is_empty() { "/" } else { own };
        found.extend(self.beside(label, Path::new(own), name)?);
        // The folder of the project may be the one of the shell.
        let mut once: Vec<Found> = Vec::with_capacity(found.len());
        for one in found {
            if !once.iter().any(|other| other.is(&one)) {
                once.push(one);
            }
        }
        if once.is_empty() { Err(self.missing(label)) } else { Ok(once) }
    }

    /// Folders of fixtures, relative to the project: those of its apps in their order, and its own.
    fn folders(&self) -> Vec<String> {
        let apps = self.project.apps.iter().filter(|app| self.app.is_none_or(|only| only == *app));
        let of_apps = apps.flat_map(|app| [format!("fixtures/{app}"), format!("{app}/fixtures")]);
        of_apps.chain(["fixtures".to_owned()]).collect()
    }

    /// The fixture among the files of a folder of the disk.
    fn beside(&self, label: &str, folder: &Path, name: &str) -> CommandResult<Option<Found>> {
        let names = match std::fs::read_dir(folder) {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| !folder.join(name).is_dir())
                .collect(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Vec::new()
            }
            Err(error) => {
                return Err(CommandError::failed(format!("{}: {}", folder.display(), refusal(&error))));
            }
        };
        let shown = if folder == Path::new(".") { String::new() } else { folder.display().to_string() };
        let found = self.one(label, name, &shown, names)?;
        Ok(found.map(|mut found| {
            if let Place::Program(path) = &found.place {
                found.place = Place::Disk(PathBuf::from(path));
            }
            found
        }))
    }

    /// The one of the names in a folder that is meant by `name`.
    fn one(
        &self,
        label: &str,
        name: &str,
        folder: &str,
        mut names: Vec<String>,
    ) -> CommandResult<Option<Found>> {
        names.sort();
        let mut fitting: Vec<(String, Format, Option<Compression>)> = names
            .into_iter()
            .filter_map(|file| {
                let (format, compression) = self.fits(name, &file)?;
                Some((file, format, compression))
            })
            .collect();
        // A whole name means one file.
        if fitting.iter().any(|(file, ..)| file == name) {
            fitting.retain(|(file, ..)| file == name);
        }
        match fitting.as_slice() {
            [] => Ok(None),
            [(file, format, compression)] => {
                let path = match folder {
                    "" => file.clone(),
                    "/" => format!("/{file}"),
                    folder => format!("{folder}/{file}"),
                };
                let on_disk = self.project.files.disk_path(&path);
                let place = match !folder.is_empty() && !folder.starts_with('/') && on_disk.is_file() {
                    true => Place::Disk(on_disk),
                    false => Place::Program(path.clone()),
                };
                Ok(Some(Found { name: path, format: *format, compression: *compression, place }))
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(file, ..)| file.as_str()).collect();
                let folder = if folder.is_empty() { "this folder" } else { folder };
                Err(CommandError::usage(format!(
                    "several fixtures in {folder} are called `{label}`: {}",
                    names.join(", ")
                ))
                .hint("name one with its ending"))
            }
        }
    }

    /// Whether a file is meant by a name, with or without its endings and the alias of the database.
    fn fits(&self, name: &str, file: &str) -> Option<(Format, Option<Compression>)> {
        let (asked, has) = (FileName::of(name), FileName::of(file));
        if has.foreign.is_some() {
            return None;
        }
        let format = has.format.or(self.format.filter(|_| name == file))?;
        let is_stem = has.stem == asked.stem
            || has.stem.strip_suffix(self.alias).and_then(|stem| stem.strip_suffix('.')) == Some(asked.stem);
        let is_form = asked.format.is_none_or(|format| has.format == Some(format));
        let is_compression = asked.compression.is_none() || asked.compression == has.compression;
        (is_stem && is_form && is_compression).then_some((format, has.compression))
    }

    fn missing(&self, label: &str) -> CommandError {
        let folders = match self.app {
            Some(app) => format!("fixtures/{app}/, {app}/fixtures/, fixtures/"),
            None => "fixtures/<app>/, <app>/fixtures/, fixtures/".to_owned(),
        };
        let error = CommandError::usage(format!("there is no fixture `{label}`"));
        let path = Path::new(label);
        match path.is_file() {
            true => error.hint("`--format json`, `jsonl` or `xml` says what a file holds whose name does not"),
            false => error.hint(format!(
                "looked for in {folders} and as a path, with the endings .json, .jsonl, .xml, and .gz or .zst behind them"
            )),
        }
    }
}
