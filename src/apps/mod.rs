//! What an app is to the rest of the program.

use crate::conf::AppSettings;
use crate::db::migrations::Function;
use crate::db::models::Registry;
use crate::management::Command;
use crate::setup::UserCreated;
use crate::urls::Route;

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
    /// Its addresses.
    pub urlpatterns: fn() -> Vec<Route>,
    /// What it does when an account was made.
    pub user_created: Option<UserCreated>,
}

impl AppConfig {
    /// An app that contributes nothing: what others are written over.
    pub const EMPTY: Self = Self {
        label: "",
        models: |_| {},
        functions: &[],
        settings: None,
        commands: &[],
        urlpatterns: Vec::new,
        user_created: None,
    };
}
