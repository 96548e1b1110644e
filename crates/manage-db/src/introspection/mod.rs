//! What a database holds, in its own words, and in what that differs from tables as migrations make them.

// Everything that is there.
mod live;

// Tables as they would be.
mod expected;

// What is not the same.
mod difference;

mod scratch;

mod respelled;

pub use crate::backends::base::live::{LiveColumn, LiveKey, LiveTable, Relation, Remain};
pub use difference::{Difference, Part, differences};
pub use expected::expected;
pub use live::{Live, live, view_columns};
pub use respelled::respelled;
pub use scratch::retold;
