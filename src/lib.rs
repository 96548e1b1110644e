//! Wayfarer, a blog of slow journeys: a site on the framework [`manage`].

pub mod blog;

mod apps;

pub use apps::program;
