use clap::Args;

use crate::management::schemas::SchemaOf;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};

/// Print the JSON Schema of files that people write, for their editors
///
/// An editor that finds the schema named in a file's first line completes its keys and marks what is misspelt:
///
///   manage jsonschema settings > settings/settings.schema.json     #:schema ./settings.schema.json
///   manage jsonschema models > models/models.schema.json           #:schema ./models.schema.json
///   manage jsonschema migration > migrations/migration.schema.json #:schema ../migration.schema.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct JsonSchema {
    /// Which files
    #[arg(value_enum, value_name = "FILES")]
    files: SchemaOf,
}

impl BaseCommand for JsonSchema {
    const NAME: &'static str = "jsonschema";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        Ok(out.json(&self.files.schema(&manage.installed.apps))?)
    }
}
