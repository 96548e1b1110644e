//! The commands that need no app: one file each, named as what people type.

mod dbshell;
mod diffsettings;
mod version;

use super::base::Command;

/// All of them, in the order of help.
pub const COMMANDS: &[Command] = &[
    Command::of::<dbshell::DbShell>(),
    Command::of::<diffsettings::DiffSettings>(),
    Command::of::<version::Version>(),
];
