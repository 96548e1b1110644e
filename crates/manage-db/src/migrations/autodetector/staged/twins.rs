//! Indexes and constraints on a column that another one stands in for.

use super::group::Phase;
use crate::migrations::operations::{
    AddConstraint, AddIndex, Operation, RemoveConstraint, RemoveIndex, RenameIndex,
};
use crate::models::ModelState;

/// What has to be built for the field `to` that `from` has, and then takes the place of that. `is_swapped`: the fields take
/// each other's name in between.
pub(super) fn twins(
    model: &ModelState,
    (from, to): (&str, &str),
    is_swapped: bool,
) -> Vec<(Phase, Operation)> {
    let mut renamed = model.clone();
    renamed.rename_field(from, to);
    let mut all = Vec::new();
    let name = || model.name.clone();
    for (old, new) in
        model.options.indexes.iter().zip(&renamed.options.indexes).filter(|(old, new)| old != new)
    {
        let mut twin = new.clone();
        twin.name = twin_name(&old.name, to);
        let (from, to) = (twin.name.clone(), old.name.clone());
        all.push((
            Phase::Build,
            Operation::AddIndex(AddIndex { model: name(), index: twin, concurrently: true }),
        ));
        let remove = RemoveIndex { model: name(), name: old.name.clone(), concurrently: true };
        all.push((Phase::Contract, Operation::RemoveIndex(remove)));
        all.push((Phase::Contract, Operation::RenameIndex(RenameIndex { model: name(), from, to })));
    }
    for (old, new) in
        model.options.constraints.iter().zip(&renamed.options.constraints).filter(|(old, new)| old != new)
    {
        let add = |constraint| {
            let add = AddConstraint { model: name(), constraint, not_valid: false, concurrently: true };
            Operation::AddConstraint(add)
        };
        let remove = |constraint: &str| {
            Operation::RemoveConstraint(RemoveConstraint { model: name(), name: constraint.to_owned() })
        };
        let mut twin = new.clone();
        twin.name = twin_name(&old.name, to);
        let beside = twin.name.clone();
        all.push((Phase::Build, add(twin)));
        all.push((Phase::Contract, remove(&old.name)));
        let last = if is_swapped { old } else { new };
        all.push((Phase::Contract, add(last.clone())));
        all.push((Phase::Contract, remove(&beside)));
    }
    all
}

/// What is called so for the field: what another field of the same step is in has a twin for each.
fn twin_name(name: &str, field: &str) -> String {
    format!("{name}_{field}")
}

/// The name of what stands beside something of this name.
pub(super) fn beside(name: &str) -> String {
    format!("{name}_next")
}
