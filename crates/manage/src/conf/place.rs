//! Where the project is, and what kind of folder that is.

use std::fs;
use std::path::{Path, PathBuf};

use manage_leaves::environment::Environment;

use super::error::{Origin, Problem};

/// What the command line says about where settings are.
#[derive(Debug, Clone, Default)]
pub struct Locator {
    /// `--project DIR`.
    pub project: Option<PathBuf>,
    /// `--settings PROFILE`.
    pub profile: Option<String>,
}

/// The folder of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder itself.
    pub root: PathBuf,
    /// What is in it.
    pub kind: PlaceKind,
    /// Whether `--project` or `MANAGE_PROJECT` named it.
    pub is_named: bool,
}

/// What a folder is to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    /// It has settings: `settings/*.toml`.
    Settings,
    /// It has no settings, but models or migrations of these apps, sorted: `models/<app>.toml`, `migrations/<app>/`.
    Declared(Vec<String>),
    /// It has nothing of a project.
    Empty,
}

impl Place {
    /// The folder that `--project` or `MANAGE_PROJECT` names; else the nearest one upward with settings; else the
    /// nearest one upward with migrations or models; else the working directory.
    ///
    /// A folder has settings when `settings/` holds a file that is read: `base.toml` or that of a profile.
    pub(super) fn find(locator: &Locator, environment: &Environment, profile: &str) -> Result<Self, Problem> {
        let named = locator.project.clone().map(|path| (path, Origin::Flag("--project"))).or_else(|| {
            let path = environment.get("MANAGE_PROJECT").filter(|path| !path.is_empty())?;
            Some((PathBuf::from(path), Origin::Variable("MANAGE_PROJECT".into())))
        });
        if let Some((path, origin)) = named {
            let root = fs::canonicalize(&path).ok().filter(|path| path.is_dir());
            let message = format!("{} is not a folder", path.display());
            let root = root.ok_or(Problem { origin, key: String::new(), message })?;
            return Ok(Self { kind: PlaceKind::of(&root, profile), root, is_named: true });
        }
        let here = std::env::current_dir().map_err(|error| Problem {
            origin: Origin::Default,
            key: String::new(),
            message: format!("the working directory cannot be read: {error}"),
        })?;
        Ok(Self::upward(&here, profile))
    }

    fn upward(here: &Path, profile: &str) -> Self {
        let place = |root: &Path, kind| Self { root: root.to_owned(), kind, is_named: false };
        if let Some(root) = here.ancestors().find(|folder| has_settings(folder, profile)) {
            return place(root, PlaceKind::Settings);
        }
        let declared = |folder: &Path| Some(declared_apps(folder)).filter(|apps| !apps.is_empty());
        match here.ancestors().find_map(|folder| Some((folder, declared(folder)?))) {
            Some((root, apps)) => place(root, PlaceKind::Declared(apps)),
            None => place(here, PlaceKind::Empty),
        }
    }
}

impl PlaceKind {
    fn of(root: &Path, profile: &str) -> Self {
        if has_settings(root, profile) {
            return Self::Settings;
        }
        match declared_apps(root) {
            apps if apps.is_empty() => Self::Empty,
            apps => Self::Declared(apps),
        }
    }
}

/// Whether the folder has a settings file that is read. A folder `settings` of something else, such as Python code, is
/// none; a link to a folder or file that is not there is one that cannot be read.
fn has_settings(root: &Path, profile: &str) -> bool {
    let settings = root.join("settings");
    let is_there = |name: &str| {
        let file = settings.join(format!("{name}.toml"));
        file.exists() || file.is_symlink()
    };
    ["base", "dev", "prod", profile].into_iter().any(is_there) || settings.is_symlink() && !settings.exists()
}

/// Labels of the apps that have models or migrations in the folder, sorted.
pub(crate) fn declared_apps(root: &Path) -> Vec<String> {
    let models =
        entries(&root.join("models")).filter_map(|name| name.strip_suffix(".toml").map(str::to_owned));
    let folder = root.join("migrations");
    let migrated = entries(&folder).filter(|name| {
        let is_migration = |file: String| file.ends_with(".toml") || file.ends_with(".sql");
        entries(&folder.join(name)).any(is_migration)
    });
    let mut labels: Vec<String> = models.chain(migrated).filter(|label| !label.starts_with('.')).collect();
    labels.sort();
    labels.dedup();
    labels
}

/// Names of what a folder holds; nothing where there is none.
fn entries(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
