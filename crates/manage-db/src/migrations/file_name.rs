//! What the name of a file in `migrations/<app>/` says, in our way and in those of other tools.

use super::sql_source::Section;
use crate::backends::{DIALECTS, dialect};

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    /// The migration's name.
    pub name: String,
    /// The number that it begins with.
    pub number: u64,
    /// How the file is read.
    pub form: Form,
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Operations.
    Toml,
    /// SQL: for one dialect, or one half alone.
    Sql(Option<&'static str>, Option<Section>),
}

/// Longest name of a migration.
pub(super) const MAX_BYTES: usize = 200;

const EXPECTED: &str = "this is no migration's name: expected NNNN_name.toml or NNNN_name.sql, with letters, digits and underscores";

/// What Prisma puts beside its migrations: it says which kind of database they are for.
const LOCK_OF_PRISMA: &str = "migration_lock.toml";

/// Reads a path below the folder of an app; none is something else than a migration.
///
/// # Errors
/// A sentence when it looks like a migration and cannot be taken for one.
pub(super) fn read(path: &str) -> Result<Option<FileName>, String> {
    let (stem, endings) = match path.split('/').collect::<Vec<_>>().as_slice() {
        [file] if *file == LOCK_OF_PRISMA => return Ok(None),
        [file] => file.split_once('.').unwrap_or((file, "")),
        [folder, file] => match in_folder(folder, file)? {
            Some(endings) => (*folder, endings),
            None => return Ok(None),
        },
        [.., file] if is_ours(file) => {
            return Err("lies too deep: migrations are files of migrations/<app>/".to_owned());
        }
        _ => return Ok(None),
    };
    if !is_ours(endings) {
        return not_ours(stem, endings);
    }
    let Some(form) = form(endings) else { return Err(unknown_ending(endings)) };
    let (name, number, undoes) = named(stem, form)?;
    let form = match (form, undoes) {
        (Form::Sql(dialect, None), true) => Form::Sql(dialect, Some(Section::Down)),
        (form, _) => form,
    };
    Ok(Some(FileName { name, number, form }))
}

/// The ending of a file in a folder of its own, as Prisma, diesel and sqlx have it.
fn in_folder(folder: &str, file: &str) -> Result<Option<&'static str>, String> {
    match file {
        "up.sql" => Ok(Some("up.sql")),
        "down.sql" => Ok(Some("down.sql")),
        "migration.sql" => Ok(Some("sql")),
        "metadata.toml" if is_numbered(folder) => {
            Err("is not read: say `-- atomic: false` at the top of up.sql".to_owned())
        }
        _ if is_ours(file) => {
            Err("is not read: a migration in a folder is up.sql and down.sql, or migration.sql".to_owned())
        }
        _ => Ok(None),
    }
}

/// Whether the ending is one of ours, in whatever case.
fn is_ours(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["toml", "sql"].iter().any(|ours| ending.eq_ignore_ascii_case(ours))
}

/// A program's migration of another tool is named; anything else is nobody's business.
fn not_ours(stem: &str, endings: &str) -> Result<Option<FileName>, String> {
    const OTHERS: [&str; 9] = ["py", "rb", "js", "ts", "go", "php", "rs", "xml", "cs"];
    match is_numbered(stem) && OTHERS.contains(&endings) {
        true => Err("is not read: migrations are written in TOML or SQL".to_owned()),
        false => Ok(None),
    }
}

fn is_numbered(stem: &str) -> bool {
    let digits = stem.trim_start_matches(['V', 'U']);
    digits.starts_with(|sign: char| sign.is_ascii_digit()) && stem.contains('_')
}

fn form(endings: &str) -> Option<Form> {
    if endings == "toml" {
        return Some(Form::Toml);
    }
    let (mut found, mut section) = (None, None);
    let words = endings.strip_suffix("sql")?.trim_end_matches('.');
    for word in words.split('.').filter(|word| !word.is_empty()) {
        match word {
            "up" => section = Some(Section::Up),
            "down" => section = Some(Section::Down),
            word => found = Some(dialect(word)?),
        }
    }
    Some(Form::Sql(found, section))
}

fn unknown_ending(endings: &str) -> String {
    if form(&endings.to_ascii_lowercase()).is_some() {
        return format!("the ending is written in small letters: .{}", endings.to_ascii_lowercase());
    }
    let dialects = DIALECTS.map(|dialect| format!(".{dialect}.sql")).join(", ");
    format!("this ending is unknown: expected .sql, .up.sql, .down.sql, {dialects}")
}

/// Name, number, and whether the name says that the file undoes (Flyway's `U1__x`).
fn named(stem: &str, form: Form) -> Result<(String, u64, bool), String> {
    let stem = &without_dashes(stem, form);
    let versioned = stem.strip_prefix(['V', 'U']).filter(|_| form != Form::Toml);
    let (digits, rest) = versioned.unwrap_or(stem).split_once('_').ok_or(EXPECTED)?;
    if form != Form::Toml && stem.starts_with("R__") {
        return Err(
            "a migration that is repeated whenever it changes is not known here: give it a number".to_owned()
        );
    }
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let allowed =
        |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || (sign == '-' && form != Form::Toml);
    if !is_number || rest.is_empty() || !rest.chars().all(allowed) {
        return Err(EXPECTED.to_owned());
    }
    if versioned.is_some() && !rest.starts_with('_') {
        return Err("a version of several parts is not known here: number the files 1, 2, 3".to_owned());
    }
    if stem.len() > MAX_BYTES {
        return Err(format!("the name is too long: at most {MAX_BYTES} bytes"));
    }
    let undoes = versioned.is_some() && stem.starts_with('U');
    let name = if undoes { stem.replacen('U', "V", 1) } else { stem.to_owned() };
    // More digits than u64 has are a number that is too great, not a wrong name.
    Ok((name.replace('-', "_"), digits.parse().unwrap_or(u64::MAX), undoes))
}

/// diesel writes a moment as `2024-01-01-120000` and means the number without the dashes.
fn without_dashes(stem: &str, form: Form) -> String {
    match stem.split_once('_') {
        Some((moment, rest))
            if form != Form::Toml
                && moment.starts_with(|sign: char| sign.is_ascii_digit())
                && moment.chars().all(|sign| sign.is_ascii_digit() || sign == '-') =>
        {
            format!("{}_{rest}", moment.replace('-', ""))
        }
        _ => stem.to_owned(),
    }
}

/// The number that the name of a migration begins with.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let (digits, _) = name.strip_prefix('V').unwrap_or(name).split_once('_')?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(
        name: &str,
        number: u64,
        dialect: Option<&'static str>,
        section: Option<Section>,
    ) -> Option<FileName> {
        Some(FileName { name: name.to_owned(), number, form: Form::Sql(dialect, section) })
    }

    #[test]
    fn names_of_many_tools_are_taken_as_they_are() {
        for (path, expected) in [
            ("0002_x.sql", sql("0002_x", 2, None, None)),
            ("0002_x.postgresql.up.sql", sql("0002_x", 2, Some("postgresql"), Some(Section::Up))),
            ("1_x.down.sql", sql("1_x", 1, None, Some(Section::Down))),
            ("V1__make-users.sql", sql("V1__make_users", 1, None, None)),
            ("U1__make-users.sql", sql("V1__make_users", 1, None, Some(Section::Down))),
            (
                "20240101120000_create-users.sql",
                sql("20240101120000_create_users", 20_240_101_120_000, None, None),
            ),
            ("20240101120000_init/migration.sql", sql("20240101120000_init", 20_240_101_120_000, None, None)),
            (
                "2024-01-01-120000_create-users/up.sql",
                sql("20240101120000_create_users", 20_240_101_120_000, None, Some(Section::Up)),
            ),
            ("2024_init/up.sql", sql("2024_init", 2024, None, Some(Section::Up))),
            ("2024_init/down.sql", sql("2024_init", 2024, None, Some(Section::Down))),
            ("README.md", None),
            ("max_migration.txt", None),
            ("notes/README.md", None),
            ("migration_lock.toml", None),
        ] {
            assert_eq!(read(path), Ok(expected), "{path}");
        }
        let toml = FileName { name: "0001_initial".to_owned(), number: 1, form: Form::Toml };
        assert_eq!(read("0001_initial.toml"), Ok(Some(toml)));
    }

    #[test]
    fn what_looks_like_a_migration_and_is_none_is_named() {
        for path in [
            "0002_x.SQL",
            "0002_x.oracle.sql",
            "0002-x.toml",
            "x.sql",
            "0002.sql",
            "R__views.sql",
            "V1.2__x.sql",
            "V1_2__x.sql",
            "0001_initial.py",
            "20240101_x/metadata.toml",
            "20240101_x/other.sql",
            "a/b/0001_x.sql",
            "0001_ü.sql",
        ] {
            assert!(read(path).is_err(), "{path}");
        }
    }
}
