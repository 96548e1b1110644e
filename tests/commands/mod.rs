//! The commands, one file each: whole outputs compared.

mod branches;
mod check;
mod completions;
mod createsuperuser;
mod databases;
mod dbshell;
mod declared;
mod diffsettings;
mod dumpdata;
mod flush;
mod golden;
mod help;
mod inspectdb;
mod jsonschema;
mod loaddata;
mod makemigrations;
mod man;
mod migrate;
mod migration_files;
mod places;
mod showmigrations;
mod sqlmigrate;
mod squashmigrations;
mod starting;
mod terminal;
mod version;
