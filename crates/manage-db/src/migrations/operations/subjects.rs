//! What an operation is about, in names: enough to say whether it and the next one can change places.

use std::collections::BTreeSet;

use crate::models::{Constraint, Field, Index, ModelState};

/// App and name of a model in lower case: names of models compare without case.
pub type ModelName = (String, String);

/// The name of a model to compare with others.
pub(crate) fn model_name(app: &str, model: &str) -> ModelName {
    (app.to_owned(), model.to_ascii_lowercase())
}

/// How much of its models an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Extent {
    /// The fields, indexes and constraints that it names.
    #[default]
    Parts,
    /// All of the model, but for what it is called.
    Whole,
    /// Whether the model is there, and under which name.
    Existence,
}

/// A list of a model, at whose end something new stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the lists of a model")]
pub enum List {
    Fields,
    Indexes,
    Constraints,
}

/// What an operation is about. In doubt it says more than is true: that costs a shorter list, and never a wrong one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subjects {
    /// Models that it makes, changes or takes away.
    pub models: BTreeSet<ModelName>,
    /// How much of them.
    pub extent: Extent,
    /// Models that its fields point to, each with the field that a key names.
    pub targets: BTreeSet<(ModelName, Option<String>)>,
    /// Fields of its model that it names, in lower case; none: it may name any.
    pub fields: Option<BTreeSet<String>>,
    /// Other parts of its model that it names, in lower case: indexes and constraints, which share their names.
    pub names: BTreeSet<String>,
    /// The list to whose end it adds: what stands in another order is another state.
    pub adds_to: Option<List>,
    /// Whether something may be free afterwards that was taken: a name in the database, a column, a model or a key that
    /// something pointed to.
    pub releases: bool,
    /// Whether it may need that something is free.
    pub claims: bool,
    /// Whether a field of its model is the primary key from here on: another one has to be none before.
    pub gives_key: bool,
}

impl Subjects {
    /// An operation on parts of a model, which names no field so far.
    pub(crate) fn parts(app: &str, model: &str) -> Self {
        Self {
            models: BTreeSet::from([model_name(app, model)]),
            fields: Some(BTreeSet::new()),
            ..Self::default()
        }
    }

    /// An operation on all of a model.
    pub(crate) fn whole(app: &str, model: &str) -> Self {
        Self { extent: Extent::Whole, ..Self::parts(app, model) }
    }

    /// An operation by which the model comes, goes, or is called otherwise. It takes names in the database.
    pub(crate) fn existence(app: &str, model: &str) -> Self {
        Self { extent: Extent::Existence, fields: None, claims: true, ..Self::parts(app, model) }
    }

    /// It is also about these fields of its model.
    #[must_use]
    pub(crate) fn with_fields<'a>(mut self, names: impl IntoIterator<Item = &'a String>) -> Self {
        if let Some(fields) = &mut self.fields {
            fields.extend(names.into_iter().map(|name| name.trim_start_matches('-').to_ascii_lowercase()));
        }
        self
    }

    /// It is also about these indexes or constraints. One without a name is called by columns and the table, so that it is
    /// about everything.
    #[must_use]
    pub(crate) fn with_names<'a>(mut self, names: impl IntoIterator<Item = &'a String>) -> Self {
        for name in names {
            match name.as_str() {
                "" => self.extent = self.extent.max(Extent::Whole),
                name => drop(self.names.insert(name.to_ascii_lowercase())),
            }
        }
        self
    }

    /// It gives a model this field.
    #[must_use]
    pub(crate) fn with_field(mut self, (app, model): (&str, &str), field: &Field) -> Self {
        let targets = [(&field.to, field.to_field.clone()), (&field.through, None)];
        for (to, to_field) in targets {
            let Some(to) = to.as_deref() else { continue };
            let target = match to.split_once('.') {
                Some((app, name)) => model_name(app, name),
                None if to == "self" => model_name(app, model),
                None => model_name(app, to),
            };
            self.targets.insert((target, to_field.map(|name| name.to_ascii_lowercase())));
        }
        // SQL names columns, and nobody says which.
        if field.expression.is_some() {
            self.extent = self.extent.max(Extent::Whole);
        }
        self.with_fields([&field.name])
    }

    /// It gives its model this index.
    #[must_use]
    pub(crate) fn with_index(mut self, index: &Index) -> Self {
        if !index.expressions.is_empty() || index.condition.is_some() {
            self.fields = None;
        }
        self.with_fields(index.fields.iter().chain(&index.include)).with_names([&index.name])
    }

    /// It gives its model this constraint.
    #[must_use]
    pub(crate) fn with_constraint(mut self, constraint: &Constraint) -> Self {
        let mut sql = [&constraint.check, &constraint.exclude, &constraint.condition].into_iter().flatten();
        if sql.next().is_some() {
            self.fields = None;
        }
        self.with_fields(&constraint.unique).with_names([&constraint.name])
    }

    /// An operation that makes a model.
    pub(crate) fn creation(app: &str, model: &ModelState) -> Self {
        let subjects = Self::existence(app, &model.name);
        model.fields.iter().fold(subjects, |subjects, field| subjects.with_field((app, &model.name), field))
    }

    /// Whether this and the operation behind it may change places: the models are the same afterwards, and each finds what
    /// it needs.
    ///
    /// What a field was before it is altered nobody knows here. That it gives up a key or a column without saying so, and
    /// another takes that in the same list, is not looked for; the replay would refuse it.
    pub fn may_swap(&self, next: &Self) -> bool {
        let is_apart = self.models.is_disjoint(&next.models) || self.parts_are_apart(next);
        is_apart
            && !(self.releases && next.claims)
            && next.leaves_targets_of(self)
            && self.is_no_target_of(next)
    }

    /// Whether this and the operation behind it, on one model, are about different parts of it.
    fn parts_are_apart(&self, other: &Self) -> bool {
        let fields = match (&self.fields, &other.fields) {
            (Some(own), Some(others)) => own.is_disjoint(others),
            // Any field may be one of those that the other names.
            (None, Some(named)) | (Some(named), None) => named.is_empty(),
            (None, None) => false,
        };
        self.extent.max(other.extent) == Extent::Parts
            && fields
            && !other.gives_key
            && self.names.is_disjoint(&other.names)
            && (self.adds_to.is_none() || self.adds_to != other.adds_to)
    }

    /// Whether what points to its models, by an operation before it, may come after it.
    fn leaves_targets_of(&self, before: &Self) -> bool {
        let mut targets = before.targets.iter().filter(|(model, _)| self.models.contains(model));
        targets.all(|(_, field)| self.extent != Extent::Existence && !self.names_field(field.as_ref()))
    }

    /// Whether what points to its models, by an operation after it, may come before it.
    fn is_no_target_of(&self, next: &Self) -> bool {
        let mut targets = next.targets.iter().filter(|(model, _)| self.models.contains(model));
        targets.all(|(_, field)| {
            let is_kept = !self.releases && !self.gives_key && self.extent != Extent::Existence;
            is_kept && !self.names_field(field.as_ref())
        })
    }

    fn names_field(&self, name: Option<&String>) -> bool {
        name.is_some_and(|name| self.fields.as_ref().is_none_or(|fields| fields.contains(name)))
    }
}
