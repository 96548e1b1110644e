//! The app's commands.

mod content;

mod demo;
mod generated;

mod load;

mod seed;

pub(super) use seed::Seed;
