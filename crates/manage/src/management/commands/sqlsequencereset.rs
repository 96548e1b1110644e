use clap::Args;

use crate::management::fixtures::Place;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};

/// Print the SQL that lets counters go on behind the greatest keys
///
/// Only where a database does not do so by itself.
#[derive(Debug, Args)]
pub(super) struct SqlSequenceReset {
    /// Apps whose tables are meant
    #[arg(id = "app_label", value_name = "APP", required = true)]
    app_labels: Vec<String>,
    /// Database whose tables are meant
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
}

impl BaseCommand for SqlSequenceReset {
    const NAME: &'static str = "sqlsequencereset";
    const GROUP: Group = Group::Databases;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let place = Place::new(manage.project()?, self.database.as_deref())?;
        let mut statements = Vec::new();
        for app in &self.app_labels {
            let models = place.named_here(app)?;
            for (table, column) in models.iter().flat_map(|model| place.catalog.models()[*model].tables()) {
                statements.extend(column.and_then(|column| place.backend.reset_sequence(table, column)));
            }
        }
        if statements.is_empty() {
            return Ok(out.status("No sequences found.")?);
        }
        let frame = |sql: &str| format!("{sql};");
        out.line(frame("BEGIN"))?;
        statements.iter().try_for_each(|sql| out.line(frame(sql)))?;
        Ok(out.line(frame("COMMIT"))?)
    }
}
