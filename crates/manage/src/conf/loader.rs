//! Finds the project's root and lays the layers of its settings over one another.

use std::fs;
use std::path::{Path, PathBuf};

use manage_leaves::environment::Environment;

use super::error::{ImproperlyConfigured, Origin, Problem};
use super::section::{Entry, Reading, Section, suggestion};
use super::settings::{AppSettings, Settings};
use super::tree::{self, Content, Node, Table};
use crate::db::DEFAULT_ALIAS;
use crate::files::Embedded;
use crate::text;

/// Variables with this beginning override single settings: `MANAGE__DATABASES__USERS__HOST=db2`.
const OVERRIDE_PREFIX: &str = "MANAGE__";

/// What the command line says about where settings are.
#[derive(Debug, Clone, Default)]
pub struct Locator {
    /// `--project DIR`.
    pub project: Option<PathBuf>,
    /// `--settings PROFILE`.
    pub profile: Option<String>,
}

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
    /// The project's root.
    pub root: PathBuf,
    /// The profile.
    pub profile: Profile,
    /// Names of all that could have been chosen.
    pub profiles: Vec<String>,
    /// The settings.
    pub settings: Settings,
    /// Each setting with its default and origin, in the order of reading.
    pub entries: Vec<Entry>,
}

/// Loads the settings of the project that `locator` or the working directory points to.
///
/// # Errors
/// Every problem that was found in files and variables.
pub fn load(
    locator: &Locator,
    mut environment: Environment,
    shipped: Embedded,
    apps: &[AppSettings],
) -> Result<Loaded, ImproperlyConfigured> {
    let root = find_root(locator, &environment).map_err(single)?;
    let profile = find_profile(locator, &environment);
    if profile.name == "dev"
        && let Ok(text) = fs::read_to_string(root.join(".env"))
    {
        environment.add_file(&text);
    }
    let mut table = Table::new();
    let mut problems = Vec::new();
    for name in ["base", &profile.name] {
        match layer(&root, name, &profile, shipped) {
            Ok(layer) => tree::merge(&mut table, layer),
            Err(problem) => problems.push(problem),
        }
    }
    add_overrides(&mut table, &environment);
    let reading = Reading { environment, ..Reading::default() };
    let settings = Section::read(&reading, "", table, |section| Settings::read(section, apps));
    check_routes(&settings, &reading);
    check_replicas(&settings, &reading);
    problems.extend(reading.problems.into_inner());
    if problems.is_empty() {
        let profiles = profiles(&root, shipped);
        Ok(Loaded { root, profile, profiles, settings, entries: reading.entries.into_inner() })
    } else {
        Err(ImproperlyConfigured { problems })
    }
}

/// Names of the profiles that can be chosen: files of the root and those in the binary.
fn profiles(root: &Path, shipped: Embedded) -> Vec<String> {
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
/// `settings/`. Nothing is read.
pub fn find_project(locator: &Locator, environment: &Environment) -> Option<PathBuf> {
    find_root(locator, environment).ok().filter(|root| root.join("settings").is_dir())
}

/// `--project`, else `MANAGE_PROJECT`, else the nearest folder upward with `settings/`, else the working directory.
fn find_root(locator: &Locator, environment: &Environment) -> Result<PathBuf, Problem> {
    let named = locator.project.clone().map(|path| (path, Origin::Flag("--project"))).or_else(|| {
        let path = environment.get("MANAGE_PROJECT")?;
        Some((PathBuf::from(path), Origin::Variable("MANAGE_PROJECT".into())))
    });
    if let Some((path, origin)) = named {
        return fs::canonicalize(&path).ok().filter(|path| path.is_dir()).ok_or_else(|| Problem {
            origin,
            key: String::new(),
            message: format!("{} is not a folder", path.display()),
        });
    }
    let here = std::env::current_dir().map_err(|error| Problem {
        origin: Origin::Default,
        key: String::new(),
        message: format!("the working directory cannot be read: {error}"),
    })?;
    Ok(here.ancestors().find(|folder| folder.join("settings").is_dir()).unwrap_or(&here).to_path_buf())
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

/// One settings file: from disk, else from the binary.
fn layer(root: &Path, name: &str, profile: &Profile, shipped: Embedded) -> Result<Table, Problem> {
    let file = format!("settings/{name}.toml");
    let text = match fs::read_to_string(root.join(&file)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match shipped.text(&file) {
                Some(text) => text,
                // What nobody asked for by name need not be there.
                None if name == "base" || !profile.is_named => return Ok(Table::new()),
                None => return Err(unknown_profile(root, profile, shipped)),
            }
        }
        Err(error) => {
            let origin = Origin::File { file, line: 1, column: 1 };
            return Err(Problem { origin, key: String::new(), message: format!("cannot be read: {error}") });
        }
    };
    tree::parse(&file, &text)
}

fn unknown_profile(root: &Path, profile: &Profile, shipped: Embedded) -> Problem {
    let hint = suggestion(&profile.name, &profiles(root, shipped), "profiles");
    Problem {
        origin: profile.origin.clone(),
        key: String::new(),
        message: format!("there is no settings profile `{}`; {hint}", profile.name),
    }
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
            reading.problem(&origin_of(reading, &key), &key, problem);
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
        reading.problem(&origin_of(reading, &key), &key, problem);
    }
}

fn no_database(settings: &Settings, alias: &str) -> String {
    let known: Vec<&String> = settings.databases.keys().collect();
    format!("there is no database `{alias}`; configured: {}", text::alternatives(&known))
}

/// What set the key.
fn origin_of(reading: &Reading, key: &str) -> Origin {
    let entries = reading.entries.borrow();
    entries.iter().find(|entry| entry.key == key).map_or(Origin::Default, |entry| entry.origin.clone())
}

fn single(problem: Problem) -> ImproperlyConfigured {
    ImproperlyConfigured { problems: vec![problem] }
}
