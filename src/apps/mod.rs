//! What an app is to the rest of the program.

use crate::conf::AppSettings;
use crate::db::migrations::Function;
use crate::db::models::Registry;
use crate::management::Command;

/// One app: what it contributes. An app is one folder and its lines in `project/`.
pub struct AppConfig {
    /// Its name in migrations, routes and settings.
    pub label: &'static str,
    /// Registers its models.
    pub models: fn(&mut Registry),
    /// What its migrations call, by name; they write `<label>.<name>`.
    pub functions: &'static [(&'static str, Function)],
    /// How it reads its own table of the settings.
    pub settings: Option<AppSettings>,
    /// Its commands.
    pub commands: &'static [Command],
}
