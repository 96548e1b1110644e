//! What is called otherwise, or belongs to another app: the likeliest first, and a person is asked.

use std::sync::Arc;

use super::likeness::{ENOUGH, of_fields, of_models};
use super::question::Question;
use crate::migrations::state::ProjectState;
use crate::models::{Field, ModelState};

/// Two things that may be one, with how much they are alike.
pub(super) struct Candidate<T> {
    /// As it was.
    pub before: T,
    /// As it may be now.
    pub after: T,
    likeness: u32,
}

/// Models that may be called otherwise, or have moved, the likeliest first.
pub(super) fn of_state(before: &ProjectState, after: &ProjectState) -> Vec<Candidate<Arc<ModelState>>> {
    let missing = |state: &ProjectState, model: &ModelState| state.get(&model.app, &model.name).is_none();
    let come: Vec<&Arc<ModelState>> = after.models().filter(|model| missing(before, model)).collect();
    let mut found = Vec::new();
    for gone in before.models().filter(|model| missing(after, model)) {
        for model in &come {
            let may_move = gone.name.eq_ignore_ascii_case(&model.name);
            let likeness = of_models(gone, model);
            if likeness >= ENOUGH && (gone.app == model.app || may_move) {
                found.push(Candidate { before: Arc::clone(gone), after: Arc::clone(model), likeness });
            }
        }
    }
    ranked(found)
}

/// Fields that may be called otherwise, the likeliest first.
pub(super) fn of_model(before: &ModelState, after: &ModelState) -> Vec<Candidate<Field>> {
    let come = || after.fields.iter().filter(|field| before.field(&field.name).is_none());
    let mut found = Vec::new();
    for gone in before.fields.iter().filter(|field| after.field(&field.name).is_none()) {
        for field in come() {
            let likeness = of_fields(gone, field);
            if likeness >= ENOUGH {
                found.push(Candidate { before: gone.clone(), after: field.clone(), likeness });
            }
        }
    }
    ranked(found)
}

fn ranked<T>(mut found: Vec<Candidate<T>>) -> Vec<Candidate<T>> {
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.likeness));
    found
}

/// What is asked about two models.
pub(super) fn question(before: &ModelState, after: &ModelState) -> Question {
    match before.app == after.app {
        true => Question::RenamedModel {
            app: before.app.clone(),
            from: before.name.clone(),
            to: after.name.clone(),
        },
        false => Question::MovedModel {
            from: before.app.clone(),
            to: after.app.clone(),
            name: before.name.clone(),
        },
    }
}
