//! The lines that install an app, where they go, and the files with them.

mod plan;
mod span;

mod list;

mod rust;
mod settings;

pub(super) use plan::{Edit, Plan};
pub(super) use rust::in_rust;
pub(super) use settings::in_settings;
