//! This site: which apps are installed and how they are put together.

mod apps;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::conf::Loaded;
use crate::db::models::Registry;
use crate::management::{self, CommandResult, Installed};
use crate::setup::Project;

/// Runs the program with these arguments, the program's name first.
pub fn main(args: &[OsString]) -> ExitCode {
    management::execute_from_command_line(args, installed)
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
    }
}

fn project(loaded: Loaded) -> CommandResult<Project> {
    let built_in: Vec<&str> = apps::INSTALLED_APPS.iter().map(|app| app.label).collect();
    let chosen = match loaded.settings.apps.as_slice() {
        [] => built_in.into_iter().map(str::to_owned).collect(),
        chosen => chosen.to_vec(),
    };
    let mut models = Registry::default();
    for app in apps::INSTALLED_APPS.iter().filter(|app| chosen.iter().any(|label| label == app.label)) {
        (app.models)(&mut models);
    }
    Ok(Project::new(loaded, chosen, models)?)
}
