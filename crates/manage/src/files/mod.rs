//! The project's own files: those on disk under its root, over those in the binary.

mod embedded;

mod project;

pub use embedded::{Embedded, Folder};
pub use project::{File, ProjectFiles};
#[doc(hidden)]
pub use rust_embed;
