//! What the tests stand on: folders of their own, the program itself, real databases.

mod databases;
mod program;

pub use databases::{Kind, TestDatabase, block_on};
pub use program::{Run, Workspace};

pub(crate) use databases::on_every_database;
