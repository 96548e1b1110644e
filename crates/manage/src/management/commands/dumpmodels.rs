use clap::Args;

use crate::db::migrations::write_models;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Print the models of an app as `models/<app>.toml` declares them
///
/// Those of Rust as well: with the answer as its file, another program keeps the same tables without them.
#[derive(Debug, Args)]
pub(super) struct DumpModels {
    /// Label of the app
    app_label: String,
}

impl BaseCommand for DumpModels {
    const NAME: &'static str = "dumpmodels";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        if !project.apps.contains(&self.app_label) {
            let message = format!("no installed app with label `{}`", self.app_label);
            return Err(CommandError::unknown(message, &self.app_label, &project.apps));
        }
        let models: Vec<_> = project.models.of_app(&self.app_label).map(|model| &**model).collect();
        if models.is_empty() {
            let message = format!("the app `{}` has no models, only migrations", self.app_label);
            return Err(
                CommandError::failed(message).hint(format!("`models/{}.toml` declares some", self.app_label))
            );
        }
        let text = write_models(models)
            .map_err(|error| CommandError::failed(format!("app `{}`: {error}", self.app_label)))?;
        Ok(out.bytes(text.as_bytes())?)
    }
}
