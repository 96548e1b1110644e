//! TLS to real servers: what each mode accepts. The servers' certificate is for `localhost` alone.

use manage::conf::DatabaseSettings;
use manage::db::{Database, Row, Value, backends};

use crate::support::{Workspace, block_on};

/// Whether the connection is encrypted, or why there is none.
fn encrypted(variable: &str, host: &str, options: &[(&str, &str)]) -> Result<bool, String> {
    #[expect(clippy::disallowed_methods, reason = "scripts/test hands the addresses over")]
    let read =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: use scripts/test"));
    let mut settings = DatabaseSettings::from_url(&read(variable)).unwrap();
    settings.host = host.to_owned();
    for (name, value) in options {
        let value = if *value == "CA" { read("MANAGE_TEST_CA") } else { (*value).to_owned() };
        settings.options.insert((*name).to_owned(), value);
    }
    let root = Workspace::new();
    let backend = backends::create("default", &settings, root.path()).map_err(|error| error.to_string())?;
    let database = Database::new(backend, &settings);
    let sql = match database.dialect() {
        "postgresql" => "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        _ => "SHOW STATUS LIKE 'Ssl_cipher'",
    };
    let rows: Vec<Row> = block_on(database.query(sql, &[])).map_err(|error| error.to_string())?;
    let value = rows[0].values().last().unwrap();
    Ok(match value {
        Value::Bool(truth) => *truth,
        value => *value != Value::Text(String::new()),
    })
}

#[test]
fn postgresql_has_the_modes_of_libpq() {
    let encrypted = |host, options| encrypted("MANAGE_TEST_POSTGRESQL_URL", host, options);
    assert_eq!(encrypted("127.0.0.1", &[("sslmode", "disable")]), Ok(false));
    assert_eq!(encrypted("127.0.0.1", &[("sslmode", "prefer")]), Ok(true));
    assert_eq!(encrypted("127.0.0.1", &[("sslmode", "require")]), Ok(true));
    assert_eq!(encrypted("127.0.0.1", &[("sslmode", "verify-ca"), ("sslrootcert", "CA")]), Ok(true));
    assert_eq!(encrypted("localhost", &[("sslmode", "verify-full"), ("sslrootcert", "CA")]), Ok(true));
    let wrong_name =
        encrypted("127.0.0.1", &[("sslmode", "verify-full"), ("sslrootcert", "CA")]).unwrap_err();
    assert!(wrong_name.contains("certificate"), "{wrong_name}");
    let unknown_issuer = encrypted("localhost", &[("sslmode", "verify-full")]).unwrap_err();
    assert!(unknown_issuer.contains("certificate"), "{unknown_issuer}");
    let no_file =
        encrypted("localhost", &[("sslmode", "verify-full"), ("sslrootcert", "/no/ca.pem")]).unwrap_err();
    assert!(no_file.contains("the root certificate /no/ca.pem cannot be read"), "{no_file}");
    let unknown = encrypted("localhost", &[("sslmode", "verify")]).unwrap_err();
    assert_eq!(
        unknown,
        "database `default`: unknown sslmode `verify`; known: disable, prefer, require, verify-ca, verify-full"
    );
}

#[test]
fn mariadb_has_the_modes_of_its_client() {
    let encrypted = |host, options| encrypted("MANAGE_TEST_MYSQL_URL", host, options);
    assert_eq!(encrypted("127.0.0.1", &[("ssl_mode", "disabled")]), Ok(false));
    assert_eq!(encrypted("127.0.0.1", &[("ssl_mode", "required")]), Ok(true));
    assert_eq!(encrypted("localhost", &[("ssl_mode", "verify_identity"), ("ssl_ca", "CA")]), Ok(true));
    let wrong_name =
        encrypted("127.0.0.1", &[("ssl_mode", "verify_identity"), ("ssl_ca", "CA")]).unwrap_err();
    assert!(wrong_name.contains("certificate"), "{wrong_name}");
    let unknown_issuer = encrypted("localhost", &[("ssl_mode", "verify_identity")]).unwrap_err();
    assert!(unknown_issuer.contains("certificate"), "{unknown_issuer}");
    assert!(encrypted("localhost", &[("ssl_mode", "on")]).is_err());
}
