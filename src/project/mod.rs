//! This site: which apps are installed and how they are put together.

mod apps;
mod middleware;

mod urls;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::conf::Loaded;
use crate::db::migrations::Functions;
use crate::db::models::{Registry, declared};
use crate::files::ProjectFiles;
use crate::management::{self, CommandError, CommandResult, Installed};
use crate::setup::Project;
use crate::text;

/// Runs the program with these arguments, the program's name first: by the name `mkcert` it is that program.
pub fn main(args: &[OsString]) -> ExitCode {
    let name = args.first().and_then(|program| Path::new(program).file_stem());
    match name.is_some_and(|name| name == "mkcert") {
        true => management::execute_as_mkcert(args, installed),
        false => management::execute_from_command_line(args, installed),
    }
}

/// What the rooms and the apps contribute.
fn installed() -> Installed {
    Installed {
        commands: management::commands::COMMANDS
            .iter()
            .chain(apps::INSTALLED_APPS.iter().flat_map(|app| app.commands))
            .copied()
            .collect(),
        checks: management::checks::CHECKS.to_vec(),
        app_settings: apps::INSTALLED_APPS.iter().filter_map(|app| app.settings).collect(),
        project,
        urlpatterns: urls::urlpatterns,
        middleware: middleware::MIDDLEWARE,
        template_globals: urls::template_globals,
    }
}

fn project(loaded: Loaded) -> CommandResult<Project> {
    let chosen = match loaded.settings.apps.as_slice() {
        [] => apps::INSTALLED_APPS.iter().map(|app| app.label.to_owned()).collect(),
        chosen => chosen.to_vec(),
    };
    let files = ProjectFiles::new(&loaded.root);
    let (mut models, mut functions) = (Registry::default(), Functions::default());
    let mut user_created = Vec::new();
    for label in &chosen {
        match apps::INSTALLED_APPS.iter().find(|app| app.label == label) {
            Some(app) => {
                (app.models)(&mut models);
                user_created.extend(app.user_created);
                for (name, function) in app.functions {
                    functions.register(label, name, *function);
                }
            }
            None => declare(&files, label, &mut models)?,
        }
    }
    let project = Project::new(loaded, chosen, models, functions)?;
    Ok(Project { user_created, ..project })
}

/// Takes the models of an app without Rust from its file. It may have migrations alone.
fn declare(files: &ProjectFiles, label: &str, models: &mut Registry) -> CommandResult {
    let path = format!("models/{label}.toml");
    if let Some(file) = files.read(&path)? {
        let text = String::from_utf8_lossy(&file.content).replace("\r\n", "\n");
        let declared = declared::read(label, &path, &text).map_err(CommandError::failed)?;
        declared.into_iter().for_each(|model| models.register(model));
        return Ok(());
    }
    if !files.list(&format!("migrations/{label}"))?.is_empty() {
        return Ok(());
    }
    let unknown =
        CommandError::failed(format!("`apps` names `{label}`, which is neither built in nor declared"));
    let built_in = apps::INSTALLED_APPS.iter().map(|app| app.label);
    Err(match text::nearest(label, built_in).as_slice() {
        [] => unknown.hint(format!("declare it in {path}, or give it migrations in migrations/{label}/")),
        nearest => unknown.hint(format!("did you mean {}?", text::alternatives(nearest))),
    })
}
