//! The servers' errors in the program's words.

use std::io;
use std::time::Duration;

use mysql_async::{DriverError, IoError, ServerError};

use crate::backends::base::{cut_at, cut_out};
use crate::error::{Error, StatementError, StatementKind};

/// Why a connection could not be made.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The driver or server said no.
    Driver(mysql_async::Error),
    /// Nobody answered in time.
    Timeout(Duration),
}

impl ConnectError {
    /// Whether the server may be up in a moment. What it says about accounts and databases stays so.
    fn may_pass(&self) -> bool {
        // Too many connections, and a shutdown.
        const PASSING: [u16; 5] = [1040, 1053, 1077, 1203, 3024];
        match self {
            Self::Timeout(_) => true,
            Self::Driver(mysql_async::Error::Io(IoError::Io(_))) => true,
            Self::Driver(mysql_async::Error::Server(server)) => PASSING.contains(&server.code),
            Self::Driver(error) => is_fatal(error),
        }
    }
}

/// What to say when no connection can be made.
pub(super) fn connect(alias: &str, address: String, error: ConnectError) -> Error {
    let check_server = || Some("is the server running, and are `host` and `port` right?".to_owned());
    let may_pass = error.may_pass();
    let (reason, hint) = match error {
        ConnectError::Timeout(limit) => {
            (format!("no answer within {} s", limit.as_secs_f32()), check_server())
        }
        ConnectError::Driver(mysql_async::Error::Server(server)) => {
            let hint = match server.code {
                1044 | 1045 | 1698 => {
                    Some("check `user` and `password` of the database in the settings".to_owned())
                }
                1049 => Some(format!("`manage createdb --database {alias}` makes it")),
                _ => None,
            };
            (said(&server), hint)
        }
        ConnectError::Driver(mysql_async::Error::Io(IoError::Io(error))) => match error.kind() {
            io::ErrorKind::ConnectionRefused => ("connection refused".to_owned(), check_server()),
            io::ErrorKind::NotFound => ("no server listens on this socket".to_owned(), check_server()),
            _ => (error.to_string(), check_server()),
        },
        ConnectError::Driver(error) => (error.to_string(), check_server()),
    };
    Error::Connect { alias: alias.to_owned(), address, reason, hint, may_pass }
}

fn said(server: &ServerError) -> String {
    format!("{} (SQLSTATE {})", server.message, server.state)
}

/// What to say when a statement fails.
pub(super) fn statement(sql: &str, error: &mysql_async::Error) -> Error {
    let (kind, code, message) = match error {
        mysql_async::Error::Server(server) => {
            (kind(server.code), Some(server.state.clone()), without_values(server.code, &server.message))
        }
        error if is_fatal(error) => {
            (StatementKind::ConnectionLost, None, "the connection was closed".to_owned())
        }
        error => (StatementKind::Other, None, error.to_string()),
    };
    Error::Statement(Box::new(StatementError { place: None, kind, code, message, sql: sql.to_owned() }))
}

/// Whether the connection is of no more use.
pub(crate) fn is_fatal(error: &mysql_async::Error) -> bool {
    matches!(
        error,
        mysql_async::Error::Io(_)
            | mysql_async::Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected)
    )
}

/// The server's words without the value that some of them quote.
fn without_values(code: u16, message: &str) -> String {
    let shorter = match code {
        1062 | 1586 => cut_out(message, " '", "' for key").or_else(|| cut_at(message, &[" '"])),
        1292 | 1366 | 1411 | 1525 => {
            cut_out(message, ": '", "' for ").or_else(|| cut_at(message, &[": '", ": \""]))
        }
        1300 => cut_at(message, &[": '"]),
        1367 => cut_out(message, " '", "' value"),
        1918 => cut_out(message, " '", "' when"),
        1231 => cut_at(message, &[" to the value of"]),
        1526 => cut_at(message, &[" for value"]),
        1690 => cut_at(message, &[" in '"]),
        _ => None,
    };
    shorter.unwrap_or_else(|| message.to_owned())
}

/// The error numbers are the same for both servers, but for CHECK and time-outs.
fn kind(code: u16) -> StatementKind {
    match code {
        1062 | 1586 => StatementKind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 => StatementKind::ForeignKeyViolation,
        1048 | 1364 | 3819 | 4025 => StatementKind::CheckViolation,
        1054 | 1146 => StatementKind::UndefinedTable,
        1213 => StatementKind::Retryable,
        1205 => StatementKind::Locked,
        1290 | 1792 | 1836 => StatementKind::ReadOnly,
        1021 | 1114 => StatementKind::DiskFull,
        1317 | 1969 | 3024 => StatementKind::Timeout,
        1044 | 1142 | 1143 | 1227 => StatementKind::Forbidden,
        1053 | 1077 | 1927 => StatementKind::ConnectionLost,
        _ => StatementKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out_of_the_servers_words_and_names_stay() {
        for (code, said, told) in [
            (1062, "Duplicate entry 'it's' for key 'x' for key 'name'", "Duplicate entry for key 'name'"),
            (
                1366,
                "Incorrect integer value: 'a' for column `d`.`t`.`c` at row 1",
                "Incorrect integer value for column `d`.`t`.`c` at row 1",
            ),
            (1292, "Truncated incorrect DOUBLE value: 'secret'", "Truncated incorrect DOUBLE value"),
            (1300, r"Invalid utf8mb4 character string: '\xFF'", "Invalid utf8mb4 character string"),
            (1526, "Table has no partition for value 42", "Table has no partition"),
            (1690, "BIGINT value is out of range in '(9 + 1)'", "BIGINT value is out of range"),
            (1406, "Data too long for column 'name' at row 1", "Data too long for column 'name' at row 1"),
            (4025, "CONSTRAINT `positive` failed for `d`.`t`", "CONSTRAINT `positive` failed for `d`.`t`"),
        ] {
            assert_eq!(without_values(code, said), told);
        }
    }
}
