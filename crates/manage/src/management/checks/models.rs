//! Models: relations that lead somewhere, fields that say enough.

use std::collections::BTreeMap;

use crate::checks::Message;
use crate::db::models::{Field, FieldType, ModelState};
use crate::management::base::Installed;
use crate::setup::Project;

/// What is wrong with the models, with Django's numbers where Django has the check.
pub(super) fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    let mut found = Vec::new();
    let mut tables: BTreeMap<(Vec<&str>, String), String> = BTreeMap::new();
    for model in project.models.iter() {
        let aliases: Vec<&str> = project.router.aliases(&model.app).collect();
        if let Some(other) = tables.insert((aliases, model.table()), model.label()) {
            let text = format!("the table `{}` is used by {other} as well", model.table());
            found.push(Message::error("models.E028", model.label(), text));
        }
        found.extend(model.fields.iter().flat_map(|field| check_field(project, model, field)));
        found.extend(check_names(model));
    }
    found
}

fn check_field(project: &Project, model: &ModelState, field: &Field) -> Vec<Message> {
    let object = format!("{}.{}", model.label(), field.name);
    let mut found = Vec::new();
    if let Some(target) = &field.to
        && target != "self"
        && project.models.get(target).is_none()
    {
        let text = format!("the field points to `{target}`, which is not installed");
        found
            .push(Message::error("fields.E300", &object, text).hint("add its app to `apps` in the settings"));
    }
    if field.kind == FieldType::Char && field.max_length.is_none() {
        found.push(Message::error("fields.E120", &object, "a Char field needs `max_length`"));
    }
    if field.kind == FieldType::Decimal && (field.max_digits.is_none() || field.decimal_places.is_none()) {
        found.push(Message::error(
            "fields.E130",
            &object,
            "a Decimal field needs `max_digits` and `decimal_places`",
        ));
    }
    if field.primary_key && field.null {
        found.push(Message::error("fields.E007", &object, "a primary key cannot be null"));
    }
    found
}

/// Names in `ordering`, indexes and constraints must be fields.
fn check_names(model: &ModelState) -> Vec<Message> {
    let options = &model.options;
    let ordering = options.ordering.iter().map(|name| ("models.E015", "ordering", name));
    let indexes =
        options.indexes.iter().flat_map(|index| &index.fields).map(|name| ("models.E012", "an index", name));
    let unique = options.constraints.iter().flat_map(|constraint| &constraint.unique);
    let unique = unique.map(|name| ("models.E012", "a constraint", name));
    ordering
        .chain(indexes)
        .chain(unique)
        .filter(|(_, _, name)| !is_field(model, name.trim_start_matches('-')))
        .map(|(id, place, name)| {
            Message::error(id, model.label(), format!("{place} names `{name}`, which is no field"))
        })
        .collect()
}

fn is_field(model: &ModelState, name: &str) -> bool {
    name == "pk" || model.fields.iter().any(|field| field.name == name || field.column() == name)
}
