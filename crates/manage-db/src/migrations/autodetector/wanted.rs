//! What brings models that are there to what they are to be: operations in an order that is tried first.

use std::sync::Arc;

use crate::SqlText;
use crate::backends::base::mentions;
use crate::migrations::operations::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterModelOptions, AlterModelTable,
    AlterModelTableComment, Operation, RemoveConstraint, RemoveIndex, RenameIndex,
};
use crate::models::{Constraint, Field, Index, ModelState};

/// A model before and after; both are there.
pub(super) struct Pair {
    /// As it is.
    pub before: Arc<ModelState>,
    /// As it is to be.
    pub after: Arc<ModelState>,
    /// Names of fields that are taken away and come anew.
    pub replaced: Vec<String>,
}

impl Pair {
    fn model(&self) -> String {
        self.after.name.clone()
    }

    /// Whether an operation is about a field that is the primary key before or afterwards.
    pub(super) fn is_about_key(&self, operation: &Operation) -> bool {
        let name = match operation {
            Operation::RemoveField(remove) => Some(&remove.name),
            other => other.field().map(|field| &field.name),
        };
        let is_key = |model: &ModelState| {
            name.and_then(|name| model.field(name)).is_some_and(|field| field.primary_key)
        };
        is_key(&self.before) || is_key(&self.after)
    }

    /// Fields that go.
    pub(super) fn gone(&self) -> impl Iterator<Item = &Field> {
        self.before.fields.iter().filter(|field| self.after.field(&field.name).is_none())
    }

    /// Fields that come.
    pub(super) fn come(&self) -> impl Iterator<Item = &Field> {
        self.after.fields.iter().filter(|field| self.before.field(&field.name).is_none())
    }

    /// Fields that become others, before and after.
    pub(super) fn altered(&self) -> impl Iterator<Item = (&Field, &Field)> {
        let both =
            self.after.fields.iter().filter_map(|field| Some((self.before.field(&field.name)?, field)));
        both.filter(|(before, after)| !is_same(before, after))
    }

    /// Takes indexes and constraints away, and gives indexes their names.
    pub(super) fn drop_rules(&self) -> Vec<Operation> {
        let (model, options) = (self.model(), &self.before.options);
        let is_gone = |one: &&Constraint| match self.constraint_after(one) {
            None => true,
            Some(after) => self.is_made_anew(one, after),
        };
        let gone = options.constraints.iter().filter(is_gone);
        let mut operations: Vec<Operation> = gone
            .map(|one| RemoveConstraint { model: model.clone(), name: one.name.clone() })
            .map(Operation::RemoveConstraint)
            .collect();
        for index in &options.indexes {
            match self.index_after(index) {
                None => operations.push(Operation::RemoveIndex(RemoveIndex {
                    model: model.clone(),
                    name: index.name.clone(),
                    concurrently: false,
                })),
                Some(after) if after.name != index.name && !is_generated_index(&self.after, after) => {
                    operations.push(Operation::RenameIndex(RenameIndex {
                        model: model.clone(),
                        from: index.name.clone(),
                        to: after.name.clone(),
                    }));
                }
                Some(_) => {}
            }
        }
        operations
    }

    /// Brings indexes and constraints.
    pub(super) fn add_rules(&self) -> Vec<Operation> {
        let (before, options) = (&self.before.options, &self.after.options);
        let is_new_index =
            |index: &&Index| !before.indexes.iter().any(|old| self.index_after(old) == Some(*index));
        let mut operations: Vec<Operation> =
            options.indexes.iter().filter(is_new_index).map(|index| add_index(&self.after, index)).collect();
        for constraint in &options.constraints {
            let old = before.constraints.iter().find(|old| self.constraint_after(old) == Some(constraint));
            match old {
                None => operations.push(add_constraint(&self.after, constraint)),
                Some(old) if self.is_made_anew(old, constraint) => {
                    operations.push(add_constraint(&self.after, constraint));
                }
                Some(old) if !is_same_rule(old, constraint) => {
                    let constraint = constraint.clone();
                    operations.push(Operation::AlterConstraint(AlterConstraint {
                        model: self.model(),
                        constraint,
                    }));
                }
                Some(_) => {}
            }
        }
        operations
    }

    /// Whether all fields stay as they are. Otherwise a rule that changes goes before they do and comes behind them: it may
    /// name what they were, or what they become.
    fn keeps_fields(&self) -> bool {
        self.gone().next().is_none() && self.come().next().is_none() && self.altered().next().is_none()
    }

    /// Whether a rule goes and comes again: it changes with its fields, or names one that goes.
    fn is_made_anew(&self, before: &Constraint, after: &Constraint) -> bool {
        let texts = [&before.check, &before.exclude, &before.condition].into_iter().flatten();
        (!is_same_rule(before, after) && !self.keeps_fields()) || self.names_lost(before.unique.iter(), texts)
    }

    /// Whether one of these names or texts is about a column that goes, though another of its name may come.
    fn names_lost<'a>(
        &self,
        mut names: impl Iterator<Item = &'a String>,
        mut texts: impl Iterator<Item = &'a SqlText>,
    ) -> bool {
        let is_lost = |name: &str| self.lost().any(|field| field.name == name);
        names.any(|name| is_lost(name.trim_start_matches('-'))) || texts.any(|sql| self.says_lost(sql))
    }

    /// Whether SQL is about a column that goes.
    pub(super) fn says_lost(&self, sql: &SqlText) -> bool {
        self.lost().any(|field| sql.texts().any(|text| mentions(text, &field.column())))
    }

    /// Fields whose columns go.
    fn lost(&self) -> impl Iterator<Item = &Field> {
        let is_lost =
            |field: &&Field| self.after.field(&field.name).is_none() || self.replaced.contains(&field.name);
        self.before.fields.iter().filter(is_lost)
    }

    /// The index that this one becomes: of the same name, or otherwise the same. A name that follows from the index is no
    /// demand for that name.
    fn index_after(&self, before: &Index) -> Option<&Index> {
        let all = &self.after.options.indexes;
        let is_same = |after: &&Index| Index { name: String::new(), ..(*after).clone() } == unnamed(before);
        let texts = before.expressions.iter().chain(&before.condition);
        if self.names_lost(before.fields.iter().chain(&before.include), texts) {
            return None;
        }
        let named = all.iter().find(|after| after.name == before.name);
        match named {
            Some(named) => Some(named).filter(is_same),
            None => all
                .iter()
                .filter(is_same)
                .find(|after| !self.before.options.indexes.iter().any(|other| other.name == after.name)),
        }
    }

    /// The constraint that this one becomes: of the same name, or the same rule under a name that follows from it.
    fn constraint_after(&self, before: &Constraint) -> Option<&Constraint> {
        let all = &self.after.options.constraints;
        let is_meant = |after: &&Constraint| {
            is_same_rule(before, after)
                && self.after.constraint_name(&unnamed_rule(after)) == after.name
                && !self.before.options.constraints.iter().any(|other| other.name == after.name)
        };
        all.iter().find(|after| after.name == before.name).or_else(|| all.iter().find(is_meant))
    }

    /// Changes what the model says beside its fields.
    pub(super) fn alter_options(&self) -> Vec<Operation> {
        let (before, after, model) = (&self.before.options, &self.after.options, self.model());
        let mut operations = Vec::new();
        if self.before.table() != self.after.table() {
            let table = after.table.clone();
            operations.push(Operation::AlterModelTable(AlterModelTable { model: model.clone(), table }));
        }
        if before.db_comment != after.db_comment {
            let comment = after.db_comment.clone();
            operations.push(Operation::AlterModelTableComment(AlterModelTableComment {
                model: model.clone(),
                comment,
            }));
        }
        let [before, after] = [&self.before, &self.after]
            .map(|model| AlterModelOptions { model: self.model(), ..AlterModelOptions::of(model) });
        if before != after {
            operations.push(Operation::AlterModelOptions(after));
        }
        operations
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_done(&self) -> bool {
        self.gone().next().is_none()
            && self.come().next().is_none()
            && self.altered().next().is_none()
            && [self.drop_rules(), self.add_rules(), self.alter_options()].iter().all(Vec::is_empty)
            && self.before.name == self.after.name
    }
}

/// Whether two fields of one name are the same. Models are named in whatever case.
pub(super) fn is_same(before: &Field, after: &Field) -> bool {
    let lower = |field: &Field| {
        let mut field = field.clone();
        for name in field.to.iter_mut().chain(&mut field.through) {
            name.make_ascii_lowercase();
        }
        field
    };
    lower(before) == lower(after)
}

fn unnamed(index: &Index) -> Index {
    Index { name: String::new(), ..index.clone() }
}

fn unnamed_rule(constraint: &Constraint) -> Constraint {
    Constraint { name: String::new(), ..constraint.clone() }
}

fn is_same_rule(before: &Constraint, after: &Constraint) -> bool {
    unnamed_rule(before) == unnamed_rule(after)
}

fn is_generated_index(model: &ModelState, index: &Index) -> bool {
    model.index_name(&unnamed(index)) == index.name
}

/// Brings an index.
pub(super) fn add_index(model: &ModelState, index: &Index) -> Operation {
    Operation::AddIndex(AddIndex { model: model.name.clone(), index: index.clone(), concurrently: false })
}

/// Brings a constraint.
pub(super) fn add_constraint(model: &ModelState, constraint: &Constraint) -> Operation {
    let (model, constraint) = (model.name.clone(), constraint.clone());
    Operation::AddConstraint(AddConstraint { model, constraint, not_valid: false, concurrently: false })
}

/// Brings a field.
pub(super) fn add_field(model: &ModelState, field: &Field, preserve_default: bool) -> Operation {
    Operation::AddField(AddField { model: model.name.clone(), field: field.clone(), preserve_default })
}
