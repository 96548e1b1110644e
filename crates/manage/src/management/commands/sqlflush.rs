use clap::Args;

use crate::db::fixtures::flush;
use crate::management::fixtures::Place;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output, block_on};

/// Print the SQL that `flush` would run
#[derive(Debug, Args)]
pub(super) struct SqlFlush {
    /// Database whose tables are meant
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
}

impl BaseCommand for SqlFlush {
    const NAME: &'static str = "sqlflush";
    const GROUP: Group = Group::Databases;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let place = Place::new(manage.project()?, self.database.as_deref())?;
        let tables = block_on(async { Ok(flush::tables(&place.backend, &place.catalog).await?) })?;
        if tables.is_empty() {
            return Ok(out.status("No tables found.")?);
        }
        let flush = flush::statements(&place.backend, &tables);
        let features = place.backend.features();
        // A TRUNCATE of MariaDB is DDL, and commits by itself.
        let is_whole = features.can_rollback_ddl;
        let before = flush.before.iter().copied().chain(is_whole.then_some("BEGIN"));
        let after = is_whole.then_some("COMMIT").into_iter().chain(flush.after.iter().copied());
        let statements = flush.statements.iter().map(String::as_str);
        before.chain(statements).chain(after).try_for_each(|sql| Ok(out.line(format!("{sql};"))?))
    }
}
