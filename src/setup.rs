//! The project: what commands and views work with.

use std::path::PathBuf;

use futures_util::future::BoxFuture;

use crate::conf::{Loaded, Profile, Settings};
use crate::db::migrations::Functions;
use crate::db::models::Registry;
use crate::db::{Connections, Database, Result, Router};
use crate::files::ProjectFiles;

/// What an app does when an account was made, such as making the person's profile. An account and what apps add to it
/// may live in different databases, so it must bear to be missed or repeated.
pub type UserCreated = for<'a> fn(&'a Project, &'a NewUser) -> BoxFuture<'a, Result<()>>;

/// An account that was just made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub username: String,
}

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
    /// Its files.
    pub files: ProjectFiles,
    /// What the installed apps do when an account was made.
    pub user_created: Vec<UserCreated>,
}

impl Project {
    /// A project of these settings, installed apps, and what those bring.
    ///
    /// # Errors
    /// When a database's settings make no sense.
    pub fn new(loaded: Loaded, apps: Vec<String>, models: Registry, functions: Functions) -> Result<Self> {
        let Loaded { root, profile, settings, .. } = loaded;
        let connections = Connections::new(&settings, &root)?;
        let router = Router::new(settings.routes.clone());
        let files = ProjectFiles::new(&root);
        Ok(Self {
            root,
            profile,
            settings,
            apps,
            connections,
            router,
            models,
            functions,
            files,
            user_created: Vec::new(),
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
