//! What earlier versions kept a checksum of. The forms stay as they were: databases hold their checksums.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::sql_source::{Section, SqlFile};

/// The files of a migration, from which an earlier form is made where a history asks for one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Source {
    /// There are none.
    #[default]
    None,
    /// The text of a TOML file.
    Toml(String),
    /// SQL files, and whether they are one transaction.
    Sql(Vec<SqlFile>, bool),
}

impl Source {
    /// The forms that count for the same as today's.
    pub(super) fn earlier(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Toml(text) => match DeTable::parse(text) {
                // What undoes may have come later: a file without it counts for the same.
                Ok(table) => [true, false].map(|with_undo| of_toml(table.get_ref(), with_undo)).to_vec(),
                Err(_) => Vec::new(),
            },
            Self::Sql(files, is_atomic) => of_sql(files, *is_atomic),
        }
    }
}

/// Operations and `atomic` as they stand in the file, with sorted keys.
fn of_toml(table: &DeTable<'_>, with_undo: bool) -> String {
    let mut out = String::new();
    for key in ["atomic", "operation"] {
        let is_default =
            |node: &Spanned<DeValue<'_>>| key == "atomic" && node.get_ref().as_bool() == Some(true);
        if let Some(node) = table.get(key).filter(|node| !is_default(node)) {
            out.push_str(key);
            out.push('=');
            write(node.get_ref(), with_undo, &mut out);
            out.push('\n');
        }
    }
    if out.is_empty() { "operation=[]\n".to_owned() } else { out }
}

fn write(value: &DeValue<'_>, with_undo: bool, out: &mut String) {
    match value {
        DeValue::String(text) => out.push_str(&quoted(text)),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => out.push_str(&number.to_string()),
            Err(_) => out.push_str(number.as_str()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => out.push_str(&format!("{number:?}")),
            Err(_) => out.push_str(number.as_str()),
        },
        DeValue::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        DeValue::Datetime(moment) => out.push_str(&moment.to_string()),
        DeValue::Array(items) => {
            out.push('[');
            for item in items.iter() {
                write(item.get_ref(), with_undo, out);
                out.push(',');
            }
            out.push(']');
        }
        DeValue::Table(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.retain(|(key, _)| with_undo || key.get_ref() != "backwards");
            entries.sort_by(|a, b| a.0.get_ref().cmp(b.0.get_ref()));
            out.push('{');
            for (key, value) in entries {
                out.push_str(&quoted(key.get_ref()));
                out.push(':');
                write(value.get_ref(), with_undo, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What earlier versions kept a checksum of: lines without those that begin with a comment, of both halves or of the first.
fn of_sql(files: &[SqlFile], atomic: bool) -> Vec<String> {
    let (mut up, mut down) = (Sections::default(), Sections::default());
    for file in files {
        let (ups, downs) = earlier_sections(file);
        for (text, all) in [(ups, &mut up), (downs, &mut down)] {
            if let Some(text) = text {
                all.insert(file.dialect.unwrap_or_default(), text);
            }
        }
    }
    let forwards_alone = earlier_canonical(atomic, &up, &Sections::default());
    vec![earlier_canonical(atomic, &up, &down), forwards_alone]
}

/// Texts by dialect; under the empty name the one for all others.
type Sections = BTreeMap<&'static str, String>;

fn earlier_canonical(atomic: bool, up: &Sections, down: &Sections) -> String {
    let mut out = String::new();
    if !atomic {
        out.push_str("atomic=false\n");
    }
    for (name, sections) in [("up", up), ("down", down)] {
        for (dialect, text) in sections {
            out.push_str(&format!("{name}.{dialect}={}\n", quoted(&without_comments(text))));
        }
    }
    out
}

/// The lines that are more than a comment, without what follows their last sign.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(str::trim_end);
    let kept: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with("--")).collect();
    kept.join("\n")
}

/// The halves of a file as earlier versions told them apart: by the first word of any line that is a comment.
fn earlier_sections(file: &SqlFile) -> (Option<String>, Option<String>) {
    let mut section = file.section.unwrap_or(Section::Up);
    let (mut up, mut down) = (String::new(), String::new());
    let mut has_down = file.section == Some(Section::Down);
    for line in file.text.lines() {
        let comment = line.trim_start().strip_prefix("--").map(str::to_ascii_lowercase);
        let found = comment.and_then(|comment| match comment.split_whitespace().next()? {
            "up" | "migrate:up" | "+up" => Some(Section::Up),
            "down" | "migrate:down" | "+down" => Some(Section::Down),
            _ => None,
        });
        if let Some(found) = found.filter(|_| file.section.is_none()) {
            section = found;
            has_down |= found == Section::Down;
        }
        let text = if section == Section::Up { &mut up } else { &mut down };
        text.push_str(line);
        text.push('\n');
    }
    (file.section.ne(&Some(Section::Down)).then_some(up), has_down.then_some(down))
}
