//! What operations on fields come to.

use std::collections::VecDeque;

use super::group::{Group, Phase};
use super::twins::{beside, twins};
use crate::backends::base::mentions;
use crate::backends::base::tables::ColumnType;
use crate::migrations::autodetector::step::is_by_row;
use crate::migrations::constants::column_type;
use crate::migrations::operations::{
    AddField, AddTrigger, AlterField, AlterModelOptions, FillField, Operation, RemoveField, RemoveTrigger,
    RenameField, SwapFields, Trigger,
};
use crate::migrations::state::{ProjectState, no_field};
use crate::models::{DefaultValue, Field, FieldType, ModelState};

/// Texts of up to so many characters have one byte for their length on some databases, longer ones two.
const SHORT_TEXT: u32 = 63;

/// A field that comes. What programs of before put in does without it, so the database has to give a value.
pub(super) fn added(model: &ModelState, field: &Field, preserve_default: bool) -> Result<Group, String> {
    let add =
        |field: Field| Operation::AddField(AddField { model: model.name.clone(), field, preserve_default });
    if field.primary_key {
        return Err("a primary key comes".to_owned());
    }
    if !field.is_concrete() || field.expression.is_some() {
        return Ok(Group::plain(add(field.clone())));
    }
    if field.null || field.db_default.is_some() {
        return Ok(match has_rules(field) {
            false => Group::plain(add(field.clone())),
            true => Group::default()
                .with(
                    Phase::Ahead,
                    add(Field { null: field.null, db_default: field.db_default.clone(), ..open(field) }),
                )
                .with(Phase::Build, alter(model, field.clone(), preserve_default)),
        });
    }
    let value = field.default.clone().ok_or("its rows would have no value")?;
    if !is_by_row(field, &value) && !has_rules(field) {
        let kept = field.default.clone().filter(|_| preserve_default);
        let given = Field { db_default: Some(value), default: kept, ..field.clone() };
        let add = AddField { model: model.name.clone(), field: given, preserve_default: true };
        return Ok(Group::default()
            .with(Phase::Ahead, Operation::AddField(add))
            .with(Phase::Contract, alter(model, field.clone(), preserve_default)));
    }
    let trigger = Trigger { field: field.name.clone(), with: None, from: None, value: Some(value.clone()) };
    let built = Field { null: true, default: None, ..field.clone() };
    Ok(Group::default()
        .with(Phase::Ahead, add(open(field)))
        .with(Phase::Ahead, add_trigger(model, &trigger))
        .with(Phase::Fill, fill(model, &field.name, Some(value), None))
        .with_all(has_rules(field).then(|| (Phase::Build, alter(model, built, true))))
        .with(Phase::Contract, alter(model, field.clone(), preserve_default))
        .with(Phase::Contract, remove_trigger(model, &trigger)))
}

/// A field that goes, once nobody reads it. Until then those who do not know it may leave it out.
pub(super) fn removed(model: &ModelState, name: &str) -> Result<Group, String> {
    let field = model.field(name).ok_or_else(|| no_field(model, name))?;
    if field.primary_key {
        return Err("the primary key goes".to_owned());
    }
    let remove = RemoveField { model: model.name.clone(), name: name.to_owned() };
    Ok(Group::default().with_all(relaxed(model, field)).with(Phase::Contract, Operation::RemoveField(remove)))
}

/// A field that is called otherwise: another one comes, and both have the same values until the old one goes.
pub(super) fn renamed(
    state: &ProjectState,
    model: &ModelState,
    rename: &RenameField,
    next: &VecDeque<Operation>,
) -> Result<Group, String> {
    let RenameField { from, to, .. } = rename;
    let old = model.field(from).ok_or_else(|| no_field(model, from))?;
    let same = Field { name: to.clone(), ..old.clone() };
    if old.is_concrete() && old.column() == same.column() {
        return Ok(Group::plain(Operation::RenameField(rename.clone())));
    }
    check_free(state, model, old)?;
    if old.column().eq_ignore_ascii_case(&same.column()) {
        return Err("its column would differ by its case alone, for which many databases do not care: say `db_column`".to_owned());
    }
    // A change of the same field is done with it.
    let changes = |operation: &Operation| match operation {
        Operation::AlterField(alter)
            if alter.model.eq_ignore_ascii_case(&model.name) && alter.field.name == *to =>
        {
            Some((alter.field.clone(), alter.preserve_default))
        }
        _ => None,
    };
    let folds = next.iter().position(|operation| changes(operation).is_some());
    let (new, preserve_default) = folds.and_then(|at| changes(&next[at])).unwrap_or((same, true));
    if old.null && !new.null {
        return Err(format!(
            "`{from}` is called otherwise and takes no NULL any more: do one after the other"
        ));
    }
    if old.null && old.db_default.is_some() {
        return Err(format!(
            "NULL in `{to}` could not be told from nothing, for which `{from}` has a default: let the column keep its name, by `db_column`"
        ));
    }
    let both = Trigger { field: to.clone(), with: Some(from.clone()), from: None, value: None };
    let built = Field { null: true, db_default: None, default: None, ..new.clone() };
    let is_open = new != if has_rules(&new) { built.clone() } else { open(&new) };
    let remove = RemoveField { model: model.name.clone(), name: from.clone() };
    let group = Group::default()
        .with(Phase::Ahead, add(model, open(&new)))
        .with_all(relaxed(model, old))
        .with(Phase::Ahead, add_trigger(model, &both))
        .with_all(keyed(&new).map(|field| (Phase::Fill, alter(model, field, true))))
        .with(Phase::Fill, fill(model, to, None, Some(from)))
        .with_all(has_rules(&new).then(|| (Phase::Build, alter(model, built, true))))
        .with(Phase::Contract, refill(model, from, to))
        .with_all(is_open.then(|| (Phase::Contract, alter(model, new, preserve_default))))
        .with(Phase::Contract, remove_trigger(model, &both))
        .with_all(twins(model, (from, to), false))
        .with_all(reordered(model, from, to))
        .with(Phase::Contract, Operation::RemoveField(remove));
    Ok(Group { folds, ..group })
}

/// A field that changes.
pub(super) fn altered(
    state: &ProjectState,
    model: &ModelState,
    operation: &AlterField,
) -> Result<Group, String> {
    let AlterField { field: new, preserve_default, .. } = operation;
    let old = model.field(&new.name).ok_or_else(|| no_field(model, &new.name))?;
    let as_it_is = Group::plain(Operation::AlterField(operation.clone()));
    if !old.is_concrete() || !new.is_concrete() {
        let is_same = (&old.to, &old.db_table, &old.through) == (&new.to, &new.db_table, &new.through);
        return if is_same { Ok(as_it_is) } else { Err("its pairs would move".to_owned()) };
    }
    if old.expression != new.expression || old.primary_key != new.primary_key {
        return Err("it would be computed otherwise, or the primary key another one".to_owned());
    }
    if old.column() != new.column() {
        return Err("its column would be called otherwise: add another field instead".to_owned());
    }
    if is_retyped(state, model, (old, new)) {
        check_free(state, model, old)?;
        let families = [old, new].map(|field| stored(state, model, field).map(ColumnType::family));
        if families[0] != families[1] {
            return Err(
                "what programs of before write would be of another sort: add a field of another name"
                    .to_owned(),
            );
        }
        return match old.null && !new.null {
            true => Err("its type changes, and it takes no NULL any more: do one after the other".to_owned()),
            false => retyped(model, (old, new), *preserve_default),
        };
    }
    if old.kind.is_foreign_key() && new.kind.is_foreign_key() && old.to != new.to {
        return Err("it would point to another model: add another field instead".to_owned());
    }
    let is_closed = old.null && !new.null;
    let is_built = rules(new).iter().zip(rules(old)).any(|(new, old)| *new && !old);
    if is_closed {
        return Ok(closed(model, new, *preserve_default, is_built));
    }
    Ok(match (is_built, old.db_default.is_some() && new.db_default.is_none()) {
        (true, _) => Group::default().with(Phase::Build, alter(model, new.clone(), *preserve_default)),
        (false, true) => Group::default().with(Phase::Contract, Operation::AlterField(operation.clone())),
        (false, false) => as_it_is,
    })
}

/// A field that takes no NULL any more: programs of before may still write one, and a trigger gives those rows a value.
fn closed(model: &ModelState, new: &Field, preserve_default: bool, is_built: bool) -> Group {
    let last = (Phase::Contract, alter(model, new.clone(), preserve_default));
    let built = || (Phase::Build, alter(model, Field { null: true, default: None, ..new.clone() }, true));
    let Some(value) = new.db_default.as_ref().or(new.default.as_ref()) else {
        return Group::default().with_all(is_built.then(built)).with_all([last]);
    };
    let trigger = Trigger { field: new.name.clone(), with: None, from: None, value: Some(value.clone()) };
    Group::default()
        .with(Phase::Ahead, add_trigger(model, &trigger))
        .with(Phase::Fill, fill(model, &new.name, Some(value.clone()), None))
        .with_all(is_built.then(built))
        .with_all([last])
        .with(Phase::Contract, remove_trigger(model, &trigger))
}

/// A field of another type: one of that type follows it, and takes its place at once.
fn retyped(
    model: &ModelState,
    (old, new): (&Field, &Field),
    preserve_default: bool,
) -> Result<Group, String> {
    let name = &old.name;
    let beside = beside(name);
    if model.field(&beside).is_some() {
        return Err(format!("there is a field `{beside}`, which is what the new column would be called"));
    }
    let called = |field: Field| Field { name: beside.clone(), ..field };
    let follows = Trigger { field: beside.clone(), with: None, from: Some(name.clone()), value: None };
    let swap = SwapFields { model: model.name.clone(), fields: [name.clone(), beside.clone()] };
    let built = Field { null: true, default: None, ..new.clone() };
    let remove = RemoveField { model: model.name.clone(), name: beside.clone() };
    let is_built = built != Field { name: name.clone(), ..open(new) };
    Ok(Group::default()
        .with(Phase::Ahead, add(model, called(open(new))))
        .with_all(relaxed(model, old))
        .with(Phase::Ahead, add_trigger(model, &follows))
        .with(Phase::Fill, fill(model, &beside, None, Some(name)))
        .with_all(is_built.then(|| (Phase::Build, alter(model, called(built.clone()), true))))
        .with(Phase::Swap, Operation::SwapFields(swap))
        .with(Phase::Swap, refill(model, &beside, name))
        .with(Phase::Swap, remove_trigger(model, &follows))
        .with_all((*new != built).then(|| (Phase::Close, alter(model, new.clone(), preserve_default))))
        .with_all(twins(model, (name, &beside), true))
        .with(Phase::Contract, Operation::RemoveField(remove)))
}

/// Whether rows have to be written anew for another type of the column.
fn is_retyped(state: &ProjectState, model: &ModelState, (old, new): (&Field, &Field)) -> bool {
    let kinds = (stored(state, model, old), stored(state, model, new));
    let is_longer = match kinds {
        (Some(ColumnType::Char(old)), Some(ColumnType::Char(new))) => {
            old <= new && (old > SHORT_TEXT || new <= SHORT_TEXT)
        }
        (old, new) => old == new,
    };
    !is_longer || old.db_type != new.db_type || old.db_collation != new.db_collation
}

/// The type of a field's column: a key has that of what it points to.
fn stored(state: &ProjectState, model: &ModelState, field: &Field) -> Option<ColumnType> {
    if !field.kind.is_foreign_key() {
        return column_type(field);
    }
    let target = state.target(model, field.to.as_deref()?)?;
    let pointed = match &field.to_field {
        Some(name) => target.field(name),
        None => target.primary_key(),
    }?;
    // A key that points to a key: whatever that is, both are the same.
    if pointed.kind.is_foreign_key() { None } else { column_type(pointed).map(ColumnType::of_reference) }
}

/// Refuses a field that others stand on.
fn check_free(state: &ProjectState, model: &ModelState, field: &Field) -> Result<(), String> {
    let reads = |other: &&Field| {
        let texts = other.expression.iter().flat_map(crate::SqlText::texts);
        texts.into_iter().any(|sql| mentions(sql, &field.column()))
    };
    if field.primary_key || !field.is_concrete() || field.expression.is_some() {
        let what = match () {
            () if field.primary_key => "is the primary key",
            () if field.expression.is_some() => "is computed",
            () => "has a table of its own",
        };
        return Err(format!("`{}` {what}", field.name));
    }
    if field.db_column.is_some() {
        return Err(format!("`{}` says `db_column`", field.name));
    }
    if let Some(pointing) = state.reference_to_field(model, &field.name) {
        return Err(format!("{pointing} points to `{}`", field.name));
    }
    match model.fields.iter().find(reads) {
        Some(computed) => Err(format!("`{}` is computed from `{}`", computed.name, field.name)),
        None => Ok(()),
    }
}

/// The field without all that makes others wait, or that rows which exist could break.
fn open(field: &Field) -> Field {
    let is_key = field.kind.is_foreign_key();
    let kind = if field.kind == FieldType::OneToOne { FieldType::ForeignKey } else { field.kind };
    let by_kind = is_key || kind == FieldType::Slug;
    Field {
        kind,
        null: true,
        unique: false,
        default: None,
        db_default: None,
        db_index: by_kind.then_some(false),
        db_constraint: if is_key { Some(false) } else { field.db_constraint },
        ..field.clone()
    }
}

/// The open field as a key that is held to, if it is one: what a database does to rows when others go, by their keys, it does
/// without triggers on some, so that there has to be a key before there are values.
fn keyed(field: &Field) -> Option<Field> {
    let [.., is_key] = rules(field);
    is_key.then(|| Field { db_constraint: field.db_constraint, ..open(field) })
}

/// The rules of a field that have to be built or checked: uniqueness, an index, a key.
fn rules(field: &Field) -> [bool; 3] {
    let is_key = field.kind.is_foreign_key() && field.db_constraint != Some(false);
    [field.is_unique(), field.has_index(), is_key]
}

fn has_rules(field: &Field) -> bool {
    rules(field).contains(&true)
}

/// A field that those who do not know it may leave out.
fn relaxed(model: &ModelState, field: &Field) -> Option<(Phase, Operation)> {
    let needs_value =
        field.is_concrete() && !field.null && field.db_default.is_none() && field.expression.is_none();
    let relaxed = Field { null: true, ..field.clone() };
    needs_value.then(|| {
        let alter = AlterField {
            model: model.name.clone(),
            field: relaxed,
            preserve_default: true,
            concurrently: false,
        };
        (Phase::Ahead, Operation::AlterField(alter))
    })
}

fn add(model: &ModelState, field: Field) -> Operation {
    Operation::AddField(AddField { model: model.name.clone(), field, preserve_default: true })
}

fn alter(model: &ModelState, field: Field, preserve_default: bool) -> Operation {
    Operation::AlterField(AlterField {
        model: model.name.clone(),
        field,
        preserve_default,
        concurrently: true,
    })
}

fn add_trigger(model: &ModelState, trigger: &Trigger) -> Operation {
    Operation::AddTrigger(AddTrigger { model: model.name.clone(), trigger: trigger.clone() })
}

fn remove_trigger(model: &ModelState, trigger: &Trigger) -> Operation {
    Operation::RemoveTrigger(RemoveTrigger { model: model.name.clone(), trigger: trigger.clone() })
}

fn fill(model: &ModelState, name: &str, value: Option<DefaultValue>, from: Option<&String>) -> Operation {
    Operation::FillField(filling(model, name, value, from))
}

/// Gives an old field back what programs wrote to the new one, when it is undone.
fn refill(model: &ModelState, name: &str, from: &String) -> Operation {
    Operation::FillField(FillField { backwards: true, ..filling(model, name, None, Some(from)) })
}

fn filling(model: &ModelState, name: &str, value: Option<DefaultValue>, from: Option<&String>) -> FillField {
    FillField {
        model: model.name.clone(),
        name: name.to_owned(),
        value,
        from: from.cloned(),
        backwards: false,
        batch: None,
    }
}

/// The order of a model that names the field.
fn reordered(model: &ModelState, from: &str, to: &str) -> Option<(Phase, Operation)> {
    let mut renamed = model.clone();
    renamed.rename_field(from, to);
    (renamed.options.ordering != model.options.ordering)
        .then(|| (Phase::Contract, Operation::AlterModelOptions(AlterModelOptions::of(&renamed))))
}
