use std::path::{Path, PathBuf};

use clap::Args;

use crate::management::names::check_project;
use crate::management::schemas::SchemaOf;
use crate::management::skeleton::{NewFile, Skeleton, write_all};
use crate::management::{AppConfig, BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// The apps of a new site, as its `src/lib.rs` names them.
const APPS_OF_A_SITE: [&str; 3] = ["sessions", "auth", "accounts"];

/// Begin a site of your own, or a project without Rust whose schema is kept
#[derive(Debug, Args)]
pub(super) struct StartProject {
    /// Name of the project
    name: String,
    /// Folder to fill; without one, a new folder of the project's name
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    directory: Option<PathBuf>,
    /// A project without Rust: models and migrations are files, the program is this one
    #[arg(long)]
    declared: bool,
    /// Take the framework from this folder instead of from crates.io
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::DirPath, conflicts_with = "declared")]
    manage_path: Option<PathBuf>,
}

impl BaseCommand for StartProject {
    const NAME: &'static str = "startproject";
    const GROUP: Group = Group::Project;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        check_project(&self.name)?;
        let folder = self.directory.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        drop(write_all(&folder, &self.files(manage)?)?);
        let run = if self.declared { "manage startapp NAME --install" } else { "cargo run -- dev" };
        out.status(format!("{} was made. Go on with:", folder.display()))?;
        if folder != Path::new(".") {
            out.status(format!("  cd {}", folder.display()))?;
        }
        Ok(out.status(format!("  {run}"))?)
    }
}

impl StartProject {
    fn files(&self, manage: &Manage) -> CommandResult<Vec<NewFile>> {
        let (framework, crate_name) = (self.framework()?, self.name.replace('-', "_"));
        let marks = [
            ("__name__", self.name.as_str()),
            ("__crate__", crate_name.as_str()),
            ("__manage__", framework.as_str()),
        ];
        let name = if self.declared { "declared" } else { "project" };
        let mut files = Skeleton { name, marks: &marks }.files();
        // A project without Rust has this program's apps, a site those that its skeleton names.
        let is_there = |app: &&AppConfig| self.declared || APPS_OF_A_SITE.contains(&app.label);
        files.push(SchemaOf::Settings.file(manage.installed.apps.iter().filter(is_there)));
        Ok(files)
    }

    /// How the new project's Cargo.toml names the framework.
    fn framework(&self) -> CommandResult<String> {
        let Some(path) = &self.manage_path else { return Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION"))) };
        let is_framework = |path: &PathBuf| path.join("Cargo.toml").is_file();
        let found = std::fs::canonicalize(path).ok().filter(is_framework);
        let found = found.ok_or_else(|| {
            CommandError::usage(format!(
                "{} is no folder of the crate `manage`: it has no Cargo.toml",
                path.display()
            ))
        })?;
        let text = toml::Value::String(found.to_string_lossy().into_owned());
        Ok(format!("{{ path = {text} }}"))
    }
}
