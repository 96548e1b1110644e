//! The command line: commands, their output and their errors.

mod error;
mod output;

mod files;
mod foreign;
mod github;
mod names;
mod signals;

mod install;
mod skeleton;

mod base;
mod databases;
mod runtime;

mod applied;
mod scratch;

mod proof;

mod apps;
mod fixtures;
mod schemas;

mod prompt;

mod new_migrations;

mod parser;

mod completion;

// What the commands look for and do.
pub(crate) mod checks;

pub(crate) mod serving;

pub(crate) mod commands;

mod dispatch;

pub use base::{
    AppConfig, BaseCommand, Check, Command, FirstContent, GlobalArgs, Group, Installed, Manage,
    holds_databases,
};
#[doc(hidden)]
pub use clap;
pub use clap::Args;
pub(crate) use dispatch::{execute_as_mkcert, execute_from_command_line};
pub use error::{CommandError, CommandResult, ErrorKind};
pub use output::{ColorChoice, Format, Output, Style};
pub use prompt::Prompt;
pub use runtime::{block_on, wait};
pub use signals::{PostMigrate, PreMigrate};
