use clap::Args;

use crate::db::fixtures::flush;
use crate::management::databases::place;
use crate::management::fixtures::Place;
use crate::management::runtime::tell;
use crate::management::{
    BaseCommand, CommandError, CommandResult, Group, Manage, Output, PostMigrate, Prompt, Style, block_on,
};
use crate::text;

/// Take all rows out of the tables of the models, which stay
///
/// What would go is shown and asked, or done with `--yes` or `--no-input`. The history of migrations stays, so that rows which
/// a migration put in do not come back by themselves; what apps fill in after `migrate` does.
#[derive(Debug, Args)]
pub(super) struct Flush {
    /// Database to empty
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
    /// Empty it without asking
    #[arg(long)]
    yes: bool,
}

impl BaseCommand for Flush {
    const NAME: &'static str = "flush";
    const GROUP: Group = Group::Databases;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let at = Place::new(project, self.database.as_deref())?;
        let tables = block_on(async { Ok(flush::tables(&at.backend, &at.catalog).await?) })?;
        if tables.is_empty() {
            return Ok(out.status("No tables found.")?);
        }
        // Django's `--noinput` is an answer here.
        let is_agreed = self.yes || !out.may_ask();
        if !is_agreed && !ask(&at, &place(project, at.alias)?, &tables, out)? {
            return Ok(out.line("Flush cancelled.")?);
        }
        block_on(async { Ok(flush::flush(&at.backend, &tables).await?) })?;
        tell(project, &PostMigrate { databases: vec![at.alias.to_owned()], migrations: 0 })
    }
}

/// Shows what would go, and asks for the whole word.
fn ask(
    at: &Place<'_>,
    place: &str,
    tables: &[(String, Option<String>)],
    out: &mut Output,
) -> CommandResult<bool> {
    let question = "Type `yes` to take them all out";
    if !out.is_interactive() {
        let error = CommandError::question(format!("cannot ask for `{question}`: there is no terminal"));
        return Err(error.hint("`--yes` empties the tables without asking"));
    }
    let rows = block_on(async { Ok(flush::rows(&at.backend, tables).await?) })?;
    let heading = out.styled(Style::Heading, &format!("Database {place}:"));
    out.line(heading)?;
    for (table, number) in rows.iter().filter(|(_, number)| *number > 0) {
        out.line(format!("  {table}: {}", text::count(*number, "row")))?;
    }
    if rows.iter().all(|(_, number)| *number == 0) {
        out.line("  no rows; counters begin anew")?;
    }
    out.flush()?;
    let answer = Prompt::new(out).line(question, None, "`--yes` empties the tables without asking")?;
    Ok(answer == "yes")
}
