//! Migrations: files that take every database from one schema to the next.
