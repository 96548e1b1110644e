//! Addresses with names: which view answers, and how a view's address is made.

mod names;

mod site;

mod route;

pub use names::Names;
pub use route::{Route, router};
pub use site::{Extend, Site, template_parts};
