//! Whether two sets of migrations make the same of an empty database, as the database itself tells.

use super::error::CommandResult;
use super::runtime::block_on;
use super::scratch::Scratch;
use crate::db::introspection::{Live, Remain, differences, live};
use crate::db::migrations::{Graph, Request, Work, is_bookkeeping, run};
use crate::setup::Project;

/// What `after` makes otherwise than `before` on an empty database of this alias, in sentences. Both are run there.
///
/// # Errors
/// When one of them cannot be run, or the database refuses to make another one.
pub(super) fn compare(
    project: &Project,
    alias: &str,
    (before, after): (&Graph, &Graph),
) -> CommandResult<Vec<String>> {
    let (mut wanted, mut found) = (made(project, alias, before)?, made(project, alias, after)?);
    [&mut wanted, &mut found]
        .into_iter()
        .for_each(|live| live.tables.retain(|table| !is_bookkeeping(&table.name)));
    let backend = project.connections.backend(alias)?;
    let tables = differences(&**backend, &wanted.tables, &found.tables);
    let mut told: Vec<String> = tables.iter().map(|one| format!("{}: {one}", one.table)).collect();
    let lacks = |one: &Remain, others: &[Remain]| !others.contains(one);
    let missing = wanted.remains.iter().filter(|one| lacks(one, &found.remains));
    told.extend(missing.map(|one| format!("{} {} is missing, or another one", one.what, one.name)));
    let new = found.remains.iter().filter(|one| lacks(one, &wanted.remains));
    told.extend(new.map(|one| format!("{} {} is new, or another one", one.what, one.name)));
    Ok(told)
}

/// What migrations make of an empty database.
fn made(project: &Project, alias: &str, graph: &Graph) -> CommandResult<Live> {
    let scratch = Scratch::new(project, alias)?;
    let work = Work { graph, router: &project.router, functions: &project.functions };
    block_on(async {
        run(&Request::new(&scratch.connections, work), &mut |_| {}).await?;
        let mut connection = scratch.backend().connect().await?;
        Ok(live(&**scratch.backend(), &mut *connection).await?)
    })
}
