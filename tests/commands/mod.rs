//! The commands, one file each: whole outputs compared.

mod check;
mod completions;
mod createsuperuser;
mod databases;
mod dbshell;
mod diffsettings;
mod dumpdata;
mod dumpmodels;
mod flush;
mod golden;
mod help;
mod jsonschema;
mod loaddata;
mod makemigrations;
mod man;
mod migrate;
mod migration_files;
mod places;
mod showmigrations;
mod sqlmigrate;
mod starting;
mod terminal;
mod version;
