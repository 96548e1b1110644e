//! PostgreSQL's errors in the program's words.

use std::io;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::backends::base::cut_at;
use crate::error::{Error, StatementError, StatementKind};

/// Why a connection could not be made.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The driver or server said no.
    Driver(tokio_postgres::Error),
    /// The certificates cannot be used.
    Tls(String),
    /// Nobody answered in time.
    Timeout(Duration),
    /// A pooler passes the session's settings on to nobody.
    Pooler,
}

impl From<tokio_postgres::Error> for ConnectError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl ConnectError {
    /// The error as people read it.
    pub(super) fn explain(self, alias: &str, address: String) -> Error {
        let may_pass = self.may_pass();
        let (reason, hint) = match self {
            Self::Timeout(limit) => {
                (format!("no answer within {} s", limit.as_secs_f32()), Some(check_server()))
            }
            Self::Tls(reason) => {
                (reason, Some("check `sslmode` and `sslrootcert` in the database's options".into()))
            }
            Self::Pooler => (
                "a pooler passes `options` on to nobody".to_owned(),
                Some("write them as `-c name=value`, or name the server itself".to_owned()),
            ),
            Self::Driver(error) => driver(alias, &error),
        };
        Error::Connect { alias: alias.to_owned(), address, reason, hint, may_pass }
    }

    /// Whether a pooler does not want a session to be set up at login: `unsupported startup parameter`.
    pub(super) fn refuses_options(&self) -> bool {
        let Self::Driver(error) = self else { return false };
        error.as_db_error().is_some_and(|server| {
            server.code().code() == "08P01" && server.message().contains("startup parameter")
        })
    }

    /// Whether the server may be up in a moment. What it says about accounts and databases stays so.
    fn may_pass(&self) -> bool {
        match self {
            Self::Timeout(_) => true,
            Self::Tls(_) | Self::Pooler => false,
            Self::Driver(error) => match error.as_db_error() {
                // It starts or stops, or has no place for one more.
                Some(server) => server.code().code().starts_with("57P") || server.code().code() == "53300",
                None => {
                    error.is_closed()
                        || std::error::Error::source(error)
                            .is_some_and(<dyn std::error::Error>::is::<io::Error>)
                }
            },
        }
    }
}

fn driver(alias: &str, error: &tokio_postgres::Error) -> (String, Option<String>) {
    if let Some(server) = error.as_db_error() {
        let code = server.code();
        let hint =
            if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) {
                Some("check `user` and `password` of the database in the settings".to_owned())
            } else if *code == SqlState::INVALID_CATALOG_NAME {
                Some(format!("`manage createdb --database {alias}` makes it"))
            } else {
                None
            };
        return (format!("{} (SQLSTATE {})", server.message(), code.code()), hint);
    }
    let io = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => ("connection refused".into(), Some(check_server())),
        Some(io::ErrorKind::NotFound) => ("no server listens on this socket".into(), Some(check_server())),
        _ => {
            let reason = deepest(error);
            let unknown_host = reason.contains("failed to lookup") || reason.contains("Name or service");
            let hint = if unknown_host {
                "check `host` of the database in the settings".into()
            } else {
                check_server()
            };
            (reason, Some(hint))
        }
    }
}

fn check_server() -> String {
    "is the server running, and are `host` and `port` right?".to_owned()
}

/// The driver's own text is only "db error" or "error connecting to server"; the cause below it says more.
fn deepest(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// What to say when a statement fails.
pub(super) fn statement(sql: &str, error: &tokio_postgres::Error) -> Error {
    let (code, message) = match error.as_db_error() {
        Some(server) => {
            let code = server.code().code();
            (Some(code.to_owned()), without_values(code, server.message()))
        }
        None if error.is_closed() => (None, "the connection was closed".to_owned()),
        None => (None, deepest(error)),
    };
    let lost = error.is_closed()
        || error.as_db_error().is_none()
            && std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<io::Error>);
    let kind =
        if lost { StatementKind::ConnectionLost } else { error.code().map_or(StatementKind::Other, kind) };
    Error::Statement(Box::new(StatementError { place: None, kind, code, message, sql: sql.to_owned() }))
}

/// The server's words without the value that they quote. Only those about data (class 22) do so; its DETAIL, which holds
/// the values of keys and rows, is not taken at all.
fn without_values(code: &str, message: &str) -> String {
    if !code.starts_with("22") {
        return message.to_owned();
    }
    if let Some(head) = cut_at(message, &[": \"", ": '", ": 0x"]) {
        return head;
    }
    let plain = match (message.find(" \""), message.rfind('"')) {
        (Some(start), Some(end)) if start + 1 < end => {
            format!("{}{}", &message[..start], &message[end + 1..])
        }
        _ => message.to_owned(),
    };
    plain.split(' ').filter(|word| !word.starts_with("0x")).collect::<Vec<_>>().join(" ")
}

fn kind(state: &SqlState) -> StatementKind {
    match state.code() {
        "23505" => StatementKind::UniqueViolation,
        "23503" => StatementKind::ForeignKeyViolation,
        "23514" | "23502" | "23P01" => StatementKind::CheckViolation,
        "42P01" | "42703" => StatementKind::UndefinedTable,
        "40001" | "40P01" => StatementKind::Retryable,
        "55P03" => StatementKind::Locked,
        "26000" | "42P05" => StatementKind::Pooled,
        "25006" => StatementKind::ReadOnly,
        "53100" => StatementKind::DiskFull,
        "57014" => StatementKind::Timeout,
        "42501" => StatementKind::Forbidden,
        code if code.starts_with("08") || code.starts_with("57P") => StatementKind::ConnectionLost,
        _ => StatementKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out_of_the_servers_words_and_names_stay() {
        for (code, said, told) in [
            ("22P02", "invalid input syntax for type uuid: \"a\"b\"", "invalid input syntax for type uuid"),
            ("22P02", "invalid input value for enum mood: \"sad\"", "invalid input value for enum mood"),
            (
                "22003",
                "value \"99\" is out of range for type integer",
                "value is out of range for type integer",
            ),
            ("22003", "integer out of range", "integer out of range"),
            ("22023", "time zone \"Nowhere\" not recognized", "time zone not recognized"),
            (
                "22021",
                "invalid byte sequence for encoding \"UTF8\": 0xff",
                "invalid byte sequence for encoding \"UTF8\"",
            ),
            (
                "22P05",
                "character with byte sequence 0xe2 0x80 in encoding has no equivalent",
                "character with byte sequence in encoding has no equivalent",
            ),
            (
                "23505",
                "duplicate key value violates unique constraint \"name\"",
                "duplicate key value violates unique constraint \"name\"",
            ),
        ] {
            assert_eq!(without_values(code, said), told);
        }
    }
}
