//! Changes in steps that programs of before and after survive, side by side: the expand and contract way.
//!
//! What is new comes beside what is old, open and without rules; triggers keep both in step; the rows that are there are
//! filled some at a time; indexes, keys and rules are built while others write; then the new takes the place of the old. What
//! only programs of before need goes in a migration of a later release. Where an operation can stand is found by trying: the
//! steps, in their order, have to come to the same models as the operations in theirs.

mod group;

mod twins;

mod fields;

mod kinds;

use std::collections::VecDeque;

use super::step::Step;
use crate::migrations::error::{Error, Result};
use crate::migrations::migration::Stage;
use crate::migrations::operations::Operation;
use crate::migrations::state::ProjectState;
use crate::models::ModelState;
use group::{Entry, Group, Phase};

/// The operations of a migration of `app` in steps, from the models `before` them. Models for which `is_new` holds are in no
/// database yet, and nobody has to be let pass.
///
/// # Errors
/// [`Error::NoWay`] for what cannot be done while programs of before run.
pub(super) fn staged(
    app: &str,
    before: &ProjectState,
    is_new: impl Fn(&str) -> bool,
    operations: Vec<Operation>,
) -> Result<Vec<Step>> {
    let mut staging = Staging { app, before, now: before.clone(), entries: Vec::new() };
    let mut waiting = VecDeque::from(operations);
    while let Some(operation) = waiting.pop_front() {
        let refused = |problem: String| {
            let what = operation.change().describe();
            let problem = format!("{problem}; programs of before could not go on");
            Error::NoWay { what, problem }
        };
        let is_free = kinds::model(&operation).is_none_or(|model| is_new(&model.to_lowercase()));
        let group = match is_free {
            true => Group::plain(operation.clone()),
            false => kinds::group(app, &staging.now, &operation, &waiting).map_err(refused)?,
        };
        let folded = group.folds.and_then(|at| waiting.remove(at));
        staging.add(&group, [Some(operation.clone()), folded].into_iter().flatten()).map_err(refused)?;
    }
    Ok(staging.steps())
}

/// Where the operations go, one after the other.
struct Staging<'a> {
    app: &'a str,
    before: &'a ProjectState,
    /// The models after the operations so far, in their own order.
    now: ProjectState,
    entries: Vec<Entry>,
}

impl Staging<'_> {
    /// Puts what an operation comes to where it can stand.
    fn add(
        &mut self,
        group: &Group,
        originals: impl Iterator<Item = Operation>,
    ) -> std::result::Result<(), String> {
        for original in originals {
            original.change().state_forwards(self.app, &mut self.now)?;
        }
        let mut problem = String::new();
        for phases in group.placings() {
            let mut entries = self.entries.clone();
            entries.extend(
                phases
                    .into_iter()
                    .zip(group.entries.iter())
                    .map(|(phase, entry)| Entry { phase, ..entry.clone() }),
            );
            match self.replayed(&entries) {
                Ok(state) if is_same(&state, &self.now) => {
                    self.entries = entries;
                    return Ok(());
                }
                Ok(_) => problem = "the steps would leave the models otherwise".to_owned(),
                Err(error) => problem = error,
            }
        }
        Err(format!("it cannot be done in steps: {problem}"))
    }

    /// The models after these steps, in their order.
    fn replayed(&self, entries: &[Entry]) -> std::result::Result<ProjectState, String> {
        let mut state = self.before.clone();
        for phase in Phase::ALL {
            let own = of_phase(entries, phase);
            own.into_iter().try_for_each(|one| one.change().state_forwards(self.app, &mut state))?;
        }
        Ok(state)
    }

    fn steps(self) -> Vec<Step> {
        let step = |phase: Phase| {
            let operations: Vec<Operation> = of_phase(&self.entries, phase).into_iter().cloned().collect();
            let atomic = phase != Phase::Fill && !operations.iter().any(Operation::is_concurrent);
            let stage = if phase == Phase::Contract { Stage::Contract } else { Stage::Expand };
            Step { operations, atomic, stage }
        };
        Phase::ALL.into_iter().map(step).filter(|step| !step.operations.is_empty()).collect()
    }
}

/// The operations of a phase in their order. All fields swap names before any trigger goes: on the way back, a trigger that has
/// run for a row must not meet another type of its field.
fn of_phase(entries: &[Entry], phase: Phase) -> Vec<&Operation> {
    let own = entries.iter().filter(|entry| entry.phase == phase);
    let mut operations: Vec<&Operation> = own.map(|entry| &entry.operation).collect();
    if phase == Phase::Swap {
        operations.sort_by_key(|operation| match operation {
            Operation::SwapFields(_) => 0,
            Operation::FillField(_) => 1,
            _ => 2,
        });
    }
    operations
}

/// Whether two states are the same but for the order of what a model has.
fn is_same(one: &ProjectState, other: &ProjectState) -> bool {
    let sorted = |model: &ModelState| {
        let mut model = model.clone();
        model.fields.sort_by(|one, other| one.name.cmp(&other.name));
        model.options.indexes.sort_by(|one, other| one.name.cmp(&other.name));
        model.options.constraints.sort_by(|one, other| one.name.cmp(&other.name));
        model
    };
    one.models().map(|model| sorted(model)).eq(other.models().map(|model| sorted(model)))
}
