//! What the tests stand on: folders of their own, the program itself, real databases.

mod databases;
mod gate;
mod handler;
mod program;
mod schema;
mod server;

pub use databases::{Kind, TestDatabase, block_on};
pub use gate::Gate;
pub use handler::{Reply, SmallSite};
pub use program::{MANAGE, Run, Workspace};
pub use schema::schema;
pub use server::{PASSWORD, Server, eventually};

pub(crate) use databases::on_every_database;
