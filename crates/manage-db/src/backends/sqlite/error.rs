//! SQLite's errors in the program's words.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, StatementError, StatementKind};

/// What to say when the file cannot be opened or is no database.
pub(super) fn connect(alias: &str, path: &Path, error: &rusqlite::Error) -> Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let (reason, hint) = match (error.sqlite_error_code(), folder) {
        (_, Some(folder)) => (
            format!("the folder {} does not exist", folder.display()),
            Some(format!("`manage createdb --database {alias}` makes it")),
        ),
        (Some(ErrorCode::NotADatabase), _) => {
            ("the file is not a SQLite database".to_owned(), Some("check `name` in the settings".to_owned()))
        }
        (Some(ErrorCode::CannotOpen), _) if path.is_dir() => ("it is a folder".to_owned(), None),
        (Some(ErrorCode::CannotOpen), _) => (
            "the file cannot be opened or created".to_owned(),
            Some("check the rights on the file and its folder".to_owned()),
        ),
        (Some(ErrorCode::ReadOnly), _) => (
            "the file cannot be written".to_owned(),
            Some("check the rights on the file and its folder".to_owned()),
        ),
        (Some(ErrorCode::DatabaseBusy), _) => ("the file is locked by another program".to_owned(), None),
        _ => (message(error), None),
    };
    let may_pass = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    Error::Connect { alias: alias.to_owned(), address: path.display().to_string(), reason, hint, may_pass }
}

/// What to say when a statement fails while it runs. Full-text search and JSON read values as a language of their own
/// and complain of parts of them, in the words that are used for the statement when it is prepared; they are taken out.
pub(super) fn running(sql: &str, error: &rusqlite::Error) -> Error {
    const BEFORE_VALUES: [&str; 5] =
        [" near \"", ", got \"", "no such column: ", "special query: ", "JSON path: "];
    let mut failure = statement(sql, error);
    if let Error::Statement(failure) = &mut failure
        && let Some(at) =
            BEFORE_VALUES.iter().find_map(|sign| failure.message.find(sign).map(|at| at + sign.len()))
    {
        failure.message.truncate(at);
        failure.message.truncate(failure.message.trim_end_matches([' ', '"', ':']).len());
    }
    failure
}

/// What to say when a statement fails.
pub(super) fn statement(sql: &str, error: &rusqlite::Error) -> Error {
    Error::Statement(Box::new(StatementError {
        place: None,
        kind: kind(error),
        code: None,
        message: message(error),
        sql: sql.to_owned(),
    }))
}

fn kind(error: &rusqlite::Error) -> StatementKind {
    let extended = error.sqlite_error().map(|failure| failure.extended_code);
    match (error.sqlite_error_code(), extended) {
        (_, Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY)) => {
            StatementKind::UniqueViolation
        }
        (_, Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)) => StatementKind::ForeignKeyViolation,
        (Some(ErrorCode::ConstraintViolation), _) => StatementKind::CheckViolation,
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), _) => StatementKind::Locked,
        (Some(ErrorCode::ReadOnly), _) => StatementKind::ReadOnly,
        (Some(ErrorCode::DiskFull), _) => StatementKind::DiskFull,
        (Some(ErrorCode::OperationInterrupted), _) => StatementKind::Timeout,
        (Some(ErrorCode::PermissionDenied), _) => StatementKind::Forbidden,
        _ if message(error).starts_with("no such table") || message(error).starts_with("no such column") => {
            StatementKind::UndefinedTable
        }
        _ => StatementKind::Other,
    }
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
