//! Migrations after which the models say what is there.

use super::show::Looked;
use crate::db::migrations::autodetector::{Manner, Naming, Replayed};
use crate::db::migrations::{Adopted, Graph, adopted};
use crate::management::new_migrations::{AnswerArgs, Written as File, found, keep_last, save, show};
use crate::management::{CommandError, CommandResult, Output};
use crate::setup::Project;
use crate::timezone;

/// What was written, and what was not.
#[derive(Default)]
pub(super) struct Written {
    /// The files.
    pub files: Vec<File>,
    /// The database that has it all already.
    alias: String,
    /// What models cannot say.
    untold: Vec<String>,
}

/// Writes what brings the migrations' models to what is on the one database that differs.
///
/// # Errors
/// When several differ, or a migration is not applied there; those of the work.
pub(super) fn write(
    project: &Project,
    graph: &Graph,
    looked: &[Looked],
    answers: &AnswerArgs,
    out: &mut Output,
) -> CommandResult<Written> {
    let different: Vec<&Looked> = looked.iter().filter(|one| one.is_different()).collect();
    let [Looked { alias, drift }] = different.as_slice() else {
        let aliases: Vec<&str> = different.iter().map(|one| one.alias.as_str()).collect();
        return Err(CommandError::usage(format!(
            "`--write` is about one database, and these differ: {}",
            aliases.join(", ")
        ))
        .hint(format!("`--database {}` chooses", aliases[0])));
    };
    if let [first, ..] = drift.pending.as_slice() {
        return Err(CommandError::failed(format!(
            "{first} is not applied on database `{alias}`, so nothing is written"
        ))
        .hint(format!("`manage migrate --database {alias}` applies what is pending; then try again")));
    }
    graph.check_conflicts()?;
    let before = Replayed::new(graph)?;
    let Adopted { state, untold } = adopted(&**project.connections.backend(alias)?, drift, &before.state)?;
    let naming = Naming { name: None, now: timezone::now() };
    let given = answers.given()?;
    given.check_renames(&before.state, &state)?;
    let manner = Manner { naming, is_safe: false };
    let migrations = found(graph, (&before, &state), manner, given, out)?;
    let files = migrations.into_iter().map(|migration| File::new(project, migration, true));
    let files = files.collect::<CommandResult<Vec<_>>>()?;
    let mut made = save(project, &files, &[])?;
    for file in &files {
        keep_last(project, &mut made, &file.migration.key.app, Some(&file.migration.key))?;
    }
    Ok(Written { files, alias: alias.clone(), untold })
}

impl Written {
    /// Says what was written, and what is to be done with it.
    ///
    /// # Errors
    /// When nobody reads it.
    pub(super) fn tell(&self, out: &mut Output) -> CommandResult {
        show::plain(out, &self.files, false)?;
        for file in &self.files {
            let key = &file.migration.key;
            out.status(format!(
                "Database {} has it already: `manage migrate {} {} --fake --database={}` says so there.",
                self.alias, key.app, key.name, self.alias
            ))?;
        }
        if !self.files.is_empty() {
            out.status(
                "Change the models in the same way, or `manage makemigrations` will find the way back.",
            )?;
        }
        self.untold.iter().try_for_each(|words| Ok(out.warning(words)?))
    }

    /// Whether the models say all that is there.
    pub(super) fn is_whole(&self) -> bool {
        self.untold.is_empty() && !self.files.is_empty()
    }
}
