//! The models as they are at one point of the history, replayed from files alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::models::{Field, FieldType, ModelState};

/// All models at one point. A clone shares the models, so it is cheap.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectState {
    models: BTreeMap<Arc<str>, Arc<ModelState>>,
}

fn key(app: &str, name: &str) -> String {
    let mut key = String::with_capacity(app.len() + name.len() + 1);
    key.push_str(app);
    key.push('.');
    key.extend(name.chars().map(|c| c.to_ascii_lowercase()));
    key
}

impl ProjectState {
    /// The model `name` of `app`, whatever the case of its name.
    pub fn get(&self, app: &str, name: &str) -> Option<&Arc<ModelState>> {
        self.models.get(key(app, name).as_str())
    }

    /// The model that `to` points to, seen from `model`: `auth.User`, `self`, or a model of the same app.
    pub fn target(&self, model: &ModelState, to: &str) -> Option<&Arc<ModelState>> {
        match to.split_once('.') {
            Some((app, name)) => self.get(app, name),
            None if to == "self" => self.get(&model.app, &model.name),
            None => self.get(&model.app, to),
        }
    }

    /// All models with what they are found by, in its order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Arc<ModelState>)> {
        self.models.iter().map(|(key, model)| (&**key, model))
    }

    /// The model that is found by this.
    pub(crate) fn by_key(&self, key: &str) -> Option<&Arc<ModelState>> {
        self.models.get(key)
    }

    /// All models, sorted by app and name.
    pub fn models(&self) -> impl Iterator<Item = &Arc<ModelState>> {
        self.models.values()
    }

    /// Adds a model.
    ///
    /// # Errors
    /// A sentence when it is there already.
    pub fn add(&mut self, model: ModelState) -> Result<(), String> {
        let key = key(&model.app, &model.name);
        if self.models.contains_key(key.as_str()) {
            return Err(format!("model {} exists already", model.label()));
        }
        self.models.insert(key.into(), Arc::new(model));
        Ok(())
    }

    /// Takes a model away.
    ///
    /// # Errors
    /// A sentence when it is not there, or another model points to it.
    pub fn remove(&mut self, app: &str, name: &str) -> Result<Arc<ModelState>, String> {
        let model = self.require(app, name)?;
        if let Some((other, field)) = self.reference_to(model) {
            return Err(format!(
                "model {} cannot be deleted: {}.{} points to it",
                model.label(),
                other.label(),
                field.name
            ));
        }
        self.models.remove(key(app, name).as_str()).ok_or_else(|| missing(app, name))
    }

    /// Calls a model otherwise, or lets another app have it. Models that point to it follow.
    ///
    /// # Errors
    /// A sentence when it is not there, or another model has the name.
    pub(crate) fn rename(&mut self, from: (&str, &str), to: (&str, &str)) -> Result<(), String> {
        let model = self.require(from.0, from.1)?.clone();
        let is_other = key(from.0, from.1) != key(to.0, to.1);
        if let Some(other) = self.get(to.0, to.1).filter(|_| is_other) {
            return Err(format!("model {} exists already", other.label()));
        }
        let label = format!("{}.{}", to.0, to.1);
        let pointing: Vec<Arc<str>> = self
            .models
            .iter()
            .filter(|(_, other)| !Arc::ptr_eq(other, &model) && self.points_to(other, &model))
            .map(|(key, _)| Arc::clone(key))
            .collect();
        let before = self.clone();
        for key in &pointing {
            let Some(other) = self.models.get_mut(key) else { continue };
            let seen = Arc::clone(other);
            for name in Arc::make_mut(other).fields.iter_mut().flat_map(names_of) {
                if before.target(&seen, name).is_some_and(|target| Arc::ptr_eq(target, &model)) {
                    name.clone_from(&label);
                }
            }
        }
        self.models.remove(key(from.0, from.1).as_str());
        let mut renamed = ModelState::clone(&model);
        (renamed.app, renamed.name) = (to.0.to_owned(), to.1.to_owned());
        self.models.insert(key(to.0, to.1).into(), Arc::new(renamed));
        Ok(())
    }

    fn points_to(&self, other: &ModelState, model: &Arc<ModelState>) -> bool {
        let mut names = other.fields.iter().flat_map(Field::targets);
        names.any(|to| self.target(other, to).is_some_and(|target| Arc::ptr_eq(target, model)))
    }

    /// Calls a field otherwise. Keys that point to it follow.
    ///
    /// # Errors
    /// A sentence when it is not there, or another field has the name.
    pub(crate) fn rename_field(
        &mut self,
        (app, name): (&str, &str),
        from: &str,
        to: &str,
    ) -> Result<(), String> {
        let model = Arc::clone(self.require(app, name)?);
        if model.field(to).is_some() {
            return Err(format!("model {} has a field `{to}` already", model.label()));
        }
        let is_key = |other: &ModelState, field: &Field| {
            // Most keys name no field, and to look for a model takes longer than to see that.
            field.to_field.as_deref() == Some(from)
                && field
                    .to
                    .as_deref()
                    .and_then(|to| self.target(other, to))
                    .is_some_and(|one| Arc::ptr_eq(one, &model))
        };
        let keys: Vec<(Arc<str>, usize)> = self
            .models
            .iter()
            .flat_map(|(key, other)| {
                other.fields.iter().enumerate().map(move |(at, field)| (key, other, at, field))
            })
            .filter(|(_, other, _, field)| is_key(other, field))
            .map(|(key, _, at, _)| (Arc::clone(key), at))
            .collect();
        for (key, at) in keys {
            if let Some(other) = self.models.get_mut(&key) {
                Arc::make_mut(other).fields[at].to_field = Some(to.to_owned());
            }
        }
        self.change(app, name, |model| {
            model.field(from).ok_or_else(|| no_field(model, from))?;
            model.rename_field(from, to);
            Ok(())
        })
    }

    /// Changes a model.
    ///
    /// # Errors
    /// A sentence when it is not there, and those of `change`.
    pub fn change(
        &mut self,
        app: &str,
        name: &str,
        change: impl FnOnce(&mut ModelState) -> Result<(), String>,
    ) -> Result<(), String> {
        let model = self.models.get_mut(key(app, name).as_str()).ok_or_else(|| missing(app, name))?;
        change(Arc::make_mut(model))
    }

    /// The model `name` of `app`.
    ///
    /// # Errors
    /// A sentence when it is not there.
    pub fn require(&self, app: &str, name: &str) -> Result<&Arc<ModelState>, String> {
        self.get(app, name).ok_or_else(|| missing(app, name))
    }

    /// A field of any model that points to the field `name` of `model`, if there is one.
    pub(crate) fn reference_to_field(&self, model: &ModelState, name: &str) -> Option<String> {
        let fields = self.models().flat_map(|other| other.fields.iter().map(move |field| (other, field)));
        let mut pointing = fields.filter(|(other, field)| {
            let to = || field.to.as_deref().and_then(|to| self.target(other, to));
            field.to_field.as_deref() == Some(name) && to().is_some_and(|to| to.label() == model.label())
        });
        pointing.next().map(|(other, field)| format!("{}.{}", other.label(), field.name))
    }

    /// A field of any model that points to rows of `model` by their primary key, if there is one.
    pub(crate) fn pointer_to_key(&self, model: &ModelState) -> Option<String> {
        let key = model.primary_key()?;
        let is_this = |other: &ModelState, to: &Option<String>| {
            let to = to.as_deref().and_then(|to| self.target(other, to));
            to.is_some_and(|to| to.label() == model.label())
        };
        let points = |other: &ModelState, field: &Field| match field.kind {
            FieldType::ManyToMany => {
                field.through.is_none() && (is_this(other, &field.to) || other.label() == model.label())
            }
            _ => is_this(other, &field.to) && field.to_field.as_ref().is_none_or(|name| *name == key.name),
        };
        let mut fields = self.models().flat_map(|other| other.fields.iter().map(move |field| (other, field)));
        let found = fields.find(|(other, field)| points(other, field));
        found.map(|(other, field)| format!("{}.{}", other.label(), field.name))
    }

    /// A model by which rows could not be told apart, if there is one.
    pub(crate) fn without_key(&self) -> Option<&ModelState> {
        self.models().find(|model| model.primary_key().is_none()).map(|model| &**model)
    }

    /// A field of another model that points to `model`, if there is one.
    fn reference_to(&self, model: &ModelState) -> Option<(&ModelState, &Field)> {
        let others = self.models().filter(|other| other.label() != model.label());
        others.flat_map(|other| other.fields.iter().map(move |field| (&**other, field))).find(
            |(other, field)| {
                field
                    .targets()
                    .any(|to| self.target(other, to).is_some_and(|target| target.label() == model.label()))
            },
        )
    }
}

/// The models that a field points to.
fn names_of(field: &mut Field) -> impl Iterator<Item = &mut String> {
    field.to.iter_mut().chain(field.through.iter_mut())
}

/// What to say about a field that is not there.
pub(crate) fn no_field(model: &ModelState, name: &str) -> String {
    format!("model {} has no field `{name}` at this point", model.label())
}

fn missing(app: &str, name: &str) -> String {
    format!("there is no model {app}.{name} at this point")
}
