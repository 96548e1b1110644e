//! Static files: a table of finished answers, held in memory.

mod content_type;

mod table;

pub(crate) use content_type::content_type;
pub(crate) use table::Table;
