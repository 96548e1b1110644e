//! What each kind of operation comes to.

use std::collections::VecDeque;

use super::fields::{added, altered, removed, renamed};
use super::group::{Group, Phase};
use crate::migrations::operations::{
    AddConstraint, AddField, AddIndex, AlterField, AlterModelTable, DeleteModel, MoveModel, Operation,
    RemoveField, RemoveIndex, RenameField, RenameModel,
};
use crate::migrations::state::ProjectState;
use crate::models::{Field, FieldType, ModelState};

/// What an operation comes to where programs of before run; `next` are those behind it.
///
/// # Errors
/// Why they could not go on.
pub(super) fn group(
    app: &str,
    state: &ProjectState,
    operation: &Operation,
    next: &VecDeque<Operation>,
) -> Result<Group, String> {
    use Operation as Of;
    let model = |name: &str| state.require(app, name).map(|model| &**model);
    let group = Group::default();
    Ok(match operation {
        Of::AddField(AddField { model: name, field, preserve_default }) => {
            added(model(name)?, field, *preserve_default)?
        }
        Of::AlterField(alter) => altered(state, model(&alter.model)?, alter)?,
        Of::RenameField(rename) => renamed(state, model(&rename.model)?, rename, next)?,
        Of::RemoveField(RemoveField { model: name, name: field }) => removed(model(name)?, field)?,
        Of::AddIndex(add) => {
            group.with(Phase::Build, Of::AddIndex(AddIndex { concurrently: true, ..add.clone() }))
        }
        Of::AddConstraint(add) => {
            group.with(Phase::Build, Of::AddConstraint(AddConstraint { concurrently: true, ..add.clone() }))
        }
        Of::RemoveIndex(remove) => {
            group.with(Phase::Contract, Of::RemoveIndex(RemoveIndex { concurrently: true, ..remove.clone() }))
        }
        Of::DeleteModel(_) => group.with(Phase::Contract, operation.clone()),
        Of::RenameModel(RenameModel { from: name, .. })
        | Of::MoveModel(MoveModel { model: name, .. })
        | Of::AlterModelTable(AlterModelTable { model: name, .. }) => {
            keeps_tables(app, state, model(name)?, operation)?;
            Group::plain(operation.clone())
        }
        _ => Group::plain(operation.clone()),
    })
}

/// The model whose table an operation is about, if it is about one that is there.
pub(super) fn model(operation: &Operation) -> Option<&str> {
    use Operation as Of;
    Some(match operation {
        Of::AddField(AddField { model, .. })
        | Of::AlterField(AlterField { model, .. })
        | Of::RenameField(RenameField { model, .. })
        | Of::RemoveField(RemoveField { model, .. })
        | Of::AddIndex(AddIndex { model, .. })
        | Of::RemoveIndex(RemoveIndex { model, .. })
        | Of::AddConstraint(AddConstraint { model, .. })
        | Of::RenameModel(RenameModel { from: model, .. })
        | Of::DeleteModel(DeleteModel { model })
        | Of::MoveModel(MoveModel { model, .. })
        | Of::AlterModelTable(AlterModelTable { model, .. }) => model,
        _ => return None,
    })
}

/// Refuses what would call the model's tables otherwise.
fn keeps_tables(
    app: &str,
    state: &ProjectState,
    model: &ModelState,
    operation: &Operation,
) -> Result<(), String> {
    let mut after = state.clone();
    operation.change().state_forwards(app, &mut after)?;
    let has_pairs = |field: &&Field| {
        field.kind == FieldType::ManyToMany && field.through.is_none() && field.db_table.is_none()
    };
    let pairs = model.fields.iter().find(has_pairs);
    let tables: Vec<String> = after.models().map(|model| model.table()).collect();
    match (tables.contains(&model.table()), pairs) {
        (true, None) => Ok(()),
        (false, _) => Err(format!(
            "the table {table} would be called otherwise: let the model keep it, by `table = \"{table}\"`",
            table = model.table()
        )),
        (true, Some(field)) => Err(format!(
            "the table of {}.{} would be called otherwise: let it keep its name, by `db_table`",
            model.label(),
            field.name
        )),
    }
}
