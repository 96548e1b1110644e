//! From a migration to the text of its file: the inverse of the reader.

use toml::{Table, Value};

use super::migration::{Migration, Reference};

/// Keys that stand first in a table; the others follow by the alphabet.
const FIRST: [&str; 10] =
    ["op", "model", "name", "from", "to", "type", "field", "fields", "forwards", "backwards"];

/// Longest list that stands in one line.
const MAX_LINE: usize = 100;

/// The text of a migration's file. Read again, it gives the same migration.
///
/// # Errors
/// When an operation holds what TOML cannot say.
pub fn write(migration: &Migration) -> Result<String, toml::ser::Error> {
    let mut out = String::new();
    for (key, references) in [("depends", &migration.depends), ("run_before", &migration.run_before)] {
        if !references.is_empty() {
            line(&mut out, key, &names(references));
        }
    }
    if let Some(initial) = migration.initial {
        line(&mut out, "initial", &initial.into());
    }
    if !migration.atomic {
        line(&mut out, "atomic", &false.into());
    }
    for located in &migration.operations {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str("[[operation]]\n");
        let table = Table::try_from(&located.operation)?;
        for (key, value) in ordered(&table) {
            line(&mut out, key, value);
        }
    }
    Ok(out)
}

fn names(references: &[Reference]) -> Value {
    references.iter().map(|reference| Value::from(reference.key.to_string())).collect::<Vec<_>>().into()
}

/// The entries of a table as people read them.
fn ordered(table: &Table) -> Vec<(&String, &Value)> {
    let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| place(key));
    entries
}

fn line(out: &mut String, key: &str, value: &Value) {
    out.push_str(&format!("{} = {}\n", word(key), text(value, true)));
}

/// A value; `may_break`: a long list may stand in several lines.
fn text(value: &Value, may_break: bool) -> String {
    match value {
        Value::String(text) if may_break && is_long(text) => format!("'''\n{text}'''"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text_of_item).collect();
            let whole = format!("[{}]", items.join(", "));
            match may_break && whole.len() > MAX_LINE {
                true => format!("[\n  {},\n]", items.join(",\n  ")),
                false => whole,
            }
        }
        Value::Table(table) => {
            let entry = |(key, value): (&String, &Value)| format!("{} = {}", word(key), text_of_item(value));
            let entries: Vec<String> = ordered(table).into_iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn text_of_item(value: &Value) -> String {
    text(value, false)
}

/// Whether a text reads better as it is, in lines of its own.
fn is_long(text: &str) -> bool {
    let is_plain = |c: char| c == '\n' || !c.is_control();
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
            .unwrap()
    }

    const EVERYTHING: &str = r#"depends = ["blog.0001_initial"]
run_before = ["shop.0003_y"]
initial = false
atomic = false

[[operation]]
op = "CreateModel"
model = "Article"
fields = [
  { name = "id", type = "BigAuto", primary_key = true },
  { name = "title", type = "Char", default = "it's \"new\"", max_length = 120 },
  { name = "state", type = "Char", choices = [["d", "Draft"], ["p", "Published"]], max_length = 1 },
  { name = "author", to = "auth.User", type = "ForeignKey", null = true, on_delete = "SET_NULL" },
]
constraints = [{ name = "once", condition = "state = 'p'", unique = ["author", "title"] }]
indexes = [{ name = "recent", fields = ["-title"], include = ["state"] }]
ordering = ["-title"]

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

[[operation]]
op = "RunSql"
forwards = { mysql = "SELECT 1", postgresql = ["SELECT 1", "SELECT 2"] }
"#;

    #[test]
    fn what_is_written_is_what_was_read() {
        let migration = parse(EVERYTHING);
        let written = write(&migration).unwrap();
        let again = parse(&written);
        let operations = |migration: &Migration| -> Vec<Operation> {
            migration.operations.iter().map(|located| located.operation.clone()).collect()
        };
        assert_eq!(operations(&again), operations(&migration), "{written}");
        assert_eq!(write(&again).unwrap(), written);
        assert_eq!((again.atomic, again.initial), (migration.atomic, migration.initial));
    }
}
