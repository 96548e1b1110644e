use std::path::Path;

use clap::Args;

use crate::conf::{Loaded, PlaceKind};
use crate::management::files::{lock, refusal};
use crate::management::install::{self, Edit, Plan};
use crate::management::names::{check_app, check_module};
use crate::management::schemas::SchemaOf;
use crate::management::skeleton::{Made, NewFile, Skeleton, write_all};
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
        let root = manage.load()?.place.root;
        let _lock = lock(&root)
            .map_err(|error| CommandError::failed(format!("{}: {}", root.display(), refusal(&error))))?;
        // Read anew: who held the lock may have installed another app.
        let loaded = manage.load()?;
        let is_rust = root.join("Cargo.toml").is_file();
        if is_rust {
            check_module(&root, &self.label)?;
        }
        let plan = self.plan(manage, &loaded, is_rust)?;
        let edits = if self.install { plan.edits()? } else { &[] };
        let mut made = write_all(&root, &self.files(is_rust, &root))?;
        let written = self.write(manage, &mut made, edits);
        written.inspect_err(|_| made.undo())?;
        out.status(format!("The app `{}` was made.", self.label))?;
        self.tell(&plan, out)
    }
}

impl StartApp {
    /// What installs the app.
    fn plan(&self, manage: &Manage, loaded: &Loaded, is_rust: bool) -> CommandResult<Plan> {
        let place = &loaded.place;
        let in_rust = match is_rust {
            true => install::in_rust(&place.root, &self.label)?,
            false => Plan::nothing(),
        };
        // Where the settings say nothing, a site of Rust installs all of its apps; without settings every app that is
        // declared is installed.
        let is_asked = loaded.settings.apps.is_some() || !is_rust && place.kind == PlaceKind::Settings;
        if !is_asked {
            return Ok(in_rust);
        }
        let built_in: Vec<&str> = manage.installed.apps.iter().map(|app| app.label).collect();
        let in_settings = install::in_settings(loaded, &built_in, manage.installed.files, &self.label)?;
        Ok(in_rust.and(in_settings))
    }

    /// Writes the lines, and looks whether they did it.
    fn write(&self, manage: &Manage, made: &mut Made, edits: &[Edit]) -> CommandResult {
        for edit in edits {
            made.replace(&edit.path, &edit.before, &edit.text()).map_err(|error| {
                CommandError::failed(format!("{}: cannot be written: {}", edit.file, refusal(&error)))
            })?;
        }
        let Some(edit) = edits.first() else { return Ok(()) };
        let loaded = manage.load()?;
        let is_rust = loaded.place.root.join("Cargo.toml").is_file();
        let left = self.plan(manage, &loaded, is_rust)?.steps;
        match left.first() {
            None => Ok(()),
            Some(step) => {
                let text = format!("{}: the line could not be added", edit.file);
                Err(CommandError::failed(text).hint(format!("add it by hand: {}: {}", step.file, step.line)))
            }
        }
    }

    fn tell(&self, plan: &Plan, out: &mut Output) -> CommandResult {
        match &plan.edits {
            _ if plan.steps.is_empty() => {}
            Ok(edits) if self.install => {
                let files: Vec<&str> = edits.iter().map(|edit| edit.file.as_str()).collect();
                out.status(format!("Installed in {}.", files.join(" and ")))?;
            }
            Ok(_) => out.status("Install it with `--install` next time, or now by these lines:")?,
            Err(reason) => out.status(format!("{reason}. Install it by these lines:"))?,
        }
        if !self.install {
            plan.steps.iter().try_for_each(|step| out.status(format!("  {}: {}", step.file, step.line)))?;
        }
        plan.notes.iter().try_for_each(|note| out.status(note))?;
        Ok(())
    }

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
