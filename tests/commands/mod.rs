//! The commands, one file each: whole outputs compared.

mod dbshell;
mod diffsettings;
mod version;
