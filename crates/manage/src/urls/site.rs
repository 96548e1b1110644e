//! What every view can reach.

use std::sync::Arc;

use super::names::Names;
use crate::setup::Project;
use crate::staticfiles::Table;
use crate::template::{Engine, Parts};

/// Adds to the templates what the apps bring.
pub type Extend = Arc<dyn Fn(&mut minijinja::Environment<'static>) + Send + Sync>;

/// The running site: fields only. Shared by all requests.
pub struct Site {
    /// Settings and databases.
    pub project: Project,
    /// The names of all addresses.
    pub names: Arc<Names>,
    /// Static files.
    pub static_files: Arc<Table>,
    /// Templates.
    pub templates: Engine,
}

impl Site {
    /// Puts a site together. With `debug`, templates and static files are read anew for every request.
    ///
    /// # Errors
    /// When a template does not compile or a static file cannot be read.
    pub fn new(project: Project, routes: Names, extend: &Extend) -> anyhow::Result<Self> {
        let debug = project.settings.debug;
        let settings = &project.settings.static_files;
        let static_files = if debug {
            Table::on_disk(settings, &project.files)
        } else {
            Table::in_memory(settings, &project.files)?
        };
        let (routes, static_files) = (Arc::new(routes), Arc::new(static_files));
        let parts = template_parts(&project, &routes, &static_files, extend);
        let templates = if debug { Engine::reloading(parts) } else { Engine::compiled(&parts)? };
        Ok(Self { project, names: routes, static_files, templates })
    }

    /// The address of a view; the front page when there is no such view, which a test excludes.
    pub fn url(&self, name: &str, parts: &[&str]) -> String {
        self.names.reverse(name, parts).unwrap_or_else(|| "/".to_owned())
    }
}

/// What templates are rendered with: the functions `url` and `static`, and names that all know.
pub(crate) fn template_parts(
    project: &Project,
    routes: &Arc<Names>,
    static_files: &Arc<Table>,
    extend: &Extend,
) -> Parts {
    let (routes, static_files, extend) = (Arc::clone(routes), Arc::clone(static_files), Arc::clone(extend));
    Parts {
        files: project.files.clone(),
        url: Arc::new(move |name, parts| routes.reverse(name, parts)),
        static_url: Arc::new(move |name, _| static_files.url(name)),
        extend,
    }
}
