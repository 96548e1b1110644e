//! Static files: a table of finished answers, held in memory.

mod content_type;

mod table;

pub use content_type::content_type;
pub use table::{Entry, Table};
