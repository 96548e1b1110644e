//! The project: what commands and views work with.

use std::path::PathBuf;

use crate::conf::{Loaded, Profile, Settings};
use crate::db::migrations::{Functions, Watcher};
use crate::db::models::Registry;
use crate::db::{Connections, Database, Result, Router};
use crate::dispatch::Signals;
use crate::files::{Embedded, ProjectFiles};

/// A loaded project: fields only. Making one opens nothing.
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// Which settings file was chosen.
    pub profile: Profile,
    /// Its settings.
    pub settings: Settings,
    /// Labels of the installed apps, in order.
    pub apps: Vec<String>,
    /// Its databases.
    pub connections: Connections,
    /// Which app lives on which database.
    pub router: Router,
    /// The installed apps' models.
    pub models: Registry,
    /// What the installed apps' migrations call.
    pub functions: Functions,
    /// Whether its databases have their migrations, as `/readyz` asks.
    pub watcher: Watcher,
    /// Its files.
    pub files: ProjectFiles,
    /// Who is told of what happens.
    pub signals: Signals<Self>,
}

impl Project {
    /// A project of these settings and labels of installed apps. Those register their models, functions and receivers
    /// afterwards.
    ///
    /// # Errors
    /// When a database's settings make no sense.
    pub fn new(loaded: Loaded, apps: Vec<String>, embedded: Vec<Embedded>) -> Result<Self> {
        let Loaded { place, profile, settings, .. } = loaded;
        let root = place.root;
        let connections = Connections::new(&settings.databases, &root)?;
        let router = Router::new(settings.routes.clone());
        let files = ProjectFiles::new(&root, embedded);
        Ok(Self {
            root,
            profile,
            settings,
            apps,
            connections,
            router,
            models: Registry::default(),
            functions: Functions::default(),
            watcher: Watcher::default(),
            files,
            signals: Signals::default(),
        })
    }

    /// The database that holds `app`'s rows.
    ///
    /// # Errors
    /// When the route leads to no database.
    pub fn database_of(&self, app: &str) -> Result<&Database> {
        self.connections.database(self.router.alias(app))
    }
}
