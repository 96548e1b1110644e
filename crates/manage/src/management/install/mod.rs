//! The lines that install an app, where they go, and the files with them.

mod plan;
mod span;

mod list;

mod rust;
mod settings;

pub use plan::{Edit, Plan};
pub use rust::in_rust;
pub use settings::in_settings;
