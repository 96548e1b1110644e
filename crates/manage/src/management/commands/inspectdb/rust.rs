//! Models as structs of Rust.

use std::fmt::Write as _;

use toml::Value;

use crate::db::SqlText;
use crate::db::models::{Constraint, DefaultValue, Field, FieldType, Index, ModelState, OnDelete};
use crate::management::names::is_word_of_rust;

/// Whether a field of a struct cannot be called so.
pub(super) fn is_reserved(name: &str) -> bool {
    is_word_of_rust(name)
}

/// Structs of the models, which come to the same models again.
pub(super) fn structs(models: &[ModelState]) -> String {
    let mut out = String::from("use manage::db::models::Model;\n");
    for model in models {
        // Nothing is refused by a text that grows.
        let _ = write!(out, "\n{}", one(model, models));
    }
    out
}

fn one(model: &ModelState, models: &[ModelState]) -> String {
    let mut out = format!("/// A row of `{}`.\n#[derive(Debug, Clone, Model)]\n", model.table());
    for settings in of_model(model) {
        let _ = writeln!(out, "#[model({settings})]");
    }
    let _ = writeln!(out, "pub struct {} {{", model.name);
    for field in &model.fields {
        out.push_str(&of_field(field, model, models));
    }
    out.push_str("}\n");
    out
}

/// The settings of a model, each of which stands in a line of its own.
fn of_model(model: &ModelState) -> Vec<String> {
    let options = &model.options;
    let mut first = vec![format!("app = {:?}", model.app)];
    first.extend(options.table.as_ref().map(|table| format!("table = {table:?}")));
    first.extend(options.managed.map(|managed| format!("managed = {managed}")));
    first.extend(options.db_comment.as_ref().map(|comment| format!("db_comment = {comment:?}")));
    let mut lines = vec![first.join(", ")];
    lines.extend(options.indexes.iter().map(index));
    lines.extend(options.constraints.iter().map(constraint));
    lines
}

fn index(index: &Index) -> String {
    let mut facts = vec![format!("name = {:?}", index.name)];
    let mut names = |key: &str, names: &[String]| {
        if !names.is_empty() {
            facts.push(format!("{key} = {names:?}"));
        }
    };
    names("fields", &index.fields);
    names("expressions", &index.expressions.iter().map(text).collect::<Vec<_>>());
    names("include", &index.include);
    names("opclasses", &index.opclasses);
    facts.extend(index.condition.as_ref().map(|sql| format!("condition = {:?}", text(sql))));
    facts.extend(index.method.as_ref().map(|method| format!("method = {method:?}")));
    format!("index({})", facts.join(", "))
}

fn constraint(one: &Constraint) -> String {
    let name = format!("name = {:?}", one.name);
    if let Some(sql) = &one.check {
        return format!("check({name}, sql = {:?})", text(sql));
    }
    if let Some(sql) = &one.exclude {
        return format!("exclude({name}, sql = {:?})", text(sql));
    }
    let mut facts = vec![name, format!("fields = {:?}", one.unique)];
    facts.extend(one.condition.as_ref().map(|sql| format!("condition = {:?}", text(sql))));
    facts.extend(one.deferrable.map(|truth| format!("deferrable = {truth}")));
    facts.extend(one.nulls_distinct.map(|truth| format!("nulls_distinct = {truth}")));
    format!("unique({})", facts.join(", "))
}

/// The text for all databases; what is inspected has no other.
fn text(sql: &SqlText) -> String {
    match sql {
        SqlText::Same(text) => text.clone(),
        SqlText::PerDialect(texts) => texts.values().next().cloned().unwrap_or_default(),
    }
}

fn of_field(field: &Field, model: &ModelState, models: &[ModelState]) -> String {
    let is_key = field.kind.is_foreign_key();
    // The derive takes the end of a key's name off.
    let name = if is_key { format!("{}_id", field.name) } else { field.name.clone() };
    let (plain, said) = rust_type(field, model, models);
    let mut facts = Vec::new();
    if field.primary_key != (name == "id") {
        facts.push(format!("primary_key = {}", field.primary_key));
    }
    if is_key {
        facts.push(format!("references = {:?}", field.to.clone().unwrap_or_default()));
        facts.extend((field.kind == FieldType::OneToOne).then(|| "one_to_one".to_owned()));
    } else if said {
        facts.push(format!("type = \"{:?}\"", field.kind));
    }
    facts.extend(of_type(field));
    facts.extend(field.unique.then(|| "unique".to_owned()));
    facts.extend(field.db_index.map(|truth| format!("db_index = {truth}")));
    facts.extend(field.to_field.as_ref().map(|name| format!("to_field = {name:?}")));
    facts.extend(field.db_constraint.map(|truth| format!("db_constraint = {truth}")));
    facts.extend(field.on_delete.map(|action| format!("on_delete = {:?}", word(action))));
    facts.extend(field.on_update.map(|action| format!("on_update = {:?}", word(action))));
    facts.extend(field.deferrable.map(|truth| format!("deferrable = {truth}")));
    facts.extend(field.db_default.as_ref().map(|value| format!("db_default = {}", default(value))));
    let column = field.column();
    facts.extend((column != name).then(|| format!("db_column = {column:?}")));
    facts.extend(field.db_comment.as_ref().map(|comment| format!("db_comment = {comment:?}")));
    let line = if facts.is_empty() { String::new() } else { format!("    #[field({})]\n", facts.join(", ")) };
    let rust = if field.null { format!("Option<{plain}>") } else { plain.to_owned() };
    format!("    /// The column `{column}`.\n{line}    pub {name}: {rust},\n")
}

/// What belongs to a type.
fn of_type(field: &Field) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(field.max_length.map(|length| format!("max_length = {length}")));
    facts.extend(field.max_digits.map(|digits| format!("max_digits = {digits}")));
    facts.extend(field.decimal_places.map(|places| format!("decimal_places = {places}")));
    facts.extend(field.db_collation.as_ref().map(|name| format!("db_collation = {name:?}")));
    facts.extend(field.db_type.as_ref().map(|sql| format!("db_type = {:?}", text(sql))));
    facts.extend(field.expression.as_ref().map(|sql| format!("expression = {:?}", text(sql))));
    facts.extend(field.output.map(|kind| format!("output = \"{kind:?}\"")));
    facts.extend(field.stored.map(|stored| format!("stored = {stored}")));
    facts
}

/// The Rust type of a field's values, and whether the kind has to be said besides.
fn rust_type(field: &Field, model: &ModelState, models: &[ModelState]) -> (&'static str, bool) {
    use FieldType::{
        Auto, BigAuto, BigInteger, Binary, Boolean, Char, Date, DateTime, Decimal, Duration, Email, File,
        Float, ForeignKey, Generated, GenericIpAddress, Image, Integer, Json, ManyToMany, OneToOne,
        PositiveBigInteger, PositiveInteger, PositiveSmallInteger, Slug, SmallAuto, SmallInteger, Text, Time,
        Url, Uuid,
    };
    match field.kind {
        SmallAuto => ("i16", !field.primary_key),
        SmallInteger => ("i16", field.primary_key),
        Auto => ("i32", !field.primary_key),
        Integer => ("i32", field.primary_key),
        BigAuto => ("i64", !field.primary_key),
        BigInteger => ("i64", field.primary_key),
        PositiveSmallInteger => ("i32", true),
        PositiveInteger | PositiveBigInteger | Duration => ("i64", true),
        Boolean => ("bool", false),
        Char => ("String", false),
        Text => ("String", field.max_length.is_some()),
        Slug | Email | Url | File | Image | GenericIpAddress => ("String", true),
        Uuid => ("uuid::Uuid", false),
        Date => ("jiff::civil::Date", false),
        Time => ("jiff::civil::Time", false),
        DateTime => ("jiff::Timestamp", false),
        Decimal => ("rust_decimal::Decimal", false),
        Float => ("f64", false),
        Binary => ("Vec<u8>", false),
        Json => ("serde_json::Value", false),
        Generated => {
            let values = Field { kind: field.output.unwrap_or(Text), ..field.clone() };
            (rust_type(&values, model, models).0, true)
        }
        ForeignKey | OneToOne | ManyToMany => (pointed(field, model, models), false),
    }
}

/// The type of a key: that of what it points to, as far as that is here.
fn pointed(field: &Field, model: &ModelState, models: &[ModelState]) -> &'static str {
    let to = field.to.as_deref().unwrap_or_default();
    let is_meant = |other: &&ModelState| match to {
        "self" => other.label() == model.label(),
        label => other.label() == label,
    };
    let Some(target) = models.iter().find(is_meant) else { return "i64" };
    let column = match &field.to_field {
        Some(name) => target.field(name),
        None => target.primary_key(),
    };
    match column {
        Some(column) if !column.kind.is_foreign_key() => rust_type(column, target, models).0,
        Some(column) if column.name != field.name => pointed(column, target, models),
        _ => "i64",
    }
}

fn default(value: &DefaultValue) -> String {
    match value {
        DefaultValue::Sql { sql } => format!("(sql = {:?})", text(sql)),
        DefaultValue::Literal(Value::String(text)) => format!("{text:?}"),
        DefaultValue::Literal(other) => other.to_string(),
    }
}

fn word(action: OnDelete) -> &'static str {
    match action {
        OnDelete::Cascade => "CASCADE",
        OnDelete::Protect => "PROTECT",
        OnDelete::Restrict => "RESTRICT",
        OnDelete::SetNull => "SET_NULL",
        OnDelete::SetDefault => "SET_DEFAULT",
        OnDelete::DoNothing => "DO_NOTHING",
    }
}
