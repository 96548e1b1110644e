use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::conf::PlaceKind;
use crate::management::files::write;
use crate::management::install;
use crate::management::names::check_app;
use crate::management::schemas::SchemaOf;
use crate::management::skeleton::{NewFile, Skeleton, write_all};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Begin an app: a model, its first migration and, in a site of Rust, pages
#[derive(Debug, Args)]
pub(super) struct StartApp {
    /// Label of the app
    #[arg(value_name = "NAME")]
    label: String,
    /// Install it too, by writing the lines that are shown otherwise
    #[arg(long)]
    install: bool,
}

impl BaseCommand for StartApp {
    const NAME: &'static str = "startapp";
    const GROUP: Group = Group::Project;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        check_app(&self.label)?;
        if manage.installed.app(&self.label).is_some() {
            return Err(CommandError::usage(format!("there is an app `{}` already", self.label)));
        }
        let place = manage.load()?.place;
        let is_rust = place.root.join("Cargo.toml").is_file();
        let steps = match (is_rust, &place.kind) {
            (true, _) => install::in_rust(&place.root, &self.label)?,
            (false, PlaceKind::Settings) => install::in_settings(&place.root, &self.label)?,
            // Without settings every app that is declared is installed.
            (false, _) => Vec::new(),
        };
        write_all(&place.root, &self.files(is_rust, &place.root))?;
        out.status(format!("The app `{}` was made.", self.label))?;
        if steps.is_empty() {
            return Ok(());
        }
        if self.install {
            steps.iter().try_for_each(|step| write(&step.file, &step.changed))?;
            let mut files: Vec<String> = steps.iter().map(|step| shown(&step.file, &place.root)).collect();
            files.dedup();
            return Ok(out.status(format!("Installed in {}.", files.join(" and ")))?);
        }
        out.status("Install it with `--install` next time, or now by these lines:")?;
        steps.iter().try_for_each(|step| {
            Ok(out.status(format!("  {}: {}", shown(&step.file, &place.root), step.line))?)
        })
    }
}

impl StartApp {
    fn files(&self, is_rust: bool, root: &Path) -> Vec<NewFile> {
        let marks = [("__label__", self.label.as_str())];
        let name = if is_rust { "app" } else { "declared_app" };
        let mut files = Skeleton { name, marks: &marks }.files();
        files.push(SchemaOf::Migration.file([]));
        files.extend((!is_rust).then(|| SchemaOf::Models.file([])));
        // What several apps share is there from the second on.
        files.retain(|file| !file.path.ends_with(".schema.json") || !root.join(&file.path).exists());
        files
    }
}

fn shown(file: &Path, root: &Path) -> String {
    let relative: PathBuf = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    file.strip_prefix(&relative).or_else(|_| file.strip_prefix(root)).unwrap_or(file).display().to_string()
}
