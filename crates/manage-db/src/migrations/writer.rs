//! From a migration to the text of its file: the inverse of the reader.

use toml::{Table, Value};

use super::migration::{Migration, Reference, Stage};
use crate::models::ModelState;

/// Keys of an operation, an index or a constraint, in the order of the manual; others follow by the alphabet.
const OF_OPERATIONS: [&str; 26] = [
    "op",
    "model",
    "name",
    "field",
    "from",
    "to",
    "to_app",
    "value",
    "with",
    "batch",
    "fields",
    "index",
    "constraint",
    "trigger",
    "table",
    "comment",
    "ordering",
    "indexes",
    "constraints",
    "permissions",
    "verbose_name",
    "verbose_name_plural",
    "managed",
    "db_comment",
    "forwards",
    "backwards",
];

/// Keys of a field, in the order of the manual.
const OF_FIELDS: [&str; 29] = [
    "name",
    "type",
    "to",
    "max_length",
    "max_digits",
    "decimal_places",
    "null",
    "default",
    "db_default",
    "unique",
    "db_index",
    "primary_key",
    "choices",
    "db_column",
    "db_comment",
    "db_collation",
    "db_type",
    "to_field",
    "on_delete",
    "on_update",
    "deferrable",
    "db_constraint",
    "through",
    "db_table",
    "expression",
    "output",
    "stored",
    "verbose_name",
    "help_text",
];

/// Signs that a line holds where it can be broken.
const MAX_LINE: usize = 110;

/// The text of a migration's file, behind the lines of `header` as a comment. Read again, it gives the same migration.
///
/// # Errors
/// When an operation holds what TOML cannot say.
pub fn write(migration: &Migration, header: Option<&str>) -> Result<String, toml::ser::Error> {
    let comment = header.map(comment).unwrap_or_default();
    let mut paragraphs = vec![comment, top(migration)];
    for located in &migration.operations {
        let table = Table::try_from(&located.operation)?;
        paragraphs.push(format!("[[operation]]\n{}", operation(&table)));
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    Ok(paragraphs.join("\n"))
}

/// Models as a file of them: read again, it gives the same ones.
///
/// # Errors
/// When a model holds what TOML cannot say.
pub fn write_models<'a>(
    models: impl IntoIterator<Item = &'a ModelState>,
) -> Result<String, toml::ser::Error> {
    models.into_iter().map(of_model).collect::<Result<Vec<_>, _>>().map(|models| models.join("\n"))
}

fn of_model(model: &ModelState) -> Result<String, toml::ser::Error> {
    let mut table = Table::try_from(&model.options)?;
    table.insert("fields".to_owned(), Value::try_from(&model.fields)?);
    // What its table is comes before what stands in it.
    let (first, rest): (Vec<_>, Vec<_>) =
        ordered(&table).into_iter().partition(|(key, _)| ["table", "managed"].contains(&key.as_str()));
    let lines = first.into_iter().chain(rest).map(|(key, value)| line(key, value));
    Ok(format!("[{}]\n{}", word(&model.name), lines.collect::<String>()))
}

/// The operation `RunSql` of a statement, as it stands in a file.
pub fn write_sql(statement: &str) -> String {
    let table = Table::from_iter([
        ("op".to_owned(), Value::from("RunSql")),
        ("forwards".to_owned(), Value::from(statement)),
    ]);
    format!("[[operation]]\n{}", operation(&table))
}

/// Lines as a comment, which holds no control characters.
fn comment(header: &str) -> String {
    let lines = header.lines().map(|line| format!("# {}", line.replace(char::is_control, " ")));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What stands above the operations.
fn top(migration: &Migration) -> String {
    let mut out = String::new();
    let lists = [
        ("depends", &migration.depends),
        ("run_before", &migration.run_before),
        ("replaces", &migration.replaces),
    ];
    for (key, references) in lists {
        if !references.is_empty() {
            out.push_str(&line(key, &names(references)));
        }
    }
    if let Some(initial) = migration.initial {
        out.push_str(&line("initial", &initial.into()));
    }
    if !migration.atomic {
        out.push_str(&line("atomic", &false.into()));
    }
    if migration.stage == Stage::Contract {
        out.push_str(&line("stage", &"contract".into()));
    }
    if !migration.allow_unsafe.is_empty() {
        let codes: Vec<Value> = migration.allow_unsafe.iter().map(|code| Value::from(*code)).collect();
        out.push_str(&line("allow_unsafe", &codes.into()));
    }
    out
}

fn names(references: &[Reference]) -> Value {
    references.iter().map(|reference| Value::from(reference.key.to_string())).collect::<Vec<_>>().into()
}

/// The keys of an operation. A table that does not fit into its line stands behind them under a heading of its own.
fn operation(table: &Table) -> String {
    let (mut lines, mut tables) = (String::new(), String::new());
    for (key, value) in ordered(table) {
        match value {
            Value::Table(inner) if !fits(value, key_width(key)) => {
                tables.push_str(&format!("\n[operation.{}]\n", word(key)));
                tables.extend(ordered(inner).into_iter().map(|(key, value)| line(key, value)));
            }
            _ => lines.push_str(&line(key, value)),
        }
    }
    lines + &tables
}

/// The entries of a table as people read them.
fn ordered(table: &Table) -> Vec<(&String, &Value)> {
    let known: &[&str] = if table.contains_key("type") { &OF_FIELDS } else { &OF_OPERATIONS };
    let place = |key: &str| known.iter().position(|one| *one == key).unwrap_or(known.len());
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| (place(key), *key));
    entries
}

fn line(key: &str, value: &Value) -> String {
    format!("{} = {}\n", word(key), text(value, 0, key_width(key)))
}

fn key_width(key: &str) -> usize {
    width(&word(key)) + " = ".len()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A value behind `taken` signs of a line that begins with `indent` spaces.
///
/// A table within a list is broken as TOML 1.1 has it, which the reader knows; all else is TOML 1.0.
fn text(value: &Value, indent: usize, taken: usize) -> String {
    if fits(value, taken) {
        return flat(value);
    }
    let (deeper, comma) = (indent + 2, 1);
    let (margin, end) = (" ".repeat(deeper), " ".repeat(indent));
    match value {
        Value::String(text) if is_long(text) => format!("'''\n{text}'''"),
        Value::Array(items) if !items.is_empty() => {
            let item = |item: &Value| format!("{margin}{},\n", text(item, deeper, deeper + comma));
            format!("[\n{}{end}]", items.iter().map(item).collect::<String>())
        }
        Value::Table(table) if !table.is_empty() => {
            let entry = |(key, value): (&String, &Value)| {
                let value = text(value, deeper, deeper + key_width(key) + comma);
                format!("{margin}{} = {value},\n", word(key))
            };
            format!("{{\n{}{end}}}", ordered(table).into_iter().map(entry).collect::<String>())
        }
        other => flat(other),
    }
}

/// Whether a value stands in one line behind `taken` signs.
fn fits(value: &Value, taken: usize) -> bool {
    !has_lines(value) && taken + width(&flat(value)) <= MAX_LINE
}

/// Whether a value reads better in several lines, however short it is.
fn has_lines(value: &Value) -> bool {
    match value {
        Value::String(text) => is_long(text),
        Value::Array(items) => {
            items.iter().filter(|item| item.is_table()).count() > 1 || items.iter().any(has_lines)
        }
        Value::Table(table) => table.iter().any(|(_, value)| has_lines(value)),
        _ => false,
    }
}

/// A value in one line.
fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entry = |(key, value): (&String, &Value)| format!("{} = {}", word(key), flat(value));
            let entries: Vec<String> = ordered(table).into_iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a text reads better as it is, in lines of its own.
fn is_long(text: &str) -> bool {
    let is_plain = |c: char| c == '\n' || c == '\t' || !c.is_control();
    text.contains('\n') && !text.contains("'''") && !text.ends_with('\'') && text.chars().all(is_plain)
}

fn word(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { key.to_owned() } else { Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::file::parse_toml;
    use super::super::migration::Key;
    use super::super::operations::Operation;
    use super::*;

    fn parse(text: &str) -> Migration {
        parse_toml(&Key::new("blog", "0002_x"), 2, ("migrations/blog/0002_x.toml", text), &["sqlite"])
            .unwrap_or_else(|mistake| panic!("{mistake}\n{text}"))
    }

    fn operations(migration: &Migration) -> Vec<Operation> {
        migration.operations.iter().map(|located| located.operation.clone()).collect()
    }

    const EVERYTHING: &str = r#"depends = ["blog.0001_initial"]
run_before = ["shop.0003_y"]
initial = false
atomic = false
allow_unsafe = ["M003", "M012"]

[[operation]]
op = "CreateModel"
model = "Article"
fields = [
  { name = "id", type = "BigAuto", primary_key = true },
  { name = "title", type = "Char", max_length = 120, default = "it's new" },
  { name = "state", type = "Char", max_length = 1, choices = [["d", "Draft"], ["p", "Published"]] },
  { name = "author", type = "ForeignKey", to = "auth.User", null = true, on_delete = "SET_NULL" },
  {
    name = "rank",
    type = "Integer",
    default = 0,
    db_comment = "How far above the others it stands",
    verbose_name = "rank",
    help_text = "The greater the farther",
  },
]
ordering = ["-title"]
indexes = [{ name = "recent", fields = ["-title"], include = ["state"] }]
constraints = [
  { name = "once", condition = "state = 'p'", unique = ["author", "title"] },
  { name = "some", check = "rank > 0" },
]

[[operation]]
op = "AddField"
model = "Article"
field = { name = "pages", type = "Integer", default = 0 }
preserve_default = false

[[operation]]
op = "AddField"
model = "Article"
preserve_default = false

[operation.field]
name = "editor"
type = "ForeignKey"
to = "auth.User"
default = 1
on_delete = "PROTECT"
help_text = "Who looks at it before it is published"

[[operation]]
op = "RunSql"
forwards = '''
UPDATE blog_article SET title = '';
SELECT 1;
'''
backwards = ""
state = [{ op = "RemoveField", model = "Article", name = "state" }]

[[operation]]
op = "SeparateDatabaseAndState"
database = [{ op = "RenameIndex", model = "Article", from = "recent", to = "newest" }]
state = [
  { op = "RenameIndex", model = "Article", from = "recent", to = "newest" },
  {
    op = "CreateModel",
    model = "Tag",
    fields = [
      { name = "id", type = "BigAuto", primary_key = true },
      { name = "word", type = "Char", max_length = 20 },
    ],
  },
]

[[operation]]
op = "RunSql"
forwards = { mysql = "SELECT 1", postgresql = ["SELECT 1", "SELECT 2"] }

[[operation]]
op = "RunSql"

[operation.forwards]
postgresql = [
  "SELECT 1",
  '''
SELECT 2
FROM blog_article;
''',
]
sqlite = ""
"#;

    #[test]
    fn what_is_written_is_what_was_read() {
        let migration = parse(EVERYTHING);
        let written = write(&migration, None).unwrap();
        let again = parse(&written);
        assert_eq!(operations(&again), operations(&migration), "{written}");
        assert_eq!((again.atomic, again.initial), (migration.atomic, migration.initial));
        assert_eq!(again.allow_unsafe, ["M003", "M012"]);
        // The text above is written as people read it.
        assert_eq!(written, EVERYTHING);
    }

    #[test]
    fn the_header_stands_above_all_as_a_comment() {
        let operation = "[[operation]]\nop = \"DeleteModel\"\nmodel = \"A\"\n";
        let plain = parse(operation);
        let written = write(&plain, Some("Made by hand\n\non a\u{7} day")).unwrap();
        assert_eq!(written, format!("# Made by hand\n#\n# on a  day\n\n{operation}"));
        let initial = Migration { initial: Some(true), ..plain };
        let written = write(&initial, Some("Made by hand")).unwrap();
        assert_eq!(written, format!("# Made by hand\n\ninitial = true\n\n{operation}"));
        assert_eq!(operations(&parse(&written)), operations(&initial));
    }

    /// Every kind of operation, a key behind each semicolon, with a word that may be of any length.
    const KINDS: &str = r#"
"CreateModel"; model = "A"; table = "WORD"; fields = [{ name = "a", type = "Text", help_text = "WORD" }]
"CreateModel"; model = "A"; permissions = [["a", "WORD"], ["b", "WORD"]]; fields = []
"DeleteModel"; model = "WORD"
"RenameModel"; from = "A"; to = "WORD"
"MoveModel"; model = "A"; to_app = "WORD"
"AlterModelTable"; model = "A"; table = "WORD"
"AlterModelTableComment"; model = "A"; comment = "WORD"
"AlterModelOptions"; model = "A"; ordering = ["WORD", "-WORD"]; verbose_name = "WORD"; managed = false
"AddField"; model = "A"; field = { name = "a", type = "Json", default = { type = ["WORD"], b = [{}, {}] } }
"AddField"; model = "A"; field = { name = "a", type = "Integer", choices = [[1, "WORD"], [2, "B"]] }
"AddField"; model = "A"; field = { name = "a", type = "Generated", output = "Text", expression = { sqlite = "WORD" } }
"RemoveField"; model = "A"; name = "WORD"
"AlterField"; model = "A"; field = { name = "a", type = "Text", default = { sql = "WORD" } }; preserve_default = false
"AlterField"; model = "A"; field = { name = "a", type = "Text" }; concurrently = true
"RenameField"; model = "A"; from = "a"; to = "WORD"
"SwapFields"; model = "A"; fields = ["a", "WORD"]
"FillField"; model = "A"; name = "a"; from = "WORD"; backwards = true; batch = 3
"AddTrigger"; model = "A"; trigger = { field = "a", with = "WORD" }
"RemoveTrigger"; model = "A"; trigger = { field = "a", value = { sql = "WORD" } }
"AddIndex"; model = "A"; index = { name = "i", expressions = ["WORD"], condition = "WORD" }; concurrently = true
"RemoveIndex"; model = "A"; name = "WORD"
"RenameIndex"; model = "A"; from = "i"; to = "WORD"
"AddConstraint"; model = "A"; constraint = { name = "c", check = "WORD" }; not_valid = true
"AddConstraint"; model = "A"; constraint = { name = "c", check = "WORD" }; concurrently = true
"RemoveConstraint"; model = "A"; name = "WORD"
"AlterConstraint"; model = "A"; constraint = { name = "c", unique = ["WORD", "b"] }
"ValidateConstraint"; model = "A"; name = "WORD"
"CreateExtension"; name = "WORD"
"RunSql"; forwards = "WORD"; backwards = ["WORD", "WORD"]
"RunSql"; forwards = { sqlite = "WORD", mysql = ["WORD"], postgresql = [] }; state = [{ op = "DeleteModel", model = "A" }]
"RunRust"; forwards = "noop"; backwards = "WORD"
"SeparateDatabaseAndState"; database = [{ op = "AddIndex", model = "A", index = { fields = ["WORD"] } }]
"#;

    /// Words of all lengths, as they stand between quotes, and such as want care.
    fn words() -> impl Iterator<Item = String> {
        let signs = ["x", "é", "'", "\\\""];
        let odd = [r"one\n\ttwo\\ 'three'\n", r"a\r\nb'''", r"\n", r"'''\n'", r"\u0007\u0085", "# ]"];
        (0..130).map(move |length| signs[length % 4].repeat(length)).chain(odd.map(str::to_owned))
    }

    #[test]
    fn every_operation_is_read_again_whatever_its_length() {
        for word in words() {
            let kinds = KINDS.trim().replace("; ", "\n").replace("WORD", &word);
            let kinds = kinds.lines().map(|line| match line.starts_with('"') {
                true => format!("[[operation]]\nop = {line}\n"),
                false => format!("{line}\n"),
            });
            let migration = parse(&format!("atomic = false\n{}", kinds.collect::<String>()));
            let written = write(&migration, None).unwrap();
            let again = parse(&written);
            assert_eq!(operations(&again), operations(&migration), "{written}");
            assert_eq!(write(&again, None).unwrap(), written);
            // A line is too long only where one value is.
            let mut long = written.lines().filter(|line| width(line) > MAX_LINE);
            assert!(long.all(|line| line.matches(" = ").count() <= 1 && word.len() > 80), "{written}");
        }
    }

    #[test]
    fn an_operation_with_a_table_behind_it_begins_at_its_own_heading() {
        let lines: Vec<usize> = parse(EVERYTHING).operations.iter().map(|located| located.line).collect();
        let headings = EVERYTHING.lines().enumerate().filter(|(_, line)| *line == "[[operation]]");
        assert_eq!(lines, headings.map(|(at, _)| at + 1).collect::<Vec<_>>());
    }
}
