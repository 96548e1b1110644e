//! From the text of a TOML file to a migration.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::canonical::{self, Canonical};
use super::earlier::Source;
use super::lint::{RULES, rule};
use super::migration::{Key, Located, Migration, Reference, Stage};
use super::operations::{
    AddConstraint, AddField, AddIndex, AddTrigger, AlterConstraint, AlterField, AlterModelOptions,
    AlterModelTable, AlterModelTableComment, CreateExtension, CreateModel, DeleteModel, FillField, MoveModel,
    Operation, RemoveConstraint, RemoveField, RemoveIndex, RemoveTrigger, RenameField, RenameIndex,
    RenameModel, RunRust, RunSql, SeparateDatabaseAndState, SqlPart, SqlSource, SwapFields,
    ValidateConstraint,
};
use crate::backends::{DIALECTS, dialect};
use crate::models::document::{Document, Mistake, Node};
use crate::models::json_schema::{generator, whole, with_key};
use crate::models::{Field, declared};
use manage_leaves::text;

/// Keys at the top of a file.
const KEYS: [&str; 8] =
    ["depends", "run_before", "replaces", "initial", "atomic", "stage", "allow_unsafe", "operation"];

/// Reads a TOML file. Its checksums are those of the `dialects`.
///
/// # Errors
/// The first mistake, with its line.
pub(crate) fn parse_toml(
    key: &Key,
    number: u64,
    (path, text): (&str, &str),
    dialects: &[&'static str],
) -> Result<Migration, Mistake> {
    let document = Document { path, text };
    let mut table = document.parse()?;
    if let Some(unknown) = first_unknown(&table, &KEYS) {
        let message = format!("unknown key `{}`{}", unknown.get_ref(), meant(unknown.get_ref(), &KEYS));
        return Err(document.mistake(&unknown.span(), message));
    }
    let mut migration = Migration {
        key: key.clone(),
        number,
        path: path.to_owned(),
        depends: references(document, table.remove("depends"))?,
        run_before: references(document, table.remove("run_before"))?,
        replaces: references(document, table.remove("replaces"))?,
        initial: optional(document, table.remove("initial"))?,
        atomic: optional(document, table.remove("atomic"))?.unwrap_or(true),
        stage: optional(document, table.remove("stage"))?.unwrap_or_default(),
        allow_unsafe: allowed(document, table.remove("allow_unsafe"))?,
        follows_number: false,
        operations: Vec::new(),
        canonical: Canonical::default(),
    };
    if let Some(node) = table.remove("operation") {
        migration.operations = operations(document, &key.app, node)?;
    }
    check_concurrency(&migration)?;
    migration.canonical = canonical(&migration, text, dialects)?;
    Ok(migration)
}

fn canonical(migration: &Migration, text: &str, dialects: &[&'static str]) -> Result<Canonical, Mistake> {
    let form = |dialect: &&'static str| {
        let operations = migration.operations.iter().map(|located| &located.operation);
        let text = canonical::of_operations(migration.atomic, operations, dialect);
        let wrong = |error: toml::ser::Error| Mistake {
            path: migration.path.clone(),
            line: 1,
            message: error.to_string(),
        };
        Ok((*dialect, text.map_err(wrong)?))
    };
    let texts = dialects.iter().map(form).collect::<Result<_, Mistake>>()?;
    Ok(Canonical { texts, source: Source::Toml(text.to_owned()) })
}

fn first_unknown<'t, 'a>(
    table: &'t DeTable<'a>,
    known: &[&str],
) -> Option<&'t Spanned<toml::de::DeString<'a>>> {
    let mut unknown: Vec<_> = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
    unknown.sort_by_key(|key| key.span().start);
    unknown.first().copied()
}

fn meant(word: &str, known: &[&str]) -> String {
    match text::nearest(word, known.iter().copied()).first() {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => format!("; known: {}", known.join(", ")),
    }
}

fn optional<T: serde::de::DeserializeOwned>(
    document: Document<'_>,
    node: Option<Node<'_>>,
) -> Result<Option<T>, Mistake> {
    // The node borrows from the document's text, whose lifetime the reader ties to the document.
    let Some(node) = node else { return Ok(None) };
    let span = node.span();
    T::deserialize(toml::de::ValueDeserializer::from(node))
        .map(Some)
        .map_err(|error| document.mistake(&span, error.message().trim().replace('\n', ", ")))
}

fn references(document: Document<'_>, node: Option<Node<'_>>) -> Result<Vec<Reference>, Mistake> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let span = node.span();
    let DeValue::Array(items) = node.into_inner() else {
        return Err(document.mistake(&span, "expected a list of migrations: [\"blog.0001_initial\"]"));
    };
    items
        .iter()
        .map(|item| {
            let line = document.line(item.span().start);
            item.get_ref()
                .as_str()
                .and_then(|text| reference(text, line))
                .ok_or_else(|| document.mistake(&item.span(), "expected `app.name` of a migration, as text"))
        })
        .collect()
}

/// Codes of rules that the migration may break.
fn allowed(document: Document<'_>, node: Option<Node<'_>>) -> Result<Vec<&'static str>, Mistake> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let span = node.span();
    let DeValue::Array(items) = node.into_inner() else {
        return Err(document.mistake(&span, "expected a list of codes: [\"M003\"]"));
    };
    let code = |item: &Node<'_>| {
        let text = item.get_ref().as_str();
        let text = text.ok_or_else(|| document.mistake(&item.span(), "expected a code such as \"M003\""))?;
        known_code(text).map_err(|message| document.mistake(&item.span(), message))
    };
    items.iter().map(code).collect()
}

/// The code of a rule.
///
/// # Errors
/// That there is none, and which may have been meant.
pub(super) fn known_code(text: &str) -> Result<&'static str, String> {
    let codes = || RULES.iter().map(|rule| rule.code);
    rule(text).map(|rule| rule.code).ok_or_else(|| {
        let known: Vec<&str> = codes().collect();
        format!("there is no rule `{text}`{}", meant(text, &known))
    })
}

pub(super) fn reference(text: &str, line: usize) -> Option<Reference> {
    let (app, name) = text.split_once('.')?;
    (!app.is_empty() && !name.is_empty()).then(|| Reference { key: Key::new(app, name), line })
}

fn operations<'a>(document: Document<'a>, app: &str, node: Node<'a>) -> Result<Vec<Located>, Mistake> {
    let span = node.span();
    let DeValue::Array(items) = node.into_inner() else {
        return Err(document.mistake(&span, "operations are written as [[operation]]"));
    };
    items.into_iter().map(|item| operation(document, app, item)).collect()
}

fn operation<'a>(document: Document<'a>, app: &str, node: Node<'a>) -> Result<Located, Mistake> {
    let span = node.span();
    let line = document.line(span.start);
    let DeValue::Table(mut table) = node.into_inner() else {
        return Err(document.mistake(&span, "an operation is a table"));
    };
    let Some(name) = table.remove("op") else {
        return Err(document.mistake(&span, "this operation has no `op`"));
    };
    let Some(word) = name.get_ref().as_str() else {
        return Err(document.mistake(&name.span(), "`op` must be text"));
    };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == word) else {
        let message = format!("unknown operation `{word}`{}", meant(word, &KINDS.map(|kind| kind.name)));
        return Err(document.mistake(&name.span(), message));
    };
    let place = table.get("field").map_or_else(|| span.clone(), Spanned::span);
    let mut operation = (kind.read)(document, app, table, &span)?;
    operation.complete(app);
    match operation.field().and_then(Field::problem) {
        Some(problem) => Err(document.mistake(&place, problem)),
        None => Ok(Located { operation, line }),
    }
}

/// A kind of operation: what `op` calls it, how the rest is read, and what that may be.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    read: for<'a> fn(Document<'a>, &str, DeTable<'a>, &Range<usize>) -> Result<Operation, Mistake>,
    keys: fn(&mut SchemaGenerator) -> Schema,
}

/// A kind whose keys are the fields of its struct.
macro_rules! kind {
    ($name:ident) => {
        Kind {
            name: stringify!($name),
            read: |document, _, table, span| document.read_table(table, span.clone()).map(Operation::$name),
            keys: $name::json_schema,
        }
    };
}

/// Every kind, in the order of the manual.
const KINDS: [Kind; 26] = [
    Kind { name: "CreateModel", read: create_model, keys: create_model_keys },
    kind!(DeleteModel),
    kind!(RenameModel),
    kind!(MoveModel),
    kind!(AlterModelTable),
    kind!(AlterModelTableComment),
    kind!(AlterModelOptions),
    kind!(AddField),
    kind!(RemoveField),
    kind!(AlterField),
    kind!(RenameField),
    kind!(SwapFields),
    kind!(AddIndex),
    kind!(RemoveIndex),
    kind!(RenameIndex),
    kind!(AddConstraint),
    kind!(RemoveConstraint),
    kind!(AlterConstraint),
    kind!(ValidateConstraint),
    kind!(CreateExtension),
    kind!(FillField),
    kind!(AddTrigger),
    kind!(RemoveTrigger),
    Kind { name: "RunSql", read: run_sql, keys: RunSql::json_schema },
    kind!(RunRust),
    Kind { name: "SeparateDatabaseAndState", read: separate, keys: SeparateDatabaseAndState::json_schema },
];

impl JsonSchema for Operation {
    fn schema_name() -> Cow<'static, str> {
        "Operation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Schema> = KINDS.iter().map(|kind| kind.schema(generator)).collect();
        json_schema!({ "oneOf": kinds })
    }
}

impl Kind {
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        let keys = (self.keys)(generator);
        let mut schema = with_key::<String>(generator, keys, "op");
        schema.insert("title".to_owned(), self.name.into());
        if let Some(op) = schema.pointer_mut("/properties/op") {
            *op = json!({ "const": self.name });
        }
        schema
    }
}

/// The JSON Schema of a migration's file, for editors.
pub fn schema() -> serde_json::Value {
    let mut generator = generator();
    let keys = Keys::json_schema(&mut generator);
    whole(generator, "Migration", keys)
}

/// What stands at the top of a file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the keys are read one by one, each with its line; this says what they are")]
struct Keys {
    /// Migrations that come before it: `blog.0001_initial`.
    #[schemars(default)]
    depends: Vec<String>,
    /// Migrations that come after it.
    #[schemars(default)]
    run_before: Vec<String>,
    /// Migrations that it stands for: a database that has applied all of them has applied it.
    #[schemars(default)]
    replaces: Vec<String>,
    /// Whether it is an app's first one.
    initial: Option<bool>,
    /// False: not one transaction.
    atomic: Option<bool>,
    /// To which release it belongs: `contract` waits until no program of before runs.
    stage: Option<Stage>,
    /// Codes of `lintmigrations` that it may break: `M003`. A comment says why.
    #[schemars(default, schema_with = "codes")]
    allow_unsafe: Vec<String>,
    /// What it does, in order.
    #[schemars(default)]
    operation: Vec<Operation>,
}

fn codes(_: &mut SchemaGenerator) -> Schema {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    json_schema!({ "type": "array", "items": { "enum": codes } })
}

/// Options of models that only fixtures ask for.
const OF_FIXTURES: [&str; 2] = ["natural_key", "fixture_label"];

fn create_model_keys(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = declared::model_schema(generator);
    if let Some(keys) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        keys.retain(|key, _| !OF_FIXTURES.contains(&key.as_str()));
    }
    schema.insert("description".to_owned(), CreateModel::DOCS[0].1.into());
    with_key::<String>(generator, schema, "model")
}

fn taken_text<'a>(
    document: Document<'a>,
    table: &mut DeTable<'a>,
    key: &str,
    span: &Range<usize>,
) -> Result<String, Mistake> {
    match table.remove(key) {
        Some(node) => document.read(node),
        None => Err(document.mistake(span, format!("this operation has no `{key}`"))),
    }
}

fn create_model<'a>(
    document: Document<'a>,
    app: &str,
    mut table: DeTable<'a>,
    span: &Range<usize>,
) -> Result<Operation, Mistake> {
    let name = taken_text(document, &mut table, "model", span)?;
    if let Some((key, _)) = table.iter().find(|(key, _)| OF_FIXTURES.contains(&key.get_ref().as_ref())) {
        let message = format!("`{}` belongs to models alone: no migration holds it", key.get_ref());
        return Err(document.mistake(&key.span(), message));
    }
    let model = declared::model(document, app, &name, table, span)?;
    Ok(Operation::CreateModel(CreateModel { model }))
}

fn separate<'a>(
    document: Document<'a>,
    app: &str,
    mut table: DeTable<'a>,
    _span: &Range<usize>,
) -> Result<Operation, Mistake> {
    let database = inner_operations(document, app, table.remove("database"))?;
    let state = inner_operations(document, app, table.remove("state"))?;
    refuse_rest(document, &table, &["database", "state"])?;
    Ok(Operation::SeparateDatabaseAndState(SeparateDatabaseAndState { database, state }))
}

/// Operations within an operation.
fn inner_operations<'a>(
    document: Document<'a>,
    app: &str,
    node: Option<Node<'a>>,
) -> Result<Vec<Operation>, Mistake> {
    let Some(node) = node else { return Ok(Vec::new()) };
    Ok(operations(document, app, node)?.into_iter().map(|located| located.operation).collect())
}

fn refuse_rest(document: Document<'_>, table: &DeTable<'_>, known: &[&str]) -> Result<(), Mistake> {
    match first_unknown(table, known) {
        Some(unknown) => {
            let message = format!("unknown key `{}`{}", unknown.get_ref(), meant(unknown.get_ref(), known));
            Err(document.mistake(&unknown.span(), message))
        }
        None => Ok(()),
    }
}

fn run_sql<'a>(
    document: Document<'a>,
    app: &str,
    mut table: DeTable<'a>,
    span: &Range<usize>,
) -> Result<Operation, Mistake> {
    let Some(forwards) = table.remove("forwards") else {
        return Err(document.mistake(span, "this operation has no `forwards`"));
    };
    let forwards = sql_source(document, &forwards)?;
    let backwards = table.remove("backwards").map(|node| sql_source(document, &node)).transpose()?;
    let state = inner_operations(document, app, table.remove("state"))?;
    let elidable = optional(document, table.remove("elidable"))?.unwrap_or_default();
    refuse_rest(document, &table, &["forwards", "backwards", "state", "elidable"])?;
    Ok(Operation::RunSql(RunSql { forwards, backwards, state, elidable }))
}

fn sql_source(document: Document<'_>, node: &Node<'_>) -> Result<SqlSource, Mistake> {
    let span = node.span();
    let DeValue::Table(table) = node.get_ref() else {
        return sql_texts(document, node).map(SqlSource::Same);
    };
    let mut texts = BTreeMap::new();
    for (key, node) in table {
        let dialect = dialect(key.get_ref()).ok_or_else(|| {
            let known = DIALECTS.join(", ");
            document.mistake(&key.span(), format!("unknown dialect `{}`; known: {known}", key.get_ref()))
        })?;
        if texts.insert(dialect.to_owned(), sql_texts(document, node)?).is_some() {
            return Err(document.mistake(&span, format!("there are two texts for {dialect}")));
        }
    }
    Ok(SqlSource::PerDialect(texts))
}

fn sql_texts(document: Document<'_>, node: &Node<'_>) -> Result<Vec<SqlPart>, Mistake> {
    let part = |node: &Node<'_>| {
        let text = node.get_ref().as_str().map(str::to_owned);
        let text =
            text.ok_or_else(|| document.mistake(&node.span(), "expected SQL: a text or a list of texts"))?;
        Ok(SqlPart { text: text.into(), path: None, line: text_line(document, node.span().start) })
    };
    match node.get_ref() {
        DeValue::Array(items) => items.iter().map(part).collect(),
        _ => Ok(vec![part(node)?]),
    }
}

/// The line of the first sign of a text; one of several lines begins on the line behind its marks.
fn text_line(document: Document<'_>, start: usize) -> usize {
    let marks = ["\"\"\"\n", "'''\n"];
    let is_next =
        document.text.get(start..).is_some_and(|rest| marks.iter().any(|mark| rest.starts_with(mark)));
    document.line(start) + usize::from(is_next)
}

/// What is built without blocking writers cannot be part of a transaction.
fn check_concurrency(migration: &Migration) -> Result<(), Mistake> {
    let concurrent = migration.operations.iter().find(|located| located.operation.is_concurrent());
    match concurrent {
        Some(located) if migration.atomic => Err(Mistake {
            path: migration.path.clone(),
            line: located.line,
            message: "`concurrently` cannot run in a transaction: add `atomic = false` at the top".to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = schema();
        let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = KEYS;
        known.sort_unstable();
        assert_eq!(keys, known);
    }

    fn parse(text: &str) -> Result<Migration, Mistake> {
        parse_toml(
            &Key::new("blog", "0001_initial"),
            1,
            ("migrations/blog/0001_initial.toml", text),
            &DIALECTS,
        )
    }

    const INITIAL: &str = r#"
depends = ["auth.0001_initial"]

[[operation]]
op = "CreateModel"
model = "Article"
fields = [
  { name = "title", type = "Char", max_length = 200 },
]

[[operation]]
op = "RunSql"
forwards = { sqlite = "SELECT 1", postgresql = ["SELECT 2", "SELECT 3"] }
backwards = ""
"#;

    #[test]
    fn a_file_gives_operations_with_their_lines() {
        let migration = parse(INITIAL).unwrap();
        assert_eq!(migration.depends, [Reference { key: Key::new("auth", "0001_initial"), line: 2 }]);
        assert_eq!(migration.operations.iter().map(|one| one.line).collect::<Vec<_>>(), [4, 11]);
        let Operation::RunSql(sql) = &migration.operations[1].operation else { panic!("not SQL") };
        assert_eq!(sql.forwards.parts("postgresql").unwrap().len(), 2);
        assert_eq!(sql.forwards.parts("mysql"), None);
    }

    #[test]
    fn the_canonical_text_depends_on_what_is_done_and_nothing_else() {
        let canonical = parse(INITIAL).unwrap().canonical;
        let reformatted =
            INITIAL.replace("depends = [\"auth.0001_initial\"]", "# a comment\ninitial = true").replace(
                "op = \"CreateModel\"\nmodel = \"Article\"",
                "model = 'Article'   # moved\nop = 'CreateModel'",
            );
        assert_eq!(parse(&reformatted).unwrap().canonical.text("sqlite"), canonical.text("sqlite"));
        for (before, after) in
            [("200", "201"), ("depends", "atomic = false\ndepends"), ("SELECT 1", "SELECT 4")]
        {
            let changed = parse(&INITIAL.replace(before, after)).unwrap().canonical;
            assert_ne!(changed.text("sqlite"), canonical.text("sqlite"), "{after}");
        }
        // What another vendor runs is nothing here.
        let elsewhere = parse(&INITIAL.replace("SELECT 3", "SELECT 5")).unwrap().canonical;
        assert_eq!(elsewhere.text("sqlite"), canonical.text("sqlite"));
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let told = |text: &str| parse(text).unwrap_err().to_string();
        let path = "migrations/blog/0001_initial.toml";
        assert_eq!(told("\ndepend = []"), format!("{path}:2: unknown key `depend`; did you mean `depends`?"));
        assert_eq!(
            told("[[operation]]\nop = \"CreateModle\""),
            format!("{path}:2: unknown operation `CreateModle`; did you mean `CreateModel`?")
        );
        assert_eq!(
            told(
                "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = [\n{ name = \"a\", type = \"Chart\" }]"
            ),
            format!(
                "{path}:5: unknown variant `Chart`, expected one of `SmallAuto`, `Auto`, `BigAuto`, \
                 `SmallInteger`, `Integer`, `BigInteger`, `PositiveSmallInteger`, `PositiveInteger`, \
                 `PositiveBigInteger`, `Boolean`, `Char`, `Text`, `Slug`, `Email`, `Url`, `Uuid`, `Date`, \
                 `Time`, `DateTime`, `Duration`, `Decimal`, `Float`, `Binary`, `Json`, `GenericIpAddress`, \
                 `File`, `Image`, `ForeignKey`, `OneToOne`, `ManyToMany`, `Generated`"
            )
        );
        assert_eq!(
            told("depends = [\"blog\"]"),
            format!("{path}:1: expected `app.name` of a migration, as text")
        );
        assert!(told("[[operation]\n").starts_with(&format!("{path}:1: not TOML")));
        assert_eq!(
            told(
                "[[operation]]\nop = \"AddIndex\"\nmodel = \"A\"\nconcurrently = true\nindex = { fields = [\"a\"] }"
            ),
            format!("{path}:1: `concurrently` cannot run in a transaction: add `atomic = false` at the top")
        );
        assert_eq!(
            told("[[operation]]\nop = \"RunSql\"\nforwards = { oracle = \"x\" }"),
            format!("{path}:3: unknown dialect `oracle`; known: postgresql, mysql, sqlite")
        );
    }
}
