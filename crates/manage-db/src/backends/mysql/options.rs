//! The clients' options, with underscores, and what they make of a session.

use std::path::Path;

use mysql_async::{ClientIdentity, SslOpts};

use crate::backends::base::Options;
use crate::error::Result;
use crate::settings::DatabaseSettings;

/// Those that are read.
pub(crate) const KNOWN: [&str; 9] = [
    "charset",
    "collation",
    "connect_timeout",
    "init_command",
    "isolation_level",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_mode",
];

#[derive(Clone, Copy)]
enum Mode {
    Disabled,
    Required,
    VerifyIdentity,
}

/// The client's `--ssl-mode`; the driver cannot check the chain without the name (`verify_ca`).
///
/// # Errors
/// When the mode is unknown, or a certificate has no key.
pub(super) fn security(options: &Options<'_>, root: &Path) -> Result<Option<SslOpts>> {
    let file = |name: &str| options.text(name).map(|file| root.join(file));
    let identity = match (file("ssl_cert"), file("ssl_key")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(ClientIdentity::new(certificate.into(), key.into())),
        _ => return Err(options.wrong("`ssl_cert` and `ssl_key` belong together".to_owned())),
    };
    let modes = [
        ("disabled", Mode::Disabled),
        ("required", Mode::Required),
        ("verify_identity", Mode::VerifyIdentity),
    ];
    let trusting = SslOpts::default().with_client_identity(identity);
    Ok(match options.choice("ssl_mode", &modes)?.unwrap_or(Mode::Disabled) {
        Mode::Disabled => None,
        Mode::Required => {
            Some(trusting.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true))
        }
        Mode::VerifyIdentity => Some(match file("ssl_ca") {
            Some(file) => trusting.with_root_certs(vec![file.into()]).with_disable_built_in_roots(true),
            None => trusting,
        }),
    })
}

/// Statements that make every session the same, whatever the server's defaults are; the database's own come last.
///
/// # Errors
/// When text would not be UTF-8, or a word is none of the server's.
pub(super) fn session(options: &Options<'_>, settings: &DatabaseSettings) -> Result<Vec<String>> {
    options.choice("charset", &[("utf8mb4", ())])?;
    let names = match options.text("collation") {
        None => "NAMES utf8mb4".to_owned(),
        Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            format!("NAMES utf8mb4 COLLATE {name}")
        }
        Some(_) => return Err(options.wrong("option `collation`: expected the name of one".to_owned())),
    };
    let mut assignments = vec![
        names,
        "time_zone = '+00:00'".to_owned(),
        "sql_mode = 'ANSI_QUOTES,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
            .to_owned(),
    ];
    if let Some(seconds) = settings.lock_timeout {
        let seconds = seconds.as_secs_f64().ceil().max(1.0);
        assignments.push(format!("innodb_lock_wait_timeout = {seconds}"));
        assignments.push(format!("lock_wait_timeout = {seconds}"));
    }
    let levels = ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];
    let level = options.choice("isolation_level", &levels.map(|level| (level, level)))?;
    let mut statements = vec![
        format!("SET {}", assignments.join(", ")),
        format!("SET SESSION TRANSACTION ISOLATION LEVEL {}", level.unwrap_or("READ COMMITTED")),
    ];
    statements.extend(options.text("init_command").map(str::to_owned));
    Ok(statements)
}
