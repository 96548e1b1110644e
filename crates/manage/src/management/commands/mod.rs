//! The commands that need no app: one file each, named as what people type.

pub(crate) mod cert;
mod check;
mod checkdrift;
mod completions;
mod createdb;
mod dbshell;
mod dev;
mod diffsettings;
mod dropdb;
mod dumpdata;
mod dumpmodels;
mod flush;
mod inspectdb;
mod jsonschema;
mod lintmigrations;
mod loaddata;
mod makemigrations;
mod man;
mod migrate;
mod optimizemigration;
mod rebasemigration;
mod serve;
mod showmigrations;
mod showurls;
mod sqlflush;
mod sqlmigrate;
mod sqlsequencereset;
mod squashmigrations;
mod startapp;
mod startproject;
mod status;
mod version;

use super::base::Command;

/// All of them, in the order of help.
pub(crate) const COMMANDS: &[Command] = &[
    Command::of::<makemigrations::MakeMigrations>(),
    Command::of::<migrate::Migrate>(),
    Command::of::<showmigrations::ShowMigrations>(),
    Command::of::<sqlmigrate::SqlMigrate>(),
    Command::of::<squashmigrations::SquashMigrations>(),
    Command::of::<optimizemigration::OptimizeMigration>(),
    Command::of::<rebasemigration::RebaseMigration>(),
    Command::of::<lintmigrations::LintMigrations>(),
    Command::of::<checkdrift::CheckDrift>(),
    Command::of::<dumpmodels::DumpModels>(),
    Command::of::<createdb::CreateDb>(),
    Command::of::<dropdb::DropDb>(),
    Command::of::<inspectdb::InspectDb>(),
    Command::of::<dumpdata::DumpData>(),
    Command::of::<loaddata::LoadData>(),
    Command::of::<flush::Flush>(),
    Command::of::<sqlflush::SqlFlush>(),
    Command::of::<sqlsequencereset::SqlSequenceReset>(),
    Command::of::<dbshell::DbShell>(),
    Command::of::<cert::Cert>(),
    Command::of::<dev::Dev>(),
    Command::of::<serve::Serve>(),
    Command::of::<status::Status>(),
    Command::of::<startproject::StartProject>(),
    Command::of::<startapp::StartApp>(),
    Command::of::<check::Check>(),
    Command::of::<diffsettings::DiffSettings>(),
    Command::of::<showurls::ShowUrls>(),
    Command::of::<jsonschema::JsonSchema>(),
    Command::of::<completions::Completions>(),
    Command::of::<man::Man>(),
    Command::of::<version::Version>(),
];
