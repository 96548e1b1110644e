//! JSON Schemas of the files that people write, for editors, and where they lie.

use clap::ValueEnum;
use serde_json::Value;

use super::base::AppConfig;
use super::skeleton::NewFile;
use crate::conf;
use crate::db::migrations;
use crate::db::models::declared;

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// settings/*.toml
    Settings,
    /// models/*.toml
    Models,
    /// migrations/*/*.toml
    Migration,
}

impl SchemaOf {
    /// The schema; that of settings has the tables of these apps.
    pub(super) fn schema<'a>(self, apps: impl IntoIterator<Item = &'a AppConfig>) -> Value {
        match self {
            Self::Settings => {
                conf::schema(&apps.into_iter().filter_map(|app| app.settings).collect::<Vec<_>>())
            }
            Self::Models => declared::schema(),
            Self::Migration => migrations::json_schema(),
        }
    }

    /// The file in which a project keeps it, beside the files that name it in their first line.
    pub(super) fn file<'a>(self, apps: impl IntoIterator<Item = &'a AppConfig>) -> NewFile {
        let path = match self {
            Self::Settings => "settings/settings.schema.json",
            Self::Models => "models/models.schema.json",
            Self::Migration => "migrations/migration.schema.json",
        };
        NewFile { path: path.to_owned(), text: format!("{:#}\n", self.schema(apps)) }
    }
}
