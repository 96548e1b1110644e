//! From the texts of SQL files to a migration: sections for the two directions, and comment lines that say the rest.

use std::collections::BTreeMap;

use super::file::{quoted, reference};
use super::migration::{Key, Located, Migration};
use super::operations::{Operation, RunSql, SqlSource};
use crate::backends::{DIALECTS, dialect};
use crate::models::document::Mistake;

/// One file of a migration written in SQL.
#[derive(Debug, Clone)]
pub(super) struct SqlFile {
    /// Its path, relative to the project's root.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The dialect that its name says; none: for all.
    pub dialect: Option<&'static str>,
    /// The section that its name says; none: its text says it.
    pub section: Option<Section>,
}

/// A half of a migration written in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What applies it.
    Up,
    /// What undoes it.
    Down,
}

/// The parts of a file's name behind the migration's: `.postgresql.sql`, `.up.sql`, `.sql`.
pub(crate) fn sql_endings(endings: &str) -> Option<(Option<&'static str>, Option<Section>)> {
    let (mut found_dialect, mut section) = (None, None);
    let words = endings.strip_suffix("sql")?.trim_end_matches('.');
    for word in words.split('.').filter(|word| !word.is_empty()) {
        match word {
            "up" => section = Some(Section::Up),
            "down" => section = Some(Section::Down),
            word => found_dialect = Some(dialect(word)?),
        }
    }
    Some((found_dialect, section))
}

/// Reads the SQL files of one migration: one for all kinds of database, or several by dialect.
///
/// # Errors
/// The first mistake, with its line.
pub(crate) fn parse_sql(key: &Key, number: u64, files: &[SqlFile]) -> Result<Migration, Mistake> {
    let mut migration = Migration {
        key: key.clone(),
        number,
        path: files.first().map(|file| file.path.clone()).unwrap_or_default(),
        depends: Vec::new(),
        run_before: Vec::new(),
        initial: None,
        atomic: true,
        follows_number: true,
        operations: Vec::new(),
        canonical: String::new(),
    };
    let (mut up, mut down) = (Sections::default(), Sections::default());
    for file in files {
        let (ups, downs) = sections(file, &mut migration)?;
        for (text, all) in [(ups, &mut up), (downs, &mut down)] {
            let Some(text) = text else { continue };
            if all.insert(file.dialect.unwrap_or_default(), text).is_some() {
                let message = "another file of this migration says the same section".to_owned();
                return Err(Mistake { path: file.path.clone(), line: 1, message });
            }
        }
    }
    let backwards = (!down.is_empty()).then(|| source(&down));
    migration.canonical = canonical_sql(migration.atomic, &up, &down);
    let operation = Operation::RunSql(RunSql { forwards: source(&up), backwards, state: Vec::new() });
    migration.operations.push(Located { operation, line: 1 });
    Ok(migration)
}

/// Texts by dialect; under the empty name the one for all others.
type Sections = BTreeMap<&'static str, String>;

fn source(sections: &Sections) -> SqlSource {
    let for_all = sections.get("");
    if sections.len() == 1
        && let Some(text) = for_all
    {
        return SqlSource::Same(vec![text.clone()]);
    }
    let text = |dialect: &'static str| Some((dialect, sections.get(dialect).or(for_all)?));
    let texts = DIALECTS.into_iter().filter_map(text);
    SqlSource::PerDialect(texts.map(|(dialect, text)| (dialect.to_owned(), vec![text.clone()])).collect())
}

fn canonical_sql(atomic: bool, up: &Sections, down: &Sections) -> String {
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

/// The sections of a file; comment lines at its top say the rest.
fn sections(file: &SqlFile, migration: &mut Migration) -> Result<(Option<String>, Option<String>), Mistake> {
    let mut section = file.section.unwrap_or(Section::Up);
    let (mut up, mut down) = (String::new(), String::new());
    let mut has_down = file.section == Some(Section::Down);
    let mut is_top = true;
    for (index, line) in file.text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("--").map(str::trim);
        if let Some(comment) = comment {
            match marker(comment) {
                Some(found) if file.section.is_none() => {
                    section = found;
                    has_down |= found == Section::Down;
                    is_top = false;
                }
                _ if is_top => header(file, comment, index + 1, migration)?,
                _ => {}
            }
        } else if !line.trim().is_empty() {
            is_top = false;
        }
        let text = if section == Section::Up { &mut up } else { &mut down };
        text.push_str(line);
        text.push('\n');
    }
    Ok(((file.section != Some(Section::Down)).then_some(up), has_down.then_some(down)))
}

/// `up`, `down`, and dbmate's words for them.
fn marker(comment: &str) -> Option<Section> {
    match comment.to_ascii_lowercase().split_whitespace().next()? {
        "up" | "migrate:up" | "+up" => Some(Section::Up),
        "down" | "migrate:down" | "+down" => Some(Section::Down),
        _ => None,
    }
}

fn header(file: &SqlFile, comment: &str, line: usize, migration: &mut Migration) -> Result<(), Mistake> {
    let Some((key, value)) = comment.split_once(':') else { return Ok(()) };
    let mistake = |message: &str| Mistake { path: file.path.clone(), line, message: message.to_owned() };
    let truth = || value.trim().parse::<bool>().map_err(|_| mistake("expected `true` or `false`"));
    match key.trim() {
        "depends" => {
            for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let found = reference(word, line);
                let found =
                    found.ok_or_else(|| mistake("expected `app.name` of migrations, separated by commas"))?;
                if !migration.depends.iter().any(|other| other.key == found.key) {
                    migration.depends.push(found);
                }
            }
        }
        "atomic" => migration.atomic = truth()?,
        "initial" => migration.initial = Some(truth()?),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str, dialect: Option<&'static str>) -> SqlFile {
        SqlFile { path: "migrations/shop/0002_x.sql".into(), text: text.into(), dialect, section: None }
    }

    #[test]
    fn an_sql_file_has_sections_and_says_the_rest_in_comments() {
        let text = "-- depends: auth.0001_a, shop.0001_b\n-- atomic: false\n-- up\nCREATE TABLE a (b);\n-- down\nDROP TABLE a;\n";
        let migration = parse_sql(&Key::new("shop", "0002_x"), 2, &[sql(text, None)]).unwrap();
        assert_eq!(migration.depends.len(), 2);
        assert!(!migration.atomic);
        let Operation::RunSql(sql_operation) = &migration.operations[0].operation else { panic!("not SQL") };
        assert!(sql_operation.forwards.texts("sqlite")[0].contains("CREATE TABLE"));
        assert!(!sql_operation.forwards.texts("sqlite")[0].contains("DROP TABLE"));
        assert!(sql_operation.backwards.is_some());
        let one_way = parse_sql(&Key::new("shop", "0002_x"), 2, &[sql("SELECT 1;", None)]).unwrap();
        assert!(one_way.irreversible().is_some());
    }

    #[test]
    fn a_file_for_one_dialect_goes_before_the_one_for_all() {
        let files = [sql("SELECT 1;", None), sql("SELECT 2;", Some("postgresql"))];
        let migration = parse_sql(&Key::new("shop", "0002_x"), 2, &files).unwrap();
        let Operation::RunSql(operation) = &migration.operations[0].operation else { panic!("not SQL") };
        assert_eq!(operation.forwards.texts("postgresql"), ["SELECT 2;\n"]);
        assert_eq!(operation.forwards.texts("mysql"), ["SELECT 1;\n"]);
        assert_eq!(sql_endings("postgresql.up.sql"), Some((Some("postgresql"), Some(Section::Up))));
        assert_eq!(sql_endings("oracle.sql"), None);
        assert_eq!(sql_endings("sql"), Some((None, None)));
    }
}
