//! x
pub use super::sqlite::Sqlite as Mysql;
