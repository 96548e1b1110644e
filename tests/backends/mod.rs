//! The data layer on real servers: every case runs on SQLite, PostgreSQL and MariaDB under the same name.

mod alterations;
mod amendments;
mod corpus;
mod databases;
mod faults;
mod filling;
mod fixtures;
mod histories;
mod homes;
mod imports;
mod inspection;
mod limits;
mod lint;
mod migrations;
mod models;
mod options;
mod pooler;
mod preflight;
mod queries;
mod reversals;
mod running;
mod scripts;
mod squashes;
mod statements;
mod tls;
mod transactions;
