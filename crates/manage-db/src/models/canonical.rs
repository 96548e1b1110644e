//! The one form of a model: what two people may write in two ways is the same afterwards.

use super::constraints::Constraint;
use super::fields::{Field, FieldType, OnDelete};
use super::meta::ModelState;

impl ModelState {
    /// Adds what is left out where it is always the same, and leaves out what says no more than its absence: the key
    /// `id`, names of indexes and constraints, defaults.
    pub fn complete(&mut self) {
        if self.primary_key().is_none() {
            let mut id = Field::new("id", FieldType::BigAuto);
            id.primary_key = true;
            self.fields.insert(0, id);
        }
        if self.options.table.as_deref() == Some(&*self.default_table()) {
            self.options.table = None;
        }
        self.options.managed = self.options.managed.filter(|managed| !managed);
        let (app, name) = (&self.app, &self.name);
        self.fields.iter_mut().for_each(|field| field.complete(app, name));
        let names: Vec<String> = self.options.indexes.iter().map(|index| self.index_name(index)).collect();
        for (index, name) in self.options.indexes.iter_mut().zip(names) {
            index.name = name;
        }
        let names: Vec<String> =
            self.options.constraints.iter().map(|constraint| self.constraint_name(constraint)).collect();
        for (constraint, name) in self.options.constraints.iter_mut().zip(names) {
            constraint.name = name;
            constraint.complete();
        }
    }
}

impl Constraint {
    /// As [`ModelState::complete`].
    pub(crate) fn complete(&mut self) {
        self.deferrable = self.deferrable.filter(|deferrable| *deferrable);
        self.nulls_distinct = self.nulls_distinct.filter(|distinct| !distinct);
    }
}

impl Field {
    /// As [`ModelState::complete`], for a field of the model `name` of `app`.
    pub(crate) fn complete(&mut self, app: &str, name: &str) {
        self.on_delete = self.on_delete.filter(|action| *action != OnDelete::Cascade);
        self.on_update = self.on_update.filter(|action| *action != OnDelete::DoNothing);
        self.deferrable = self.deferrable.filter(|deferrable| !deferrable);
        self.db_constraint = self.db_constraint.filter(|is_checked| !is_checked);
        self.stored = self.stored.filter(|stored| !stored);
        self.unique &= self.kind != FieldType::OneToOne && !self.primary_key;
        let is_indexed = self.db_index.take();
        if is_indexed != Some(self.has_index()) {
            self.db_index = is_indexed.filter(|_| !self.is_unique() && !self.primary_key);
        }
        let length = self.max_length.take();
        if self.text_length() != length {
            self.max_length = length;
        }
        let column = self.db_column.take();
        self.db_column = column.filter(|column| *column != self.column());
        self.to = self.to.take().map(|to| label(app, name, to));
        self.through = self.through.take().map(|to| label(app, name, to));
    }
}

/// A model as one model points to another: `auth.User`, or `self`.
fn label(app: &str, name: &str, to: String) -> String {
    let own = |to: &str| to.eq_ignore_ascii_case(&format!("{app}.{name}"));
    match to.contains('.') || to == "self" {
        true if own(&to) => "self".to_owned(),
        true => to,
        false if to.eq_ignore_ascii_case(name) => "self".to_owned(),
        false => format!("{app}.{to}"),
    }
}
