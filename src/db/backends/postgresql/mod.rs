//! x
pub use super::sqlite::Sqlite as Postgresql;
