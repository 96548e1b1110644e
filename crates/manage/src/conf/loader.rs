//! Finds the project's root and lays the layers of its settings over one another.

use std::fs;
use std::path::{Path, PathBuf};

use manage_leaves::environment::Environment;

use super::content::strings;
use super::databases;
use super::entry::{Entry, origin_of};
use super::error::{ImproperlyConfigured, OVERRIDE_PREFIX, Origin, Problem};
use super::place::{Locator, Place, PlaceKind};
use super::platform;
use super::section::{Reading, Section, suggestion};
use super::settings::{AppSettings, Settings};
use super::tree::{self, Content, Node, Table};
use crate::db::DEFAULT_ALIAS;
use crate::files::Embedded;
use crate::text;

/// Which settings file lies over `base.toml`, and what said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `dev`, `prod` or any other file name.
    pub name: String,
    /// What chose it.
    pub origin: Origin,
    /// Whether it was asked for by its name.
    pub is_named: bool,
}

/// Settings and how they came to be.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The project's folder.
    pub place: Place,
    /// Whether that folder is a project, or made one by a profile or a database of the command line or the
    /// environment.
    pub is_project: bool,
    /// The profile.
    pub profile: Profile,
    /// The settings.
    pub settings: Settings,
    /// Each setting with its default and origin, in the order of reading.
    pub entries: Vec<Entry>,
    /// Problems of what is needed to serve alone: the key that signs and the names of hosts.
    pub deferred: Vec<Problem>,
}

impl Loaded {
    /// A problem with the setting `key`, at the place where it was written.
    pub fn problem(&self, key: &str, message: String) -> Problem {
        Problem { origin: origin_of(&self.entries, key), key: key.to_owned(), message }
    }

    /// Itself, when nothing is wrong with what serving needs either.
    ///
    /// # Errors
    /// The problems that other commands can do with.
    pub fn complete(self) -> Result<Self, ImproperlyConfigured> {
        match self.deferred.is_empty() {
            true => Ok(self),
            false => Err(ImproperlyConfigured { problems: self.deferred }),
        }
    }
}

/// Settings that only serving needs: a database can be migrated without them, in any profile.
const NEEDED_TO_SERVE: [&str; 3] = ["secret_key", "secret_key_fallbacks", "allowed_hosts"];

/// What the program brings to the settings of a project.
#[derive(Clone, Default)]
pub struct Shipped {
    /// The site's own `settings/`, under those on disk.
    pub files: Embedded,
    /// Labels of the apps that are built in.
    pub apps: Vec<&'static str>,
    /// How those apps read their own tables.
    pub sections: Vec<AppSettings>,
}

/// Loads the settings of the project that `locator` or the working directory points to.
///
/// # Errors
/// Every problem that was found in files and variables, but for those of what only serving needs.
pub(crate) fn load(
    locator: &Locator,
    mut environment: Environment,
    shipped: &Shipped,
) -> Result<Loaded, ImproperlyConfigured> {
    let profile = find_profile(locator, &environment);
    let place = Place::find(locator, &environment, &profile.name).map_err(single)?;
    if profile.name == "dev" {
        add_env_file(&place.root, &mut environment)?;
    }
    if let Some(name) = environment.not_text_of(&["MANAGE_", "DATABASE_URL"]) {
        return Err(single(Problem {
            origin: Origin::Variable(name.to_owned()),
            key: String::new(),
            message: "the variable is not UTF-8".to_owned(),
        }));
    }
    if profile.is_named {
        check_profile(&profile, &profiles(&place.root, shipped.files))?;
    }
    let (table, mut problems) = layers(&place, &profile, &environment, shipped);
    let shipped_aliases = databases::aliases(&table);
    let is_project = place.is_named
        || place.kind != PlaceKind::Empty
        || profile.origin != Origin::Default
        || databases::is_in(&environment, &shipped_aliases);
    let reading = Reading { environment, ..Reading::default() };
    let settings = Section::read(&reading, "", table, |section| Settings::read(section, &shipped.sections));
    check_routes(&settings, &reading);
    check_replicas(&settings, &reading);
    let read = reading.problems.into_inner();
    let is_deferred = |problem: &Problem| NEEDED_TO_SERVE.contains(&problem.key.as_str());
    let (deferred, others): (Vec<_>, Vec<_>) = read.into_iter().partition(is_deferred);
    problems.extend(others);
    if problems.is_empty() {
        let entries = reading.entries.into_inner();
        Ok(Loaded { place, is_project, profile, settings, entries, deferred })
    } else {
        // All of them at once, also those that alone would not have mattered.
        problems.extend(deferred);
        Err(ImproperlyConfigured { problems })
    }
}

/// Adds the variables of `.env`. A file that is there is read whole or is an error.
fn add_env_file(root: &Path, environment: &mut Environment) -> Result<(), ImproperlyConfigured> {
    let problem = |line: usize, message: String| {
        single(Problem {
            origin: Origin::File { file: ".env".into(), line, column: 1 },
            key: String::new(),
            message,
        })
    };
    let text = match fs::read(root.join(".env")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(problem(1, format!("cannot be read: {error}"))),
    };
    let text = String::from_utf8(text).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        problem(before.iter().filter(|byte| **byte == b'\n').count() + 1, "is not UTF-8".to_owned())
    })?;
    environment
        .add_file(&text)
        .map_err(|line| problem(line, "expected NAME=value, a comment or nothing".to_owned()))
}

/// All layers in one, lowest first: each file from disk, else the shipped one; addresses of databases, the port and the
/// number of workers that hosting services give; variables. And the files that are no TOML.
fn layers(
    place: &Place,
    profile: &Profile,
    environment: &Environment,
    shipped: &Shipped,
) -> (Table, Vec<Problem>) {
    let mut problems = Vec::new();
    let names = ["base", profile.name.as_str()];
    let disk = names.map(|name| {
        on_disk(&place.root, name).unwrap_or_else(|problem| {
            problems.push(problem);
            Some(Table::new())
        })
    });
    let mut own = Table::new();
    disk.iter().flatten().for_each(|layer| tree::merge(&mut own, layer.clone()));
    add_overrides(&mut own, environment);
    let has_site = has_site(place, &own, shipped);
    let mut table = Table::new();
    for (name, layer) in names.into_iter().zip(disk) {
        let file = format!("settings/{name}.toml");
        let text = || shipped.files.text(&file).filter(|_| has_site).unwrap_or_default();
        match layer.map_or_else(|| tree::parse(&file, &text()), Ok) {
            Ok(layer) => tree::merge(&mut table, layer),
            Err(problem) => problems.push(problem),
        }
    }
    databases::take_urls(&mut table, &own, environment);
    platform::take_variables(&mut table, &own, environment);
    add_overrides(&mut table, environment);
    databases::add_default(&mut table, environment);
    (table, problems)
}

/// Whether the project has an app of the site, so that the settings which the site brings are its own as well; a site
/// may have no apps at all.
fn has_site(place: &Place, own: &Table, shipped: &Shipped) -> bool {
    let is_built_in = |label: &String| shipped.apps.contains(&label.as_str());
    let named = own
        .get("apps")
        .filter(|node| !matches!(&node.value, Content::Untyped(text) if text.trim().is_empty()));
    if shipped.apps.is_empty() {
        return true;
    }
    match (named.and_then(|node| strings(&node.value).ok()), &place.kind) {
        (Some(chosen), _) => chosen.iter().any(is_built_in),
        (_, PlaceKind::Declared(apps)) => apps.iter().any(is_built_in),
        _ => true,
    }
}

/// Names of the profiles that can be chosen: files of the root and those in the binary.
pub(crate) fn profiles(root: &Path, shipped: Embedded) -> Vec<String> {
    let on_disk = fs::read_dir(root.join("settings")).into_iter().flatten().flatten();
    let mut names: Vec<String> = on_disk
        .filter_map(|entry| entry.file_name().into_string().ok())
        .chain(shipped.names().filter_map(|path| path.strip_prefix("settings/").map(str::to_owned)))
        .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
        .filter(|name| name != "base")
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The root of the project that `locator` or the working directory points to, if there is one: a folder with
/// settings. Nothing is read.
pub(crate) fn find_project(locator: &Locator, environment: &Environment) -> Option<PathBuf> {
    let place = Place::find(locator, environment, &find_profile(locator, environment).name).ok()?;
    (place.kind == PlaceKind::Settings).then_some(place.root)
}

fn find_profile(locator: &Locator, environment: &Environment) -> Profile {
    if let Some(name) = &locator.profile {
        return Profile { name: name.clone(), origin: Origin::Flag("--settings"), is_named: true };
    }
    if let Some(name) = environment.get("MANAGE_SETTINGS").filter(|name| !name.is_empty()) {
        let origin = Origin::Variable("MANAGE_SETTINGS".into());
        return Profile { name: name.to_owned(), origin, is_named: true };
    }
    let (name, origin) = match environment
        .get("ENVIRONMENT_DEVELOPMENT")
        .map(|word| word.trim().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("") => ("dev", Origin::Default),
        Some("true" | "1" | "yes" | "on") => ("dev", Origin::Variable("ENVIRONMENT_DEVELOPMENT".into())),
        // Whatever else it says, a doubt does not open a production site.
        Some(_) => ("prod", Origin::Variable("ENVIRONMENT_DEVELOPMENT".into())),
    };
    Profile { name: name.into(), origin, is_named: false }
}

/// One settings file of the disk, if it is there.
fn on_disk(root: &Path, name: &str) -> Result<Option<Table>, Problem> {
    let file = format!("settings/{name}.toml");
    let folder = root.join("settings");
    if folder.is_symlink() && !folder.exists() {
        let origin = Origin::File { file, line: 1, column: 1 };
        return Err(Problem {
            origin,
            key: String::new(),
            message: "settings/ is a link that leads nowhere".into(),
        });
    }
    match fs::read_to_string(root.join(&file)) {
        Ok(text) => tree::parse(&file, &text).map(Some),
        // A link that leads nowhere, such as to a secret that was not mounted, is there and cannot be read.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !root.join(&file).is_symlink() => {
            Ok(None)
        }
        Err(error) => {
            let origin = Origin::File { file, line: 1, column: 1 };
            Err(Problem { origin, key: String::new(), message: format!("cannot be read: {error}") })
        }
    }
}

/// A profile that was named must be there.
fn check_profile(profile: &Profile, known: &[String]) -> Result<(), ImproperlyConfigured> {
    if known.contains(&profile.name) {
        return Ok(());
    }
    let hint = suggestion(&profile.name, known, "profiles");
    Err(single(Problem {
        origin: profile.origin.clone(),
        key: String::new(),
        message: format!("there is no settings profile `{}`; {hint}", profile.name),
    }))
}

fn add_overrides(table: &mut Table, environment: &Environment) {
    for (name, value) in environment.with_prefix(OVERRIDE_PREFIX) {
        let path: Vec<String> =
            name[OVERRIDE_PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
        if path.iter().all(|part| !part.is_empty()) {
            tree::set(table, &path, Node { value: Content::Untyped(value), origin: Origin::Variable(name) });
        }
    }
}

/// Every route must lead to a database that is written to.
fn check_routes(settings: &Settings, reading: &Reading) {
    for (app, aliases) in &settings.routes {
        for alias in aliases {
            let problem = match settings.databases.get(alias) {
                None => no_database(settings, alias),
                Some(database) => match &database.replica_of {
                    Some(of) => {
                        format!("`{alias}` is a copy of `{of}` and cannot be written to; route it to `{of}`")
                    }
                    None => continue,
                },
            };
            let key = format!("routes.{app}");
            reading.problem(&reading.origin_of(&key), &key, problem);
        }
    }
}

/// Every copy must be one of another database, which is none itself.
fn check_replicas(settings: &Settings, reading: &Reading) {
    for (alias, database) in &settings.databases {
        let Some(of) = &database.replica_of else { continue };
        let problem = match settings.databases.get(of) {
            None => no_database(settings, of),
            Some(_) if alias == of => "a database is no copy of itself".to_owned(),
            Some(original) => match &original.replica_of {
                Some(first) => format!("`{of}` is a copy itself; name `{first}`"),
                None if alias == DEFAULT_ALIAS => {
                    format!("apps without a route live on `{DEFAULT_ALIAS}`, so it cannot be a copy")
                }
                None => continue,
            },
        };
        let key = format!("databases.{alias}.replica_of");
        reading.problem(&reading.origin_of(&key), &key, problem);
    }
}

fn no_database(settings: &Settings, alias: &str) -> String {
    let known: Vec<&String> = settings.databases.keys().collect();
    format!("there is no database `{alias}`; configured: {}", text::alternatives(&known))
}

fn single(problem: Problem) -> ImproperlyConfigured {
    ImproperlyConfigured { problems: vec![problem] }
}
